"""A text file: what its header says, and what is no text at all."""

from __future__ import annotations

import hashlib

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.text.book import encoding_warnings, require_text


@pytest.mark.parametrize(
    ("controls", "length", "is_text"),
    [(4, 10, True), (5, 10, False), (5, 500, True), (5, 499, False), (10, 1000, True), (11, 1000, False)],
)
def test_a_few_control_characters_make_no_program(controls, length, is_text):
    for sign in "\0\b\x0e\x1b":
        text = sign * controls + "x" * (length - controls)
        if is_text:
            require_text(text, "b.txt")
        else:
            with pytest.raises(UnreadableBookError, match=r"^b\.txt is not a text file: "):
                require_text(text, "b.txt")


@pytest.mark.parametrize(("lost", "length", "is_text"), [(4, 4, True), (5, 50, True), (5, 49, False)])
def test_a_tenth_of_the_characters_may_be_lost(lost, length, is_text):
    text = "\ufffd" * lost + "x" * (length - lost)
    if is_text:
        require_text(text, "b.txt")
    else:
        with pytest.raises(UnreadableBookError):
            require_text(text, "b.txt")


def test_line_ends_tabs_and_pages_are_no_controls():
    require_text("\t\n\v\f\r\x1c\x1d\x1e\x1f" * 20, "b.txt")


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "utf-32"])
def test_only_a_guess_is_told(name):
    assert encoding_warnings("b.txt", name) == ()
    assert encoding_warnings("b.txt", "cp1252") == ("b.txt is not UTF-8 and was read as cp1252",)


HEADER = "The Project Gutenberg eBook of X\n\n{}: {}\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nHe came.\n"


@pytest.mark.parametrize(
    ("name", "value", "field", "found"),
    [
        ("Title", "The Mill", "title", "The Mill"),
        ("Title", "The Mill\n       of York", "title", "The Mill of York"),
        ("Author", "Ann Author", "authors", ("Ann Author",)),
        ("Publisher", "P", "publisher", "P"),
        ("Release Date", "May 1, 1999", "date", "May 1, 1999"),
        *(("Language", name, "language", code) for name, code in {
            "English": "en", "FRENCH": "fr", "German": "de", "Spanish": "es", "Italian": "it", "Dutch": "nl", "x": "",
        }.items()),
    ],
)  # fmt: skip
def test_what_the_header_of_gutenberg_says(tmp_path, settings, name, value, field, found):
    (tmp_path / "b.txt").write_text(HEADER.format(name, value), "utf-8")
    assert getattr(read_book(tmp_path / "b.txt", settings), field) == found


def test_a_file_without_a_header_is_called_by_its_name(tmp_path, settings):
    (tmp_path / "b.txt").write_text("Title: The Mill\nAuthor: Ann\n\nHe came.\n", "utf-8")
    book = read_book(tmp_path / "b.txt", settings)
    assert (book.title, book.authors, book.language) == ("b", (), "")


def test_a_text_is_known_by_the_digest_of_its_file_and_says_in_which_encoding_it_was_read(tmp_path, settings):
    path = tmp_path / "b.txt"
    path.write_bytes(b"He read it in the caf\xe9.")
    book = read_book(path, settings)
    assert book.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert book.warnings == ("b.txt is not UTF-8 and was read as cp1252",)
