"""Taking text out of blocks and putting other text in, with markup kept in step. Must not know who edits, or why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storage.records import Block, Markup, MarkupKind


@dataclass(frozen=True)
class Edit:
    """Characters `[start, end)` of a block's text give way to `text`."""

    start: int
    end: int
    text: str = ""


def edited(block: Block, edits: Iterable[Edit]) -> Block:
    """The block with its edits made.

    Args:
        block: its whitespace is tidied at the edges of edits: no two spaces, none at the ends.
        edits: in order, none overlapping another.

    Returns:
        The block. Markup keeps to its characters; of markup that lost all of them only pauses remain.
    """
    text: list[str] = []
    place: list[int] = []  # in the new text, of every character of the old one and of its end
    at, behind_edit = 0, True
    for edit in (*edits, Edit(len(block.text), len(block.text))):
        for character in block.text[at : edit.start]:
            place.append(len(text))
            if behind_edit and character.isspace() and (not text or text[-1].isspace()):
                text[-1:] = ["\n"] if text and "\n" in (text[-1], character) else text[-1:]
                continue
            text.append(character)
            behind_edit = False
        place += [len(text)] * (edit.end - edit.start)
        text += edit.text
        at, behind_edit = edit.end, True
    kept_text = "".join(text).rstrip()
    place = [min(new, len(kept_text)) for new in (*place, len(text))]
    markup = [replace(note, start=place[note.start], end=place[note.end]) for note in block.markup]
    kept = tuple(note for note in markup if note.start < note.end or note.kind == MarkupKind.PAUSE)
    return replace(block, text=kept_text, markup=kept)


def with_markup(block: Block, notes: Iterable[Markup]) -> Block:
    """The block with further markup, all of it in order: the longer first where two begin together."""
    every = sorted((*block.markup, *notes), key=lambda note: (note.start, -note.end))
    return replace(block, markup=tuple(every))
