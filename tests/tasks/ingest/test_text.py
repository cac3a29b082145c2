"""Plain text and Markdown: encodings, wrapped lines, headings, verse, Project Gutenberg's frame, notes."""

from __future__ import annotations

import pytest

from storage.records import Block
from tasks.ingest.book import read_book
from tasks.ingest.encoding import decode
from tasks.ingest.text import read_text
from tasks.ingest.text_headings import is_heading

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
