"""Replaces parts of a block's text and moves its markup along. Must not know who edits, or why."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from storage.records import Block, Markup, MarkupKind
from tasks.ingest.events import TracedBlock
from tasks.ingest.html.places import ABSENT


@dataclass(frozen=True)
class Edit:
    """Characters `[start, end)` of a block's text give way to `text`."""

    start: int
    end: int
    text: str = ""


def apply_edits(block: Block, edits: Iterable[Edit]) -> Block:
    """Makes the edits in a block's text and moves its markup along.

    Args:
        block: its whitespace is tidied at the edges of edits: no two spaces, none at the ends.
        edits: in order, none overlapping another.

    Returns:
        The block. Markup keeps to its characters; of markup that lost all of them only pauses remain.
    """
    # 1. Copy the text between the edits and note where each character went.
    text: list[str] = []
    place: list[int] = []  # in the new text, of every character of the old one and of its end
    at = 0
    behind_edit = True
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
        at = edit.end
        behind_edit = True
    # 2. Cut whitespace off the end, and keep every place inside of the text.
    kept_text = "".join(text).rstrip()
    place = [min(new, len(kept_text)) for new in (*place, len(text))]
    # 3. Move the markup, and drop what lost all of its characters; a pause has none.
    markup = [replace(note, start=place[note.start], end=place[note.end]) for note in block.markup]
    kept = tuple(note for note in markup if note.start < note.end or note.kind == MarkupKind.PAUSE)
    if not isinstance(block, TracedBlock):
        return replace(block, text=kept_text, markup=kept)
    return replace(block, text=kept_text, markup=kept, origins=_moved(block, place, kept_text))


def _moved(block: TracedBlock, place: Sequence[int], text: str) -> Sequence[int]:
    """Moves the origins of a block's characters to where those went; a replacement begins where the replaced did."""
    origins = array("i", [ABSENT]) * len(text)
    for character, new, origin in zip(block.text, place, block.origins, strict=False):
        is_shown = new < len(text) and not text[new].isspace()
        if is_shown and (text[new] == character or origins[new] == ABSENT):
            origins[new] = origin
    return origins


def with_markup(block: Block, notes: Iterable[Markup]) -> Block:
    """Adds markup to a block and sorts it by place: the longer first where two begin together."""
    every = sorted((*block.markup, *notes), key=lambda note: (note.start, -note.end))
    return replace(block, markup=tuple(every))
