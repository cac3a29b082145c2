"""Where sentences are cut and joined: at the best place near the middle, and no shorter than need be."""

from __future__ import annotations

import pytest

from storage.records import PauseKind
from tasks.errors import BadInputError
from tasks.segment.cut import Part, parts_of


def cut(text, most, least=0, sentences=None):
    """The parts of a text that may each have so many characters."""
    return parts_of(text, sentences or [(0, len(text))], lambda start, end: end - start <= most, least)


@pytest.mark.parametrize(
    ("most", "text"),
    [
        (30, "He came, and he saw;| the lamps were few,| so he went."),  # at a stop before a comma
        (40, "He came and saw the lamps,| few as they were that night."),  # at a comma before a word
        (45, "We walked in the rain| and they stood under a roof, dry"),  # the comma is too near to the end
        (45, "one, two three four five six| seven eight nine ten eleven"),
        (30, "One two three four five| six seven eight nine ten."),
        (40, "She said it| (as they say)| with a smile that was cold."),
        (40, "She said| “go on”| and he went on along the dark road."),
        (40, "He went on—for he had promised—|into the long night."),
        (40, "He went on – for he had promised –| into long nights."),
        (40, "“It is late.”| he said to all of them that very night."),
        (40, "First line of the verse|\nsecond line; of the same verse"),  # at a line before a stop
        (50, "the long road goes to the old| house of Dr. Livingstone, sir"),
        (30, "We met on Sept. 5| and then we left| the town on foot"),
        (30, "ab| abcdefghijklmnopqr|stuvwxyz0123456789"),  # a blank near the end before the inside of a word
        (10, "Abcdefghi|jklmnopqr|stuvwxyz0|123456789"),
        (20, "We went on to| Dr. Fell upon a hill"),  # never behind a title, though that is nearer to the middle
        (22, "Dr. Abcdefghijklmnopqr| st"),
        (20, "Dr.| Abcdefghijklmnopqrst"),  # where there is no other place
    ],
)
def test_a_sentence_is_cut_at_the_best_place_near_its_middle(most, text):
    """A bar stands where it is cut."""
    parts = [part.strip() for part in text.split("|")]
    text = text.replace("|", "")
    found = cut(text, most)
    assert [text[part.start : part.end] for part in found] == parts
    assert [part.pause for part in found] == [PauseKind.CLAUSE] * (len(parts) - 1) + [PauseKind.SENTENCE]


TEXT = "Yes. No. I will go there today. — Never! And then he left the house."
SENTENCES = [(0, 4), (5, 8), (9, 31), (32, 40), (41, len(TEXT))]


@pytest.mark.parametrize(
    ("most", "least", "parts"),
    [
        (99, 0, ["Yes.", "No.", "I will go there today.", "— Never!", "And then he left the house."]),
        (99, 4, ["Yes. No.", "I will go there today.", "— Never!", "And then he left the house."]),
        (99, 10, ["Yes. No. I will go there today. — Never!", "And then he left the house."]),
        (30, 10, ["Yes. No.", "I will go there today.", "— Never!", "And then he left the house."]),  # no more fits
    ],
)
def test_what_is_short_joins_its_neighbours_where_that_fits(most, least, parts):
    found = cut(TEXT, most, least, SENTENCES)
    assert [TEXT[part.start : part.end] for part in found] == parts
    assert {part.pause for part in found} == {PauseKind.SENTENCE}


def test_signs_without_a_word_join_however_long_they_are():
    text = "It is late. ............ Go."
    assert cut(text, 99, 3, [(0, 11), (12, 24), (25, 28)]) == [
        Part(0, 24, PauseKind.SENTENCE),
        Part(25, 28, PauseKind.SENTENCE),
    ]


def test_the_pause_of_what_is_joined_is_the_last_ones():
    text = "Go, and then they all went there together. Yes."
    found = cut(text, 44, 5, [(0, 42), (43, 47)])
    assert [(text[part.start : part.end], part.pause) for part in found] == [
        ("Go, and then they all went there together.", PauseKind.SENTENCE),
        ("Yes.", PauseKind.SENTENCE),
    ]
    halves = cut(text, 30, 5, [(0, 42), (43, 47)])
    assert halves[-1] == Part(halves[-1].start, 47, PauseKind.SENTENCE) and halves[0].pause is PauseKind.CLAUSE


def test_blanks_are_in_no_part_and_nothing_is_cut_for_them():
    assert cut("  go  ", 2) == [Part(2, 4, PauseKind.SENTENCE)]
    assert cut("   ", 2) == []


def test_where_not_even_a_character_fits_the_limits_are_to_be_raised():
    with pytest.raises(BadInputError, match=r"a single character, 'g': raise segment\.max_chars"):
        cut("go", 0)
