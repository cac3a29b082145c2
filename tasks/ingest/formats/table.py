"""`FORMATS` lists every format of book file that is read, a line each. Must not know how any of them is read.

To add a format, write its package beside this file (`read`, and what its files look like) and add its line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.formats.calibre.book import is_kindle, is_lit, is_opendocument, is_rtf, read_converted_book
from tasks.ingest.formats.docx.book import is_docx, read_docx_book
from tasks.ingest.formats.epub.book import is_epub, read_epub
from tasks.ingest.formats.fb2.book import is_fb2, is_fb2_zip, read_fb2_book, read_fb2_zip
from tasks.ingest.formats.html.book import is_html, is_html_zip, read_html_book, read_html_zip
from tasks.ingest.formats.markdown.book import read_markdown_book
from tasks.ingest.formats.pdf.book import is_pdf, read_pdf_book
from tasks.ingest.formats.text.book import read_text_book


@dataclass(frozen=True)
class Format:
    """One format of book files.

    `begins` looks at a file's first bytes, `holds` at the names, in lower case, inside a file that is a zip archive; a
    format with neither is known by its suffix alone.
    """

    name: str  # as messages have it: "an EPUB"
    suffixes: tuple[str, ...]
    read: Callable[[Path, bytes, IngestSettings], Book]  # the file's path and all its bytes
    begins: Callable[[bytes], bool] | None = None
    holds: Callable[[frozenset[str]], bool] | None = None
    may_look_like: frozenset[str] = frozenset()  # names of formats for which its content may pass; its suffix is right
    read_traced: Callable[[Path, bytes, IngestSettings], Book] | None = None  # as `read`, with `TracedBlock`s
    is_book_by_name: bool = True  # else a file of its suffix may be anything, and is a book only where somebody says so
    has_lines: bool = False  # people know its text by lines, so that a mistake in it is named by its line


def _by_calibre(suffix: str) -> Callable[[Path, bytes, IngestSettings], Book]:
    """Makes the `read` of a format that calibre converts."""
    return partial(read_converted_book, suffix=suffix)


_HTML = "an HTML file"
_KINDLE = "a Kindle book"

# In this order a file's content is looked at.
FORMATS = (
    Format(
        "an EPUB",
        (".epub", ".kepub"),
        read_epub,
        holds=is_epub,
        may_look_like=frozenset({_HTML}),
        read_traced=partial(read_epub, traced=True),
    ),
    Format("a Word document", (".docx", ".docm"), read_docx_book, holds=is_docx),
    Format("an OpenDocument text", (".odt",), _by_calibre(".odt"), holds=is_opendocument),
    Format("a zipped FB2 book", (), read_fb2_zip, holds=is_fb2_zip),
    Format("a zip of HTML files", (), read_html_zip, holds=is_html_zip),
    Format("a PDF", (".pdf",), read_pdf_book, begins=is_pdf),
    Format(_KINDLE, (".mobi", ".prc"), _by_calibre(".mobi"), begins=is_kindle),
    Format("an AZW book", (".azw",), _by_calibre(".azw"), may_look_like=frozenset({_KINDLE})),
    Format("an AZW3 book", (".azw3",), _by_calibre(".azw3"), may_look_like=frozenset({_KINDLE})),
    Format("an RTF file", (".rtf",), _by_calibre(".rtf"), begins=is_rtf),
    Format("a Microsoft Reader book", (".lit",), _by_calibre(".lit"), begins=is_lit),
    Format("an FB2 book", (".fb2",), read_fb2_book, begins=is_fb2),
    Format(_HTML, (".html", ".htm", ".xhtml", ".xht"), read_html_book, begins=is_html, is_book_by_name=False),
    Format(
        "a Markdown file",
        (".md", ".markdown", ".mkd"),
        read_markdown_book,
        may_look_like=frozenset({_HTML}),
        is_book_by_name=False,
        has_lines=True,
    ),
    Format("a text file", (".txt", ".text"), read_text_book, is_book_by_name=False, has_lines=True),
)
