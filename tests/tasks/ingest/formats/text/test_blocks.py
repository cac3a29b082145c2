"""Blocks of plain text: what each paragraph turns out to be, at the edges of every rule."""

from __future__ import annotations

import pytest

from storage.records import Block, MarkupKind, Skip
from tasks.ingest.events import Anchor, GuessedSkip
from tasks.ingest.formats.text.blocks import read_text

LINE = "the miller went down to the river and looked for the wheel that had"
PROSE = f"It was late, and {LINE}\n{LINE}\ngone in the night."


def read(text, **known):
    """The events of a text as (kind or rule, text), anchors as ("@", title)."""
    events, marks = read_text(text, "b.txt", **known)
    titles = {mark.anchor: mark.title for mark in marks}
    found = []
    for event in events:
        if isinstance(event, Anchor):
            found.append(("@", titles[event.id]))
        else:
            found.append((event.kind.value if isinstance(event, Block) else str(event.rule), event.text))
    return found


def chapters(text, **known):
    return [title for kind, title in read(text, **known) if kind == "@"]


@pytest.mark.parametrize(
    ("below", "title"),
    [
        ("The Start", "Chapter 1: The Start"),
        ("THE START", "Chapter 1: THE START"),
        ("The\nSTART", "Chapter 1"),
        ("THE\nSTART", "Chapter 1: THE: START"),
        ("THE\nSTART\nOF", "Chapter 1"),
        ("It began.", "Chapter 1"),
        ("[The Start]", "Chapter 1"),
        ("{The Start}", "Chapter 1"),
        ("* * *", "Chapter 1"),
        ("Chapter 9", "Chapter 1"),
        (f"The {'X' * 76}", f"Chapter 1: The {'X' * 76}"),
        (f"The {'X' * 77}", "Chapter 1"),
        ("_The Start_", "Chapter 1: The Start"),
    ],
)
def test_the_title_below_a_number(below, title):
    assert chapters(f"Chapter 1\n\n{below}\n\n{PROSE}\n\nChapter 2\n\n{PROSE}")[0] == title


def test_a_title_at_the_very_end_is_no_part_of_a_number():
    assert chapters(f"Chapter 1\n\n{PROSE}\n\nChapter 2\n\nThe End of It") == ["Chapter 1", "Chapter 2"]
    assert chapters(f"Chapter 1\n\n{PROSE}\n\nChapter 2\n\nThe End of It\n\n{PROSE}")[1] == "Chapter 2: The End of It"
    assert chapters(f"Chapter 1: A\n\nThe Start\n\n{PROSE}\n\nChapter 2\n\n{PROSE}")[0] == "Chapter 1: A"


@pytest.mark.parametrize(
    ("line", "blank", "is_title"),
    [
        ("THE RED HOUSE", 2, True),
        ("THE RED HOUSE", 1, False),
        (" " * 20 + "The Red House", 3, True),
        (" " * 20 + "The Red House", 2, False),
        (" " * 9 + "The Red House", 3, False),
        ("The Red House", 3, False),
        (" " * 20 + "The red house", 3, False),
        ("X" * 100, 2, True),
        ("X" * 101, 2, False),
        ("[THE RED HOUSE]", 2, False),
        ("THE\nRED\nHOUSE", 2, True),
        ("A\nRED\nHOUSE\nX", 2, False),
        ("* * *", 3, False),
    ],
)
def test_a_line_that_looks_like_a_title_begins_a_chapter(line, blank, is_title):
    gap = "\n" * (blank + 1)
    text = f"{PROSE}{gap}{line}\n\n{PROSE}\n\n\n{PROSE}"
    assert bool(chapters(text)) is is_title


@pytest.mark.parametrize(("end", "is_title"), [("", True), *((end, False) for end in ".!?,;")])
def test_without_wide_gaps_a_loud_line_is_a_title_unless_it_has_a_stop(end, is_title):
    assert bool(chapters(f"{PROSE}\n\nTHE RED HOUSE{end}\n\n{PROSE}")) is is_title


@pytest.mark.parametrize(
    "line",
    [
        "by",
        "Written by",
        "By the author.",
        "by Ann Author",
        "Author of The Lamp",
        "Translated from it",
        "Edited",
        "Illustrated",
        "With twelve illustrations",
        "with some drawings by him",
        "With an Introduction",
        "Illustrations by X",
        "In two volumes",
        "In one Volume",
        "in three volumes",
        "in four volumes",
        "A Novel",
        "a romance",
        "A STORY",
        "a tale",
        "volume 3 of it",
        "First Edition",
        "second edition",
        "third edition",
        "New edition",
        "revised edition of it",
    ],
)
def test_credits_before_the_first_chapter_are_a_title_page(line):
    text = f"The Mill\n\n{line}\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}"
    assert ("title-page", line) in read(text, title="The Mill")
    assert ("title-page", line) not in read(text, title="The Mill", also_read=("title-page",))
    behind = f"Chapter 1\n\n{line}\n\n{PROSE}\n\nChapter 2\n\n{PROSE}"
    assert ("title-page", line) not in read(behind)


@pytest.mark.parametrize(
    "line",
    [
        "Copyright by A",
        "All rights reserved",
        "© A",
        "Printed in York",
        "printed by A",
        "Printed at A",
        "Published now",
        "Publisher of it",
        "Publishers of it",
        "ISBN 9",
        "The York Press",
        "York, 1895",
        "1895.",
        "2001",
        "1500",
        "MDCCCXCV",
        "mcmxi.",
        "MMXX",
    ],
)
def test_an_imprint_before_the_first_chapter_is_a_copyright_page(line):
    text = f"The Mill\n\n{line}\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}"
    assert ("copyright-page", line) in read(text, title="The Mill")


@pytest.mark.parametrize("line", ["1499", "York, 1895, at noon", "mix", "Mmmm.", "impress", "To my mother"])
def test_other_lines_before_it_are_read(line):
    text = f"The Mill\n\n{line}\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}"
    assert ("paragraph", line) in read(text, title="The Mill")


@pytest.mark.parametrize(("count", "is_found"), [(39, True), (40, False)])
def test_front_pages_are_looked_for_near_the_start(count, is_found):
    lines = "\n\n".join(f"to you {number}" for number in range(count))
    assert (
        ("title-page", "by Ann") in read(f"{lines}\n\nby Ann\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}")
    ) is is_found


@pytest.mark.parametrize(("pages", "lines", "is_number"), [(15, 70, True), (14, 60, False), (15, 71, False)])
def test_numbers_that_stand_alone_are_a_prints_where_they_are_many_and_close(pages, lines, is_number):
    text = "".join(f"{'x' * 50}\n" * (lines - 3) + f"\n- {number} -\n\n" for number in range(100, 100 + pages))
    assert (("page-number", "- 100 -") in read(text)) is is_number


@pytest.mark.parametrize("number", ["7", "- 7 -", "[7]", "(7)", "– 7 –", "— 1234 —", "-7-"])
def test_shapes_of_page_numbers(number):
    text = "".join(f"{PROSE}\n\n{number}\n\n" for _ in range(15))
    assert ("page-number", number) in read(text)
    assert ("page-number", "12345") not in read(text.replace(number, "12345"))


@pytest.mark.parametrize("rule", ["=====", "---", "~~~~", "***", "^^^"])
def test_a_rule_under_a_heading_is_not_read(rule):
    found = read(f"Chapter 1\n{rule}\n\n{PROSE}\n\nChapter 2\n{rule}\n\n{PROSE}")
    assert found[:3] == [("@", "Chapter 1"), ("heading-rule", rule), ("heading", "Chapter 1")]


def test_what_rests_on_a_guess_is_told_from_what_a_file_says():
    parts = (
        "[Transcriber's note: x]",
        f"{PROSE}[1] It fell.[2]",
        "[1] See Low.",
        "Transcriber's Notes",
        "FOOTNOTES:",
        "[2] So.",
    )
    text = "\n\n".join(parts)
    events, _ = read_text(text, "b.txt")
    guessed = {event.text: isinstance(event, GuessedSkip) for event in events if isinstance(event, Skip)}
    assert guessed["[Transcriber's note: x]"] is guessed["[1] See Low."] is False
    assert guessed["Transcriber's Notes"] is guessed["FOOTNOTES:"] is True
    frame, _ = read_text(f"x\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n{PROSE}", "b.txt")
    assert not any(isinstance(event, GuessedSkip) for event in frame)


@pytest.mark.parametrize(
    ("below", "read_on"),
    [
        (["1. See Low, p. 5.", "2. See High, p. 6."], False),
        (["1. See Low, p. 5.", PROSE], True),  # one that is numbered may be a list's beginning
        (["1. See Low, p. 5.", "3. No mark names this."], True),
        (["1. See Low, p. 5."], True),
    ],
)
def test_a_rule_parts_notes_from_the_text_above_two_of_them(below, read_on):
    found = read("\n\n".join([f"{PROSE}[1] It fell.[2]", "* * *", *below]))
    assert (("paragraph", below[0]) in found) is read_on
    assert (("note-body", below[0]) in found) is not read_on


def test_a_number_and_the_text_right_below_it_are_parted():
    text = f"Chapter 1\n{PROSE} {LINE}\n\nChapter 2\n{PROSE} {LINE}"
    assert chapters(text) == ["Chapter 1", "Chapter 2"]


def test_formulas_have_markup_and_those_without_words_are_guesses():
    events, _ = read_text("Then $a = b$ and $$\\int x$$ so.", "b.txt")
    block = next(event for event in events if isinstance(event, Block))
    assert block.text == "Then $a = b$ and a formula so."
    assert [(note.kind, note.value) for note in block.markup] == [(MarkupKind.RESPELL, "a equals b")]
    assert [type(event) for event in events if isinstance(event, Skip)] == [GuessedSkip]
    kept, _ = read_text("Then $$\\int x$$ so.", "b.txt", also_read=("mathml",))
    assert [event.text for event in kept] == ["Then $$\\int x$$ so."]


def test_marks_of_notes_and_invisible_characters():
    assert read("He left.¹ A\u00adb.") == [
        ("note-reference", "¹"),
        ("paragraph", "He left. Ab."),
        ("invisible-character", "\u00ad"),
    ]
    assert read("He left.¹", also_read=("note-reference",)) == [("paragraph", "He left.¹")]


@pytest.mark.parametrize(
    ("above", "first"),
    [("The Mill", ("@", "Chapter 1")), ("x" * 100, ("@", "Chapter 1")), ("x" * 101, ("paragraph", "x" * 101)),
     ("He fell.", ("paragraph", "He fell."))],
)  # fmt: skip
def test_a_line_above_the_first_chapter_opens_it(above, first):
    assert read(f"{above}\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}")[0] == first


def test_what_starts_chapters_without_a_list_of_contents():
    heads = ["Part One", "Chapter 1", "Preface", "I"]
    text = "\n\n".join(f"{head}\n\n{PROSE}" for head in [*heads, "II"])
    assert chapters(text) == ["Part One", "Chapter 1", "Preface"]  # bare numbers are sections of these
    assert chapters("\n\n".join(f"{head}\n\n{PROSE}" for head in ("Preface", "I", "II"))) == ["Preface", "I", "II"]
