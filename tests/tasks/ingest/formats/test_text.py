"""Plain text and Markdown: encodings, wrapped lines, headings, verse, Project Gutenberg's frame, notes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Block, Skip
from tasks.ingest.book import read_book
from tasks.ingest.encoding import decode
from tasks.ingest.formats.text.blocks import read_text
from tasks.ingest.plain.headings import is_heading

GUTENBERG = """The Project Gutenberg eBook of A Small Tale

Title: A Small Tale
Author: Nobody Known
Language: English

*** START OF THE PROJECT GUTENBERG EBOOK A SMALL TALE ***

A SMALL TALE

CONTENTS

  I. The Start
  II. The End

CHAPTER I.
THE START

It was the best of small tales, and it was hard-wrapped at about sixty or
seventy columns, as such files are, so that its lines must be joined up
again.

    Twinkle, twinkle,
    Little star

* * *

After the break.

CHAPTER II. The End

It ends.

*** END OF THE PROJECT GUTENBERG EBOOK A SMALL TALE ***

Licence text.
"""


def test_gutenberg_text(tmp_path, settings):
    path = tmp_path / "tale.txt"
    path.write_text(GUTENBERG, encoding="utf-8")
    book = read_book(path, settings)
    assert (book.title, book.authors, book.language) == ("A Small Tale", ("Nobody Known",), "en")
    assert [chapter.title for chapter in book.chapters][-2:] == ["CHAPTER I. THE START", "CHAPTER II. The End"]
    kinds = [(block.kind.value, block.text) for block in book.chapters[-2].blocks]
    assert kinds[1][0] == "paragraph" and "sixty or seventy columns" in kinds[1][1]
    assert kinds[2:] == [
        ("verse", "Twinkle, twinkle,\nLittle star"),
        ("scene_break", "* * *"),
        ("paragraph", "After the break."),
    ]
    assert {skip.rule for skip in book.skipped} >= {"gutenberg-boilerplate", "table-of-contents"}
    spoken = " ".join(block.text for chapter in book.chapters for block in chapter.blocks)
    skipped = " ".join(skip.text for skip in book.skipped)
    assert sorted("".join((spoken + skipped).split())) == sorted("".join(GUTENBERG.split()))


def test_one_paragraph_a_line():
    text = "\n".join(
        f"Sentence {i} is a very long line of a text that has no empty lines at all. " * 2 for i in range(9)
    )
    events, _ = read_text(text, "x.txt")
    assert len([event for event in events if isinstance(event, Block)]) == 9


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("CHAPTER IV", True),
        ("Chapter 4: The Sea", True),
        ("Chapter Twelve", True),
        ("CHAPTER I.\nLoomings.", True),
        ("XII.", True),
        ("IV. The Sea", True),
        ("Epilogue", True),
        ("Part Two", True),
        ("I", True),
        ("I said so.", False),
        ("Chapter and verse were quoted at him.", False),
        ("Book of the dead, he said,", False),
        ("Part of it was true.", False),
        ("It was IV.", False),
    ],
)
def test_headings(text, heading):
    assert is_heading(text) == heading


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("naïve “quotes”".encode(), "utf-8"),
        ("\ufeffnaïve “quotes”".encode(), "utf-8"),
        ("\ufeffnaïve “quotes”".encode("utf-16-le"), "utf-16"),
        ("\ufeffnaïve “quotes”".encode("utf-16-be"), "utf-16"),
        ("naïve “quotes” — and a good deal more of an ordinary English text.".encode("cp1252"), "cp1252"),
    ],
)
def test_encodings(data, encoding):
    text, found = decode(data)
    assert text.startswith("naïve “quotes”") and found == encoding


def test_accents_are_composed_and_line_ends_are_one():
    assert decode("e\u0301\r\nx\ry".encode())[0] == "é\nx\ny"


def test_undecodable_bytes_never_fail():
    assert decode(bytes(range(128, 256)))[0]


def test_a_book_in_another_encoding_says_so(tmp_path, settings):
    path = tmp_path / "b.txt"
    path.write_bytes("It was naïve, “quite” so, and went on for a while in plain English.".encode("cp1252"))
    book = read_book(path, settings)
    assert book.chapters[0].blocks[0].text.startswith("It was naïve, “quite”")
    assert book.warnings == ("b.txt is not UTF-8 and was read as cp1252",)


def test_markdown(tmp_path, settings):
    path = tmp_path / "b.md"
    path.write_text(
        "---\ntitle: My Book\nauthor: Ann A., Bob B.\nlang: en-GB\n---\n# My Book\n\n## One\n\n"
        "Text *here*[^1] & there.\n\n- item\n\n> quote\n\n***\n\n## Two\n\n"
        "| a | b |\n|---|---|\n| c | d |\n\n[^1]: A note.\n",
        encoding="utf-8",
    )
    book = read_book(path, settings)
    assert (book.title, book.authors, book.language) == ("My Book", ("Ann A.", "Bob B."), "en-GB")
    assert [(chapter.title, [(b.kind.value, b.text) for b in chapter.blocks]) for chapter in book.chapters] == [
        (
            "One",
            [
                ("heading", "One"),
                ("paragraph", "Text here & there."),
                ("list_item", "item"),
                ("quote", "quote"),
                ("scene_break", ""),
            ],
        ),
        ("Two", [("heading", "Two"), ("table_row", "a\nb"), ("table_row", "c\nd")]),
    ]
    assert {skip.rule for skip in book.skipped} == {"front-matter", "half-title-page", "note-reference", "note-body"}


def chapters_of(text: str, **known) -> list[str]:
    return [mark.title for mark in read_text(text, "x.txt", **known)[1]]


def blocks_of(text: str, **known) -> list[tuple[str, str]]:
    return [(e.kind.value, e.text) for e in read_text(text, "x.txt", **known)[0] if isinstance(e, Block)]


def skips_of(text: str, **known) -> list[tuple[str, str]]:
    return [(e.rule, e.text) for e in read_text(text, "x.txt", **known)[0] if isinstance(e, Skip)]


PROSE = (
    "It was a line of prose that goes on to the width of the page, as such\n"
    "lines do in files that were wrapped by hand or by a program, before\nthey end.\n"
)


@pytest.mark.parametrize(
    ("headings", "titles"),
    [
        (("CHAPTER I.", "CHAPTER II."), ["CHAPTER I.", "CHAPTER II."]),
        (("Chapter One\n\nThe Start", "Chapter Two\n\nThe End"), ["Chapter One: The Start", "Chapter Two: The End"]),
        (("I.", "II."), ["I.", "II."]),
        (("1", "2", "3"), ["1", "2", "3"]),
        (("BOOK THE FIRST", "BOOK THE SECOND"), ["BOOK THE FIRST", "BOOK THE SECOND"]),
        (("CHAPTER TWENTY-ONE", "Chapter the Last"), ["CHAPTER TWENTY-ONE", "Chapter the Last"]),
        (("\nTHE RED HOUSE", "\nTHE BLUE HOUSE"), ["THE RED HOUSE", "THE BLUE HOUSE"]),
        (("Chapter 1\n=========", "Chapter 2\n========="), ["Chapter 1", "Chapter 2"]),
        (("_Chapter 1_", "_Chapter 2_"), ["Chapter 1", "Chapter 2"]),
    ],
)
def test_chapters_by_their_headings(headings, titles):
    text = "".join(f"\n\n{heading}\n\n{PROSE}\n{PROSE}" for heading in headings)
    assert chapters_of(text) == titles


def test_numbers_that_do_not_count_are_no_chapters():
    text = f"{PROSE}\nV. Sackville\n\n{PROSE}\n7\n\n{PROSE}\n1815\n\n{PROSE}"
    assert chapters_of(text) == []


def test_a_list_of_contents_names_the_chapters_and_is_skipped():
    text = (
        "CONTENTS\n\nI. A Scandal . . . . 1\nII. The League . . . 24\nThe Third Story  48\n\n\n\n"
        f"I. A SCANDAL\n\n\nI.\n\n{PROSE}\n\nII.\n\n{PROSE}\n\n\nII. THE LEAGUE\n\n{PROSE}\n\n\n"
        f"The Third Story\n\n{PROSE}"
    )
    assert chapters_of(text) == ["I. A SCANDAL", "II. THE LEAGUE", "The Third Story"]
    assert [rule for rule, _ in skips_of(text)] == ["table-of-contents"] * 2
    assert ("heading", "I.") in blocks_of(text)


@pytest.mark.parametrize("entries", ["Chapter 1\nChapter 2", "Chapter 1\n\nChapter 2", "CHAPTER I\nCHAPTER II"])
def test_contents_of_bare_numbers(entries):
    first = entries.split("\n")[0]
    second = entries.split("\n")[-1]
    text = f"Contents\n\n{entries}\n\n\n{first}\n\n{PROSE}\n\n{second}\n\n{PROSE}"
    assert chapters_of(text) == [first, second]


def test_the_title_page_and_imprint_are_skipped_and_the_dedication_is_not():
    text = (
        f"THE SMALL BOOK\n\nby\n\nAnn Author\n\nLONDON: SMITH AND SON, 1895\n\nTo my mother.\n\n\nCHAPTER I\n\n{PROSE}"
        f"\n\nCHAPTER II\n\n{PROSE}"
    )
    known = {"title": "The Small Book", "authors": ("Ann Author",)}
    assert [rule for rule, _ in skips_of(text, **known)] == ["title-page", "title-page", "title-page", "copyright-page"]
    assert blocks_of(text, **known)[0] == ("paragraph", "To my mother.")
    assert skips_of(text, **known, also_read=("title-page", "copyright-page")) == []


def test_conventions_of_gutenberg_texts():
    text = (
        f"{PROSE}\nShe is always _the_ woman,[1] and so says the book {{44}} and =bold= too. Array[3] is\n"
        "not lost in [brackets] or snake_case_names or [[pause 1.5]].\n\n[Illustration: Holmes\nat home]\n\n"
        "[1] A note\nin two lines.\n\n[Footnote 2: A note\n\nin two paragraphs.]\n\n[Sidenote: aside]\n"
    )
    assert blocks_of(text)[1:] == [
        (
            "paragraph",
            "She is always the woman, and so says the book and bold too. Array is not lost in [brackets] or "
            "snake_case_names or [[pause 1.5]].",
        )
    ]
    assert sorted({rule for rule, _ in skips_of(text)}) == [
        "emphasis-mark",
        "illustration",
        "note-body",
        "note-reference",
        "page-break",
        "sidenote",
    ]
    kept = blocks_of(text, also_read=("emphasis-mark", "illustration", "note-body", "page-break", "sidenote"))
    assert any("_the_ woman" in block and "{44}" in block for _, block in kept)
    assert any(block.startswith("[Illustration") for _, block in kept)


def test_hyphens_at_line_ends():
    text = (
        "He went for-\nward to the well-\nknown Pember-\nley of the Anglo-\nSaxon kings, and was well-known there, "
        "as\nPemberley was, to everybody who had a name and a page of this width, which is wide.\n"
    )
    assert blocks_of(text)[0][1].startswith("He went forward to the well-known Pemberley of the Anglo-Saxon kings")
    assert ("line-end-hyphen", "--") in skips_of(text)


def test_verse_letters_lists_tables_and_quotations():
    text = (
        f"{PROSE}\n    Twinkle, twinkle,\n    Little star,\n\n{' ' * 40}Baker Street,\n{' ' * 40}15th of October.\n\n"
        "- one item that is\n  wrapped\n- another\n\nName      Age\nTom        12\n\n"
        "    This is a long quotation whose lines run nearly to the margin of\n    the page and begin as they must, "
        "with whatever\n    letter comes.\n"
    )
    assert [(kind, block) for kind, block in blocks_of(text)][1:7] == [
        ("verse", "Twinkle, twinkle,\nLittle star,"),
        ("paragraph", "Baker Street,\n15th of October."),
        ("list_item", "one item that is wrapped"),
        ("list_item", "another"),
        ("table_row", "Name\nAge"),
        ("table_row", "Tom\n12"),
    ]
    assert blocks_of(text)[7][0] == "quote"


def test_paragraphs_by_indents_and_by_double_spacing():
    lines = PROSE.strip().split("\n")
    indented = "\n".join("   " + "\n".join(lines) for _ in range(30))
    assert len(blocks_of(indented)) == 30
    double = "\n\n\n".join("\n\n".join(lines) for _ in range(30))
    assert len(blocks_of(double)) == 30


def test_page_numbers_of_a_scanned_print_are_skipped():
    text = "".join(f"{PROSE}\n{number}\n\f\n" for number in range(1, 40))
    assert [text for rule, text in skips_of(text) if rule == "page-number"] == [str(n) for n in range(1, 40)]
    assert chapters_of(text) == []


@given(st.text(alphabet="ab CHAPTER IV.1\n\n\n -_[]*={}\t\u00ad“”é\f", max_size=400))
def test_no_character_is_lost_or_doubled(text):
    events, _ = read_text(text, "x.txt")  # counts itself; here by another route
    found = Counter(c for e in events if isinstance(e, Block | Skip) for c in "".join(e.text.split()))
    assert found == Counter("".join(text.split()))
