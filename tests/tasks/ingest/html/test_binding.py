"""Books of documents in HTML that no EPUB binds: titles, chapters, and what their formats left out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from storage.records import Skip
from tasks.ingest.chapters import Mark
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.documents import Document
from tasks.ingest.html.parse import parse
from tasks.ingest.metadata import Metadata
from tests.tasks.ingest.conftest import ingest_settings


def bound(*bodies, metadata=None, marks=None, extras=None, **changes):
    documents = [
        Document(f"{at}.html", parse(f"<html><body>{body}</body></html>", "x")[0]) for at, body in enumerate(bodies)
    ]
    settings = ingest_settings().model_copy(update=changes)
    return book_from_html(Path("the file.html"), "abc", documents, metadata or Metadata(), settings, marks, extras)


def outline(book):
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


@pytest.mark.parametrize(
    ("body", "declared", "title"),
    [
        ("<h1>The\nMill</h1><p>x</p>", "Declared", "Declared"),
        ("<h1>The<br/>Mill</h1><p>x</p>", "", "The Mill"),
        ("<h1>Chapter 1</h1><p>x</p>", "", "the file"),
        ("<h1>IV</h1><p>x</p>", "", "the file"),
        ("<p>x</p>", "", "the file"),
        ("<p>x</p><h2>Two</h2>", "", "Two"),
    ],
)
def test_the_title_is_declared_or_the_first_heading_or_the_files_name(body, declared, title):
    assert bound(body, metadata=Metadata(title=declared)).title == title


def test_all_that_is_declared_and_added_is_in_the_book():
    extras = Extras([("a\n b", "comment")], [("c", "title-page")], b"PNG", "image/png", ("careful",))
    book = bound("<p>x</p>", metadata=Metadata(authors=("Ann",), language="de", date="1999"), extras=extras)
    assert (book.authors, book.language, book.date, book.source_sha256) == (("Ann",), "de", "1999", "abc")
    assert (book.cover, book.cover_media_type, book.warnings) == (b"PNG", "image/png", ("careful",))
    assert [(skip.text, skip.rule, skip.source, type(skip) is Skip) for skip in book.skipped] == [
        ("a b", "comment", "the file.html", True), ("c", "title-page", "the file.html", False),
    ]  # fmt: skip


def test_chapters_begin_at_marks_else_at_headings_else_at_plain_heads():
    two = ("<h1>A</h1><p id='x'>1</p>", "<h1>B</h1><p>2</p>")
    assert [title for title, _ in outline(bound(*two))] == ["A", "B"]
    assert outline(bound(*two, marks=[Mark("X", 0, "x")]))[-1] == ("X", ["1", "B", "2"])
    assert outline(bound("".join(two), marks=[])) == [("A", ["A", "1", "B", "2"])]
    plain = "<p>CHAPTER ONE</p><p>It was late.</p><p>CHAPTER TWO</p><p>It was day.</p>"
    assert [title for title, _ in outline(bound(plain))] == ["CHAPTER ONE", "CHAPTER TWO"]


def test_settings_reach_the_documents_and_the_chapters():
    body = "<h1>One</h1><p>He left.<sup>1</sup></p><h2>Notes</h2><p>1. For York.</p>"
    assert "1. For York." not in outline(bound(body))[0][1]
    assert "1. For York." in outline(bound(body, notes="inline"))[0][1]
    assert "1. For York." in outline(bound(body, also_read=("note-body",)))[0][1]
    page = "<p>The Mill</p><p>Ann Author</p><h1>One</h1><p>1</p><h1>Two</h1><p>2</p>"
    known = Metadata(title="The Mill", authors=("Ann Author",))
    assert [skip.rule for skip in bound(page, metadata=known).skipped] == ["title-page", "title-page"]
    assert bound("<p lang='fr'>x</p>", metadata=Metadata(language="fr")).chapters[0].blocks[0].markup == ()


def test_a_file_is_known_by_its_bytes():
    assert sha256_of(b"abc") == hashlib.sha256(b"abc").hexdigest()
