"""Says who reads a stretch of text, where voices and directions lie inside one another: the innermost of each holds.

Must not know which voices there are, nor who put them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from storage.records import Block, Book, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.voices.references import parse_reference

_READING = frozenset({MarkupKind.VOICE, MarkupKind.DIRECTION})


def apply_directions(book: Book, narrator: str) -> Book:
    """Returns the book with every direction of its markup made part of the voice that reads there.

    A direction in the text comes before the standing one of a character. `narrator` is the voice that reads where no
    other is named.
    """
    chapters = tuple(
        replace(chapter, blocks=tuple(_directed(block, narrator) for block in chapter.blocks))
        for chapter in book.chapters
    )
    return replace(book, chapters=chapters)


def value_between(notes: Iterable[Markup], start: int, end: int) -> str:
    """Returns the value of the innermost of the notes around `[start, end)`, or "" where there is none."""
    around = [note for note in notes if note.start <= start and end <= note.end]
    return min(around, key=lambda note: note.end - note.start).value if around else ""


def _directed(block: Block, narrator: str) -> Block:
    """Puts directed voices in place of a block's voices and directions."""
    if not any(note.kind == MarkupKind.DIRECTION for note in block.markup):
        return block
    others = tuple(note for note in block.markup if note.kind not in _READING)
    reading = [note for note in block.markup if note.kind in _READING]
    return with_markup(replace(block, markup=others), _voices(reading, narrator))


def _voices(reading: Sequence[Markup], narrator: str) -> Iterator[Markup]:
    """Makes a note of each stretch that one voice reads in one mood."""
    voices = [note for note in reading if note.kind == MarkupKind.VOICE]
    directions = [note for note in reading if note.kind == MarkupKind.DIRECTION]
    for start, end in pairwise(sorted({edge for note in reading for edge in (note.start, note.end)})):
        voice = value_between(voices, start, end)
        direction = value_between(directions, start, end)
        if direction:
            voice = str(parse_reference(voice or narrator).directed(direction))
        if voice:
            yield Markup(start, end, MarkupKind.VOICE, voice)
