"""Gathers the text of one block: whitespace collapsed, stretches with markup kept in step. Must not know elements."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from storage.records import Markup, MarkupKind

# The Latin ligatures that are one letter shape for two or three letters: dictionaries know only the letters.
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# What a stretch says of all its words goes on in the next block; how a stretch is pronounced is said of it as a whole.
_SPLITTABLE = frozenset({MarkupKind.LANGUAGE, MarkupKind.VOICE, MarkupKind.SAY_AS})


@dataclass(eq=False)
class Span:
    """An open stretch of markup. `start` is `None` until its first character has come."""

    kind: MarkupKind
    value: str
    start: int | None = None
    broken: bool = False  # a block ended inside of it


class InlineText:
    """The text of one block at a time. Spaces and line breaks are owed until a character comes after them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._owed = ""
        self._open: list[Span] = []
        self._markup: list[Markup] = []

    def add(self, text: str, *, keep_lines: bool = False) -> None:
        """Adds text as it stands in the source. With `keep_lines` its line ends are the author's."""
        if keep_lines and "\n" in text:
            first, *rest = text.split("\n")
            self.add(first)
            for line in rest:
                self.line_break()
                self.add(line)
            return
        words = " ".join(text.split())
        if not words:
            self._owe(" " if text else "")
            return
        if text[0].isspace():
            self._owe(" ")
        self._append(unicodedata.normalize("NFC", words.translate(LIGATURES)))
        if text[-1].isspace():
            self._owe(" ")

    def line_break(self) -> None:
        """What follows stands on a new line."""
        self._owed = "\n"

    def space(self) -> None:
        """What follows is a word of its own."""
        self._owe(" ")

    def word_before(self) -> str:
        """The last characters up to a space, "" when a space or nothing came last. At most 40 characters."""
        if self._owed or not self._parts:
            return ""
        return "".join(self._parts[-8:])[-40:].replace("\n", " ").rsplit(" ", 1)[-1]

    def open(self, kind: MarkupKind, value: str) -> Span:
        """Markup for all that is added until it is closed."""
        span = Span(kind, value)
        self._open.append(span)
        return span

    def close(self, span: Span) -> None:
        """Ends a stretch. Nothing remains of one without text, except for a pause: that is a place."""
        self._open.remove(span)
        start = self._length if span.start is None else span.start
        if span.kind == MarkupKind.PAUSE:
            self._markup.append(Markup(self._length, self._length, span.kind, span.value))
        elif start < self._length and not (span.broken and span.kind not in _SPLITTABLE):
            self._markup.append(Markup(start, self._length, span.kind, span.value))

    def take(self) -> tuple[str, tuple[Markup, ...]]:
        """The text gathered so far, without space around it, and its markup in order; then starts afresh."""
        for span in self._open:
            if span.start is not None:
                if span.kind in _SPLITTABLE:
                    self._markup.append(Markup(span.start, self._length, span.kind, span.value))
                span.start, span.broken = None, True
        text, markup = "".join(self._parts), self._markup
        self._parts, self._length, self._owed, self._markup = [], 0, "", []
        if not unicodedata.is_normalized("NFC", text):  # a letter and its accent came from two elements
            text, markup = _compose(text, markup)
        return text, tuple(sorted(markup, key=lambda note: (note.start, -note.end)))

    def _owe(self, gap: str) -> None:
        self._owed = self._owed or gap

    def _append(self, words: str) -> None:
        if self._owed and self._length:
            self._parts.append(self._owed)
            self._length += 1
        self._owed = ""
        for span in self._open:
            if span.start is None:
                span.start = self._length
        self._parts.append(words)
        self._length += len(words)


def _compose(text: str, markup: list[Markup]) -> tuple[str, list[Markup]]:
    def moved(offset: int) -> int:
        return len(unicodedata.normalize("NFC", text[:offset]))

    notes = [Markup(moved(note.start), moved(note.end), note.kind, note.value) for note in markup]
    return unicodedata.normalize("NFC", text), notes
