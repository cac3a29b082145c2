"""Marks of notes that nothing links: found behind words and stops where they count up, and nowhere else."""

from __future__ import annotations

import pytest

from tasks.ingest.note_marks import NoteMarks


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("The sea² rose.", ["²"]),
        ("He left.¹² She stayed.", ["¹²"]),
        ("Two kings^2^ came.", ["^2^"]),
        ("In spring.1 It rained.2 Then it froze.3 So it went.", ["1", "2", "3"]),
        ("The first[1] and the second[2] came.", ["[1]", "[2]"]),
        ("“Go,”[8] he said; “go now.”[9]", ["[8]", "[9]"]),
        # and no marks
        ("It is 5 km² wide, and x³ is sin² of it.", []),
        ("See p.1 and p.2 and No.3 of it.", []),
        ("It rained.4 Then it froze.19 So it went.7 On it went.", []),
        ("It rained.1 Then it froze.2 So it went.", []),  # two are too few
        ("The first[1] came alone.", []),
        ("The first[5] and the second[3] came.", []),
        ("Catch-22 and 23 men, and 1984 alone.", []),
        ("It was 3.14 and 2.5 and 1.0 of it.", []),
    ],
)
def test_marks_are_told_from_numbers(text, marks):
    assert [text[start:end] for start, end in NoteMarks(text).find(text)] == marks


def test_the_characters_before_a_part_of_the_text_count():
    marks = NoteMarks("The first[1] and the second[2] came.")
    assert marks.find("[1] and the", before="first") == [(0, 3)]
    assert marks.find("[1] and the", before="") == []


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        *((f"He came{stop}¹ And went.", ["¹"]) for stop in ".!?,;)”’\"'…:"),
        ("It is (a)² and (b)³.", []),  # behind a bracket, a power
        ("It is (the mill)² now.", ["²"]),
        *((f"The sea{digit} rose.", [digit]) for digit in "⁰¹²³⁴⁵⁶⁷⁸⁹"),
        ("The sea¹²³ rose.", ["¹²³"]),
        ("The sea^123^ rose^1234^ up.", ["^123^"]),
        *((f"An {word}² of it.", []) for word in ("ox", "sin", "cos", "tan", "log", "exp", "lim")),
        ("He sinned², and loged³.", ["²", "³"]),
        ("In 1984² it was.", []),
        ("[1] and [2] here", []),
        ("One[998] two[999]x.", ["[998]", "[999]"]),
        ("One[0] two[0] three[1000] four[1001].", []),
        ("One[1] two[100] three[200].", []),
        ("One[1] two[99] three[198] four.", ["[1]", "[99]", "[198]"]),
        ("One[5] two[1] three[2] four[3] five[4].", ["[5]", "[1]", "[2]", "[3]", "[4]"]),  # anew from one
        ("One[5] two[4] three[5] four[6] five[7] six[8].", ["[5]", "[4]", "[5]", "[6]", "[7]", "[8]"]),
        ("One[5] two[4] three[5] four[6] five[7].", []),  # one step of four is too many
        ("Went.1 Came.2 Saw.3", ["1", "2", "3"]),
        ("Went.1 Came.3 Saw.5 Fell.7", []),
        ("Went.1x Came.2x Saw.3x", []),
        ("Went. 1 Came. 2 Saw. 3", []),
    ],
)  # fmt: skip
def test_where_marks_stand_and_how_they_count(text, marks):
    assert [text[start:end] for start, end in NoteMarks(text).find(text)] == marks


NUMBERED = "no nos vol vols p pp ch chap fig figs art sec v vv op ed para cl reg bk pt st rd b z"


@pytest.mark.parametrize("word", NUMBERED.split())
def test_a_number_behind_such_a_word_is_its_own(word):
    text = f"See {word}.1 and {word.upper()}.2 and {word}.3 of it."
    assert NoteMarks(text).find(text) == []
    assert len(NoteMarks("The mill.1 A lamp.2 Of it.3").find("The mill.1 A lamp.2 Of it.3")) == 3


def test_the_numbers_of_all_marks_are_known_in_plain_digits():
    assert NoteMarks("The sea¹² rose^3^ in May[4] and June[5].").numbers == {12, 3, 4, 5}
    assert NoteMarks("Nothing.").numbers == frozenset()
