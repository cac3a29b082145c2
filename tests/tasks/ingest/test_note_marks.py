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
