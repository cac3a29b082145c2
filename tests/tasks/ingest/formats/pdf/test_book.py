"""A PDF's text layer is there and means something; pages that are not sure are named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.pdf import book as module
from tasks.ingest.formats.pdf.blocks import Bookmark
from tasks.ingest.formats.pdf.book import _layout_warnings, _outline, _require_text, read_pdf_book

PATH = Path("b.pdf")


@pytest.mark.parametrize(("lost", "is_text"), [(5, True), (6, False)])
def test_letters_that_mean_nothing_are_few(lost, is_text):
    visible = "\ufffd" * lost + " x" * (100 - lost)
    if is_text:
        _require_text(PATH, visible, 1)
    else:
        with pytest.raises(UnreadableBookError, match=r"^b\.pdf: its fonts do not say which letters they show"):
            _require_text(PATH, visible, 1)


@pytest.mark.parametrize(("letters", "pages", "is_text"), [(30, 2, True), (29, 2, False), (0, 0, True)])
def test_pages_have_at_least_a_line_of_text(letters, pages, is_text):
    if is_text:
        _require_text(PATH, "x " * letters, pages)
    else:
        with pytest.raises(UnreadableBookError, match=r"no text layer \(a scan\?\): 29 characters on 2 pages"):
            _require_text(PATH, "x " * letters, pages)


@pytest.mark.parametrize(
    ("pages", "named"),
    [
        ([], None),
        ([3], "page 3 has"),
        ([3, 7], "pages 3, 7 have"),
        (list(range(1, 11)), "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 have"),
        (list(range(1, 12)), "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... have"),
    ],
)
def test_pages_that_are_not_sure_are_named(pages, named):
    assert [warning.split(" texts")[0] for warning in _layout_warnings(pages)] == ([named] if named else [])


def test_entries_of_the_outline_lead_to_a_page_and_have_a_title():
    def entry(title, page, level=0):
        place = None if page is None else SimpleNamespace(get_index=lambda: page if page >= 0 else None)
        return SimpleNamespace(get_dest=lambda: place, get_title=lambda: title, level=level)

    asked = []
    entries = [entry(" A\n b ", 0), entry("C", 3, 1), entry("D", None), entry("E", -1), entry(" ", 4)]
    document = SimpleNamespace(get_toc=lambda max_depth: asked.append(max_depth) or entries)
    assert _outline(document) == [Bookmark("A b", 0, 0), Bookmark("C", 3, 1)]
    assert asked == [2]  # parts and chapters


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("Failed to load: Incorrect Password error", "is locked with a password; unlock it first"),
        ("Unsupported SECURITY scheme", "is locked with a password; unlock it first"),
        ("Data format error", "is not a PDF, or is damaged: Data format error"),
    ],
)
def test_a_file_that_does_not_open_is_told_with_its_reason(error, message, monkeypatch, settings):
    def fail(data):
        raise pypdfium2.PdfiumError(error)

    monkeypatch.setattr(module.pypdfium2, "PdfDocument", fail)
    with pytest.raises(UnreadableBookError, match=rf"^b\.pdf {message}"):
        read_pdf_book(PATH, b"%PDF", settings)


def test_a_damaged_page_is_named_by_its_number_and_the_file_is_closed(monkeypatch, settings):
    def fail(document, number):
        raise pypdfium2.PdfiumError("broken")

    closed = []
    document = type("Document", (), {"__len__": lambda self: 1, "close": lambda self: closed.append(1)})()
    monkeypatch.setattr(module.pypdfium2, "PdfDocument", lambda data: document)
    monkeypatch.setattr(module, "read_page", fail)
    with pytest.raises(UnreadableBookError, match=r"^b\.pdf: page 1 is damaged: broken$"):
        read_pdf_book(PATH, b"%PDF", settings)
    assert closed == [1]
