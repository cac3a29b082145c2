"""Reads bracket markup in any book's text, `[[pause 1.5]]`, `[[voice Tom]]...[[/voice]]`, into markup and skips.

The forms are described in docs/markup.md. Must not know files; attributes in HTML are `tasks/ingest/html/hints.py`'s.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from storage.records import Block, Book, Chapter, Markup, MarkupKind, Skip
from tasks.annotate.edits import Edit, apply_edits, with_markup
from tasks.annotate.vocabulary import ALPHABETS, markup_problem, pause_problem
from tasks.errors import BadInputError
from tasks.ingest.skips import SkipRule
from tasks.patterns import regexp

_MARKER = regexp(r"\[\[(?P<close>/?)(?P<name>[a-z][a-z-]*)(?:\s+(?P<value>[^\[\]]*?))?\s*\]\]")
_UNFINISHED = regexp(r"\[\[/?(?:pause|skip|voice|direct|say|say-as|spell|ipa|x-sampa|arpabet|lang)\b")
_NAMES = ("pause", "skip", "voice", "direct", "say", "say-as", "spell", *ALPHABETS, "lang")
_WITHOUT_VALUE = frozenset({"skip", "spell"})
_ACROSS_BLOCKS = frozenset({"skip", "voice", "direct", "lang"})


@dataclass(frozen=True)
class _Marker:
    """One `[[...]]` of a text."""

    start: int
    end: int
    name: str
    value: str
    closes: bool

    @property
    def written(self) -> str:
        slash = "/" if self.closes else ""
        value = f" {self.value}" if self.value else ""
        return f"[[{slash}{self.name}{value}]]"


class _Mistake(Exception):
    """A mistake in the markup, with its place in the text."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place = place


def check_text(text: str, name: str) -> None:
    """Raises `BadInputError` for the first mistake in a text file's markup, naming its line."""
    opened: list[_Marker] = []
    try:
        for marker in _markers(text):
            _follow(marker, opened)
            if marker.name not in _ACROSS_BLOCKS and opened and opened[-1] is marker:
                blank = re.compile(r"\n[ \t]*\n").search(text, marker.end)
                closing = text.find(f"[[/{marker.name}", marker.end)
                if closing < 0 or (blank and blank.start() < closing):
                    raise _Mistake(marker.start, f"{marker.written} is not closed in its paragraph")
        if opened:
            raise _Mistake(opened[-1].start, f"{opened[-1].written} is never closed: write [[/{opened[-1].name}]]")
    except _Mistake as mistake:
        line = text.count("\n", 0, mistake.place) + 1
        raise BadInputError(f"{name}, line {line}: {mistake}") from mistake


def apply_markup(book: Book) -> Book:
    """Moves bracket markup into `Block.markup`; the markers, and text between [[skip]] and [[/skip]], become skips.

    Raises:
        BadInputError: an unknown or misspelt marker, a bad value, one that is not closed or was never opened. `[[`
            before anything that does not look like one of ours is text.
    """
    if not any("[[" in block.text for chapter in book.chapters for block in chapter.blocks):
        return book
    skips: list[Skip] = []
    chapters = tuple(_ChapterReader(chapter, skips).read() for chapter in book.chapters)
    return replace(book, chapters=chapters, skipped=(*book.skipped, *skips))


@dataclass
class _ChapterReader:
    """The state of reading one chapter: what is open goes on in the next block, but not in the next chapter."""

    chapter: Chapter
    skips: list[Skip]
    opened: list[_Marker] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    waiting: list[Markup] = field(default_factory=list)  # pauses that stand alone before the first block

    def read(self) -> Chapter:
        for block in self.chapter.blocks:
            if "[[" in block.text or self.opened:
                self._block(block)
            else:
                self.blocks.append(self._with_waiting(block))
        if self.opened:
            marker = self.opened[-1]
            raise BadInputError(
                f"chapter {self.chapter.index + 1} ({self.chapter.title}): {marker.written} is never closed: "
                f"write [[/{marker.name}]]"
            )
        return replace(self.chapter, title=_title(self.chapter.title), blocks=tuple(self.blocks))

    def _block(self, block: Block) -> None:
        """Reads the markers of one block."""
        edits: list[Edit] = []
        notes: list[Markup] = []
        begun = {id(marker): 0 for marker in self.opened}
        at = 0
        try:
            # 1. Take each marker out; where it closes another, what lies between them is marked.
            for marker in _markers(block.text):
                self._text(block, at, marker.start, edits)
                self.skips.append(
                    Skip(block.text[marker.start : marker.end], SkipRule.MARKUP, self.chapter.index, block.source)
                )
                edits.append(Edit(marker.start, marker.end))
                at = marker.end
                opener = _follow(marker, self.opened)
                if marker.name == "pause":
                    notes.append(Markup(marker.end, marker.end, MarkupKind.PAUSE, marker.value))
                elif opener is not None:
                    notes += _note(opener, block.text, begun[id(opener)], marker.start)
                else:
                    begun[id(marker)] = marker.end
            self._text(block, at, len(block.text), edits)
            # 2. What is open still is marked to the end of the block, and goes on in the next one if it may.
            for marker in self.opened:
                if marker.name not in _ACROSS_BLOCKS:
                    raise _Mistake(marker.start, f"{marker.written} is not closed in its paragraph")
                notes += _note(marker, block.text, begun[id(marker)], len(block.text))
        except _Mistake as mistake:
            near = " ".join(block.text[max(0, mistake.place - 20) : mistake.place + 40].split())
            raise BadInputError(f"{block.source}, near {near!r}: {mistake}") from mistake
        self._keep(apply_edits(with_markup(block, notes), edits))

    def _text(self, block: Block, start: int, end: int, edits: list[Edit]) -> None:
        """Leaves out the text between two markers where a skip is open."""
        text = block.text[start:end]
        if text.strip() and any(marker.name == "skip" for marker in self.opened):
            self.skips.append(Skip(text.strip(), SkipRule.MARKUP_SKIP, self.chapter.index, block.source))
            edits.append(Edit(start, end))

    def _keep(self, block: Block) -> None:
        """Adds a block; the pauses of an emptied one go to its neighbour."""
        if block.text:
            self.blocks.append(self._with_waiting(block))
        else:
            self._pauses([note for note in block.markup if note.kind == MarkupKind.PAUSE])

    def _with_waiting(self, block: Block) -> Block:
        if not self.waiting or not block.text:
            return block
        waiting = self.waiting
        self.waiting = []
        return with_markup(block, waiting)

    def _pauses(self, pauses: list[Markup]) -> None:
        if not self.blocks:
            self.waiting += [replace(note, start=0, end=0) for note in pauses]
            return
        end = len(self.blocks[-1].text)
        self.blocks[-1] = with_markup(self.blocks[-1], [replace(note, start=end, end=end) for note in pauses])


def _markers(text: str) -> Iterator[_Marker]:
    """Finds the markers of a text. Raises `_Mistake` for one that looks like ours and is misspelt."""
    for match in re.finditer(r"\[\[", text):
        marker = _MARKER.match(text, match.start())
        if marker is None:
            if _UNFINISHED.match(text, match.start()):
                raise _Mistake(match.start(), "a marker must end with ]] and hold no brackets")
            continue
        name = marker["name"]
        value = " ".join((marker["value"] or "").split())
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.75)
            if near or marker["close"]:
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_NAMES)}"
                raise _Mistake(match.start(), f"there is no marker [[{name}]]: {hint}")
            continue
        yield _Marker(marker.start(), marker.end(), name, value, bool(marker["close"]))


def _follow(marker: _Marker, opened: list[_Marker]) -> _Marker | None:
    """Checks a marker and keeps the list of open ones. Returns the marker that this one closes, or `None`."""
    if marker.closes:
        if not opened or opened[-1].name != marker.name:
            inner = f": close {opened[-1].written} first" if opened else " and nothing is open"
            raise _Mistake(marker.start, f"{marker.written} closes nothing{inner}")
        return opened.pop()
    if problem := _value_problem(marker):
        raise _Mistake(marker.start, f"{marker.written}: {problem}")
    if marker.name != "pause":
        opened.append(marker)
    return None


def _value_problem(marker: _Marker) -> str:
    """Says what is wrong with a marker's value; "" if nothing is."""
    if marker.name in _WITHOUT_VALUE:
        return "it takes no value" if marker.value else ""
    if not marker.value:
        return "a value is missing"
    return pause_problem(marker.value) if marker.name == "pause" else ""


def _phonemes(alphabet: str, value: str) -> tuple[MarkupKind, str]:
    return MarkupKind.PHONEMES, f"{alphabet}:{value}"


_KINDS: dict[str, Callable[[str], tuple[MarkupKind, str]]] = {
    "voice": lambda value: (MarkupKind.VOICE, value),
    "direct": lambda value: (MarkupKind.DIRECTION, value),
    "lang": lambda value: (MarkupKind.LANGUAGE, value),
    "say": lambda value: (MarkupKind.RESPELL, value),
    "say-as": lambda value: (MarkupKind.SAY_AS, value),
    "spell": lambda value: (MarkupKind.SAY_AS, "characters"),
    **{name: partial(_phonemes, name) for name in ALPHABETS},
}


def _note(opener: _Marker, text: str, start: int, end: int) -> list[Markup]:
    """Makes the markup of what lies between a marker and its end, if that is any text. Raises `_Mistake`."""
    inside = _MARKER.sub("", text[start:end])
    if opener.name == "skip" or not inside.strip():
        return []
    kind, value = _KINDS[opener.name](opener.value)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    note = Markup(start, start + len(text[start:end].rstrip()), kind, value)
    if problem := markup_problem(inside.strip(), note):
        raise _Mistake(opener.start, f"{opener.written}: {problem}")
    return [note]


def _title(title: str) -> str:
    return " ".join(_MARKER.sub(lambda match: "" if match["name"] in _NAMES else match[0], title).split())
