"""`read_book`: a book file of any known kind to a `Book`. Must not know how blocks become speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.calibre.book import read_converted_book
from tasks.ingest.formats.docx.book import read_docx_book
from tasks.ingest.formats.epub.book import read_epub
from tasks.ingest.formats.fb2.book import read_fb2_book, read_fb2_zip
from tasks.ingest.formats.html.book import read_html_book, read_html_folder, read_html_zip
from tasks.ingest.formats.kinds import kind_of
from tasks.ingest.formats.markdown.book import read_markdown_book
from tasks.ingest.formats.pdf.book import read_pdf_book
from tasks.ingest.formats.text.book import read_text_book

_MIB = 1024 * 1024

# A reader gets the file's path, its bytes and the settings. The kinds are those of `kinds.kind_of`.
_READERS: dict[str, Callable[[Path, bytes, IngestSettings], Book]] = {
    "docx": read_docx_book,
    "epub": read_epub,
    "fb2": read_fb2_book,
    "fb2-zip": read_fb2_zip,
    "html": read_html_book,
    "html-zip": read_html_zip,
    "markdown": read_markdown_book,
    "pdf": read_pdf_book,
    "text": read_text_book,
}


def read_book(path: Path, settings: IngestSettings) -> Book:
    """Reads a book file of any kind in `kinds.SUFFIXES`, or a folder of HTML files.

    Every character of the book's text is in a block of one chapter or in a skip that names its rule.

    Raises:
        UnreadableBookError: the file is missing, a folder, of another kind, damaged, encrypted, hostile or empty.
        CoverageError: reading lost or doubled text; a fault of ours.
    """
    if not path.exists():
        raise UnreadableBookError(f"there is no file {path}")
    if path.is_dir():
        return _with_text(path, read_html_folder(path, settings))
    if not path.is_file():
        raise UnreadableBookError(f"{path} is not a file; name the book file itself")
    try:
        size = path.stat().st_size
        if size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} is {size // _MIB} MiB, more than ingest.max_file_bytes allows")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableBookError(f"{path} cannot be read: {error.strerror}") from error
    if not data.strip():
        raise UnreadableBookError(f"{path.name} is empty")
    kind, warning = kind_of(path, data)
    if kind.startswith("."):
        book = read_converted_book(path, data, settings, kind)
    else:
        book = _READERS[kind](path, data, settings)
    return _with_text(path, replace(book, warnings=(warning, *book.warnings)) if warning else book)


def _with_text(path: Path, book: Book) -> Book:
    """The book itself. Raises `UnreadableBookError` where it holds nothing to read."""
    if not any(any(c.isalnum() for c in block.text) for chapter in book.chapters for block in chapter.blocks):
        skipped = sorted({skip.rule for skip in book.skipped})
        why = f"all its text is left out by the rules {', '.join(skipped)}" if skipped else "it holds only pictures?"
        raise UnreadableBookError(f"{path.name} has no text to read: {why}")
    return book
