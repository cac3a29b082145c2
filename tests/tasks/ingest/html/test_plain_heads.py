"""Heads of chapters that are paragraphs: in HTML, in a Word manuscript without styles, in an EPUB of one file."""

from __future__ import annotations

import docx
import pytest

from storage.records import Book
from tasks.ingest.book import read_book
from tests.tasks.ingest.builders import nav, page, write_epub

HEADS = (
    "<p>THE MILL</p><p>by A. Writer</p><p><b>CHAPTER ONE</b></p><p>It was late.</p><p>*</p><p>Morning came.</p>"
    "<p align='center'>Chapter Two</p><p>The Lamp</p><p>Tom came in.</p><p>3</p><p>It rained.</p>"
)
OUTLINE = [
    ("b", ["THE MILL", "by A. Writer"]),
    ("CHAPTER ONE", ["CHAPTER ONE", "It was late.", "*", "Morning came."]),
    ("Chapter Two: The Lamp", ["Chapter Two\nThe Lamp", "Tom came in."]),
    ("3", ["3", "It rained."]),
]


def outline(book: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def _html(path):
    path = path.with_suffix(".html")
    path.write_text(f"<html><body>{HEADS}</body></html>", "utf-8")
    return path


def _one_file_epub(path):
    return write_epub(path.with_suffix(".epub"), {"a.xhtml": page(HEADS)})


def _epub_with_one_entry(path):
    contents = {"nav.xhtml": nav(("Start", "a.xhtml"))}
    return write_epub(path.with_suffix(".epub"), {"a.xhtml": page(HEADS)}, contents)


def _word(path):
    document = docx.Document()
    for text in ("THE MILL", "by A. Writer", "CHAPTER ONE", "It was late.", "*", "Morning came.", "Chapter Two"):
        document.add_paragraph().add_run(text).bold = text.startswith("CHAPTER")
    for text in ("The Lamp", "Tom came in.", "3", "It rained."):
        document.add_paragraph(text)
    document.save(str(path.with_suffix(".docx")))
    return path.with_suffix(".docx")


@pytest.mark.parametrize("write", [_html, _one_file_epub, _epub_with_one_entry, _word])
def test_paragraphs_that_are_heads_start_chapters(write, tmp_path, settings):
    book = read_book(write(tmp_path / "b"), settings)
    titles = [(title.replace("A Test", "b"), texts) for title, texts in outline(book)]
    assert titles == (OUTLINE[1:] if write is _word else OUTLINE)  # a manuscript's first page is its title page
    assert "python-docx" not in book.authors


@pytest.mark.parametrize(
    "body",
    [
        "<p>He read on.</p><p>Chapter 9 had cost him a year.</p><p>Book 3 lay on the table.</p>",
        "<p>It was</p><p>12</p><p>when he came.</p>",
        "<h1>One</h1><p>Chapter 1</p><p>x</p><h1>Two</h1><p>Chapter 2</p><p>y</p>",
        "<p>Chapter 7</p><p>was the last that he read.</p>",
    ],
)
def test_paragraphs_that_are_none_start_no_chapter(body, tmp_path, settings):
    path = tmp_path / "b.html"
    path.write_text(f"<html><body>{body}</body></html>", "utf-8")
    assert [title for title, _ in outline(read_book(path, settings))] in (["b"], ["One", "Two"])


@pytest.mark.parametrize(
    ("body", "titles"),
    [
        ("<h1>{}</h1><div><h2>The Signal</h2></div><p>One.</p>", ["Chapter 1: The Signal", "Chapter 2: The Signal"]),
        ("<hgroup><h2>{}</h2><h3>The Fog</h3></hgroup><p>One.</p>", ["Chapter 1: The Fog", "Chapter 2: The Fog"]),
        ("<h1>{}</h1><p>One.</p><h2>The Fog</h2><p>Two.</p>", ["Chapter 1", "Chapter 2"]),  # a section of it
        ("<h1>{}</h1><h2>Fog</h2><p>One.</p><h2>Sea</h2><p>Two.</p>", ["Chapter 1", "Chapter 2"]),
        ("<h1>{}</h1><h2>1.1 Fog</h2><p>One.</p>", ["Chapter 1", "Chapter 2"]),
        ("<h1>{}: Fog</h1><h2>Sea</h2><p>One.</p>", ["Chapter 1: Fog", "Chapter 2: Fog"]),
    ],
)
def test_a_lone_heading_right_below_a_bare_number_is_the_chapters_name(body, titles, tmp_path, settings):
    path = tmp_path / "b.html"
    chapters = "".join(body.format(f"Chapter {number}") for number in (1, 2))
    path.write_text(f"<html><body>{chapters}</body></html>", "utf-8")
    assert [title for title, _ in outline(read_book(path, settings))] == titles


def test_a_number_and_a_name_in_elements_of_their_own_are_two_words(tmp_path, settings):
    path = tmp_path / "b.html"
    path.write_text("<html><body><h1><span>9</span><span>Night</span></h1><p>x</p></body></html>", "utf-8")
    assert outline(read_book(path, settings))[0][1] == ["9 Night", "x"]


def test_a_control_character_in_a_title_does_not_stop_the_book(tmp_path, settings):
    path = tmp_path / "b.html"
    path.write_text("<p>CHAPTER ONE</p><p>THE\x01 MILL\ufffe<p>It was late.<p>CHAPTER TWO<p>It was day.", "utf-8")
    assert [chapter.title for chapter in read_book(path, settings).chapters] == ["CHAPTER ONE: THE MILL", "CHAPTER TWO"]
