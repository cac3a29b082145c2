"""Edits of a block's text: its markup, and the origins of its characters, keep to the characters that remain."""

from __future__ import annotations

from array import array

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate.edits import Edit, apply_edits, with_markup
from tasks.ingest.events import TracedBlock

NO = -1  # the origin of a blank, and of what stands in no document


@pytest.mark.parametrize(
    ("text", "edits", "edited", "markup", "origins"),
    [
        ("one two three", [], "one two three", [(0, 13), (4, 7)], [0, 1, 2, NO, 4, 5, 6, NO, 8, 9, 10, 11, 12]),
        ("one two three", [(4, 8, "")], "one three", [(0, 9)], [0, 1, 2, NO, 8, 9, 10, 11, 12]),
        ("one two three", [(4, 7, "")], "one three", [(0, 9)], [0, 1, 2, NO, 8, 9, 10, 11, 12]),  # one blank is left
        ("one two three", [(0, 4, "")], "two three", [(0, 9), (0, 3)], [4, 5, 6, NO, 8, 9, 10, 11, 12]),
        ("one two three", [(0, 3, "")], "two three", [(0, 9), (0, 3)], [4, 5, 6, NO, 8, 9, 10, 11, 12]),
        ("one two three", [(8, 13, "")], "one two", [(0, 7), (4, 7)], [0, 1, 2, NO, 4, 5, 6]),  # and none at last
        ("one two three", [(4, 7, "2")], "one 2 three", [(0, 11), (4, 5)], [0, 1, 2, NO, 4, NO, 8, 9, 10, 11, 12]),
        (
            "one two three",
            [(3, 4, ""), (7, 8, "")],
            "onetwothree",
            [(0, 11), (3, 6)],
            [0, 1, 2, 4, 5, 6, *range(8, 13)],
        ),
        ("one two\nthree", [(4, 7, "")], "one\nthree", [(0, 9)], [0, 1, 2, NO, 8, 9, 10, 11, 12]),  # lines stay lines
        ("one  two", [(5, 8, "2")], "one  2", [(0, 6), (4, 5)], [0, 1, 2, NO, NO, 5]),  # blanks of the book's own stay
        ("one two", [(0, 3, "x y z ")], "x y z two", [(0, 9), (6, 9)], [0, NO, NO, NO, NO, NO, 4, 5, 6]),
        ("one two", [(0, 7, "")], "", [], []),
    ],
)
def test_markup_and_origins_keep_to_their_characters(text, edits, edited, markup, origins):
    notes = (Markup(0, len(text), MarkupKind.VOICE, "v"), Markup(4, 7, MarkupKind.RESPELL, "r"))
    block = TracedBlock(BlockKind.PARAGRAPH, text, markup=notes, origins=array("i", range(len(text))))
    found = apply_edits(block, [Edit(*edit) for edit in edits])
    assert (found.text, [(note.start, note.end) for note in found.markup]) == (edited, markup)
    assert found.origins == array("i", origins)
    plain = apply_edits(Block(BlockKind.PARAGRAPH, text, markup=notes), [Edit(*edit) for edit in edits])
    assert (plain.text, plain.markup) == (found.text, found.markup)


def test_a_pause_stays_where_all_around_it_is_gone():
    pause = Markup(4, 4, MarkupKind.PAUSE, "1")
    block = Block(BlockKind.PARAGRAPH, "one two three", markup=(pause,))
    assert apply_edits(block, [Edit(0, 13)]).markup == (Markup(0, 0, MarkupKind.PAUSE, "1"),)
    assert apply_edits(block, [Edit(7, 13)]).markup == (pause,)


def test_notes_are_sorted_by_place_the_longer_first():
    notes = [Markup(start, end, MarkupKind.VOICE, "v") for start, end in ((4, 7), (0, 3), (4, 9), (0, 9))]
    block = with_markup(Block(BlockKind.PARAGRAPH, "one two three", markup=tuple(notes[:2])), notes[2:])
    assert [(note.start, note.end) for note in block.markup] == [(0, 9), (0, 3), (4, 9), (4, 7)]
