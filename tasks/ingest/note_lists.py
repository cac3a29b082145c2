"""Finds the list of notes that stands behind a text, where nothing links it: under "Notes", or under a rule.

Such a list is believed only where the text has marks of the same numbers, letters or signs. Must not know formats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.records import Block, BlockKind
from tasks.ingest.front_pages import is_notes_title
from tasks.ingest.note_marks import PLAIN

# "12. See Low", "[12] See Low", "* See Low"; a letter needs a stop or bracket: "a king" begins a sentence.
_LISTED = re.compile(r"[\[(]?(\d{1,4}|[*†‡§¶‖]{1,4})[\])^]?[.:)]?\s+\S|[\[(]?([a-z])[\])][.:]?\s+\S|([a-z])[.:]\s+\S")
_OPENING_CHARS = 24
_FEWEST = 2  # notes that no title announces: a single one may be anything


def find_note_list(blocks: Sequence[Block], marks: Sequence[str]) -> range:
    """Returns the places of a list of notes among a chapter's blocks, with its title or rule; empty where none is.

    Args:
        blocks: of one chapter.
        marks: the marks of notes in the text, in its order, without brackets: "1", "a", "*".
    """
    if not marks:
        return range(0)
    known = frozenset(marks)
    # 1. Notes under their title.
    for at, block in enumerate(blocks):
        if is_notes_title(block.text):
            stop = _end_under_title(blocks, at + 1, known)
            if stop > at + 1:
                return range(at, stop)
    # 2. The last paragraphs: under a rule, or one for each mark of the text.
    start = len(blocks)
    while start > 0 and _mark_of(blocks[start - 1]) in known:
        start -= 1
    listed = [_mark_of(block) for block in blocks[start:]]
    under_rule = start > 0 and blocks[start - 1].kind == BlockKind.SCENE_BREAK
    if len(listed) < _FEWEST or not (under_rule or listed == list(marks)):
        return range(0)
    return range(start - under_rule, len(blocks))


def _end_under_title(blocks: Sequence[Block], start: int, marks: frozenset[str]) -> int:
    """Returns the end of the notes from `start` on; `start` where no notes stand there.

    A numbered list shows no numbers in its text: it has as many entries as the text has marks. A note may have several
    paragraphs; heads between notes name the chapters that they belong to.
    """
    stop = start
    while stop < len(blocks):
        goes_on = stop + 1 < len(blocks) and _mark_of(blocks[stop + 1]) in marks
        if is_notes_title(blocks[stop].text) or (blocks[stop].kind == BlockKind.HEADING and not goes_on):
            break
        stop += 1
    bodies = [block for block in blocks[start:stop] if block.kind not in (BlockKind.HEADING, BlockKind.SCENE_BREAK)]
    listed = sum(_mark_of(block) in marks for block in bodies)
    items = sum(block.kind == BlockKind.LIST_ITEM for block in bodies)
    are_notes = listed * 2 > len(bodies) or (0 < items == len(bodies) == len(marks))
    return stop if are_notes else start


def _mark_of(block: Block) -> str:
    """Returns the mark with which a block begins, "" where it begins with none."""
    match = _LISTED.match(block.text[:_OPENING_CHARS].translate(PLAIN))
    return next(filter(None, match.groups()), "") if match else ""
