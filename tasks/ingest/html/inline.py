"""Gathers the text of one block: collapses whitespace, keeps the places of markup in step. Must not know elements."""

from __future__ import annotations

import unicodedata
from array import array
from dataclasses import dataclass

from storage.records import Markup, MarkupKind
from tasks.ingest.html.places import ABSENT, Places, collapsed, recomposed

# The Latin ligatures that are one letter shape for two or three letters: dictionaries know only the letters.
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# Markup of every word in a stretch goes on in the next block; a pronunciation is that of the stretch as a whole.
_SPLITTABLE = frozenset({MarkupKind.LANGUAGE, MarkupKind.VOICE, MarkupKind.DIRECTION, MarkupKind.SAY_AS})


@dataclass(eq=False)
class Span:
    """A stretch of markup that is still open. `start` is `None` until its first character has come."""

    kind: MarkupKind
    value: str
    start: int | None = None
    broken: bool = False  # a block ended inside of it


class InlineText:
    """The text of one block at a time. Spaces and line breaks are owed until a character comes after them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._places: list[int] = []  # of the parts' characters in their document, as far as they are known
        self._length = 0
        self._owed = ""
        self._open: list[Span] = []
        self._markup: list[Markup] = []

    def add(self, text: str, places: Places = (), *, keep_lines: bool = False) -> None:
        """Adds text as it stands in the source, its places if they are known. With `keep_lines` it keeps its lines."""
        if keep_lines and "\n" in text:
            end = text.index("\n")
            self.add(text[:end], places[:end])
            self.line_break()
            self.add(text[end + 1 :], places[end + 1 :], keep_lines=True)
            return
        words = " ".join(text.split())
        if not words:
            self._owe(" " if text else "")
            return
        if text[0].isspace():
            self._owe(" ")
        composed = unicodedata.normalize("NFC", words.translate(LIGATURES))
        if places:
            self._append(composed, recomposed(words, collapsed(text, words, places), composed))
        else:
            self._append(composed)
        if text[-1].isspace():
            self._owe(" ")

    def line_break(self) -> None:
        """Begins a new line before the next character."""
        self._owed = "\n"

    def space(self) -> None:
        """Begins a new word with the next character."""
        self._owe(" ")

    def word_before(self) -> str:
        """Returns the last characters up to a space, at most 40; "" when a space or nothing came last."""
        if self._owed or not self._parts:
            return ""
        return "".join(self._parts[-8:])[-40:].replace("\n", " ").rsplit(" ", 1)[-1]

    def open(self, kind: MarkupKind, value: str) -> Span:
        """Opens markup for all text that is added until `close`."""
        span = Span(kind, value)
        self._open.append(span)
        return span

    def close(self, span: Span) -> None:
        """Ends a stretch. One without text leaves nothing behind, except for a pause, which is a place."""
        self._open.remove(span)
        start = self._length if span.start is None else span.start
        if span.kind == MarkupKind.PAUSE:
            self._markup.append(Markup(self._length, self._length, span.kind, span.value))
        elif start < self._length and not (span.broken and span.kind not in _SPLITTABLE):
            self._markup.append(Markup(start, self._length, span.kind, span.value))

    def take(self) -> tuple[str, tuple[Markup, ...], Places]:
        """Takes out the text gathered so far, without space around it; then starts afresh.

        Returns the text, its markup in order, and the places of its characters, empty where none is known.
        """
        for span in self._open:
            if span.start is not None:
                if span.kind in _SPLITTABLE:
                    self._markup.append(Markup(span.start, self._length, span.kind, span.value))
                span.start = None
                span.broken = True
        text = "".join(self._parts)
        markup = self._markup
        places: Places = [*self._places, *[ABSENT] * (self._length - len(self._places))] if self._places else ()
        self._parts = []
        self._places = []
        self._length = 0
        self._owed = ""
        self._markup = []
        if not unicodedata.is_normalized("NFC", text):  # a letter and its accent came from two elements
            composed, markup = _compose(text, markup)
            places = recomposed(text, places, composed) if places else ()
            text = composed
        return text, tuple(sorted(markup, key=lambda note: (note.start, -note.end))), array("i", places)

    def _owe(self, gap: str) -> None:
        """Keeps a gap until a character comes after it; a line break outlasts a space."""
        self._owed = self._owed or gap

    def _append(self, words: str, places: Places = ()) -> None:
        """Adds words behind the gap that is owed, and starts the stretches that wait for their first character."""
        if self._owed and self._length:
            self._parts.append(self._owed)
            self._length += 1
        self._owed = ""
        for span in self._open:
            if span.start is None:
                span.start = self._length
        if places:
            self._places += [ABSENT] * (self._length - len(self._places))
            self._places += places
        self._parts.append(words)
        self._length += len(words)


def _compose(text: str, markup: list[Markup]) -> tuple[str, list[Markup]]:
    """Puts text into NFC and moves its markup along."""

    def moved(offset: int) -> int:
        return len(unicodedata.normalize("NFC", text[:offset]))

    notes = [Markup(moved(note.start), moved(note.end), note.kind, note.value) for note in markup]
    return unicodedata.normalize("NFC", text), notes
