"""Makes a `Book` of a PDF file with a text layer. Must not know columns, paragraphs or headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from configs.settings import IngestSettings
from storage.records import Book, Skip
from tasks.errors import UnreadableBookError
from tasks.ingest.chapters import assemble
from tasks.ingest.events import Event
from tasks.ingest.formats.pdf.blocks import Bookmark, read_pages
from tasks.ingest.formats.pdf.fragments import Page, read_page
from tasks.ingest.formats.pdf.layout import Line, is_undecided, page_lines, usual_gutter
from tasks.ingest.html.binding import sha256_of
from tasks.ingest.recount import require_whole
from tasks.ingest.skips import SkipRule

_MARK = b"%PDF-"
_MARK_BYTES = 1024  # within which a reader looks for the mark (PDF 1.7, implementation note 13)
_MAX_DEPTH = 2  # levels of the outline that make chapters: parts and chapters, not their sections
_MIN_CHARS_PER_PAGE = 15
_PAGES_NAMED = 10  # in a warning
_MAX_UNMAPPED_SHARE = 0.05
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")


def is_pdf(head: bytes) -> bool:
    """Tells whether a file is a PDF, by its first bytes."""
    return _MARK in head[:_MARK_BYTES]


def read_pdf_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a PDF file.

    Raises:
        UnreadableBookError: the file is damaged, locked, without a text layer, or its letters mean nothing.
        CoverageError: text went missing; a fault of ours.
    """
    # 1. Take the pages, the outline and the metadata out of the file.
    document = _open(path, data)
    try:
        if len(document) > settings.max_archive_members:
            raise UnreadableBookError(f"{path.name} has {len(document)} pages, over ingest.max_archive_members")
        pages, left_out, visible, undecided = _read_pages(document, path)
        outline = _outline(document)
        fields = {name: value.strip() for name, value in document.get_metadata_dict().items()}
    finally:
        document.close()
    # 2. Make blocks of the lines, and chapters of the blocks.
    _require_text(path, visible, len(pages))
    events, marks = read_pages(pages, outline, path.name, settings.also_read)
    events = [*left_out, *events]
    require_whole(visible, events, path.name)
    title = fields.get("Title", "")
    title = path.stem if not title or title.lower().startswith(("untitled", "microsoft word")) else title
    authors = tuple(name.strip() for name in re.split(r"[;,&]", fields.get("Author", "")) if name.strip())
    chapters, skips = assemble([events], marks, title, authors, settings.also_read)
    date = _DATE.match(fields.get("CreationDate", ""))
    return Book(
        title=title,
        authors=authors,
        language="",
        source_sha256=sha256_of(data),
        chapters=chapters,
        skipped=skips,
        description=fields.get("Subject", ""),
        date="-".join(part for part in date.groups() if part) if date else "",
        warnings=_layout_warnings(undecided),
    )


def _layout_warnings(undecided: Sequence[int]) -> tuple[str, ...]:
    """Says which pages are read from top to bottom because their columns could not be told."""
    if not undecided:
        return ()
    numbers = ", ".join(map(str, undecided[:_PAGES_NAMED])) + (", ..." if len(undecided) > _PAGES_NAMED else "")
    which = f"page {numbers} has" if len(undecided) == 1 else f"pages {numbers} have"
    return (f"{which} texts side by side that are no sure columns, read from top to bottom; look at them in the plan",)


def _open(path: Path, data: bytes) -> pypdfium2.PdfDocument:
    """Opens a PDF. Raises `UnreadableBookError` for one that is locked or damaged."""
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise UnreadableBookError(
                f"{path.name} is locked with a password; unlock it first, for example with qpdf --decrypt"
            ) from error
        raise UnreadableBookError(f"{path.name} is not a PDF, or is damaged: {error}") from error


def _read_pages(document: pypdfium2.PdfDocument, path: Path) -> tuple[list[list[Line]], list[Event], str, list[int]]:
    """Returns the lines of all pages, skips of the text that stands crosswise, all characters, and undecided pages.

    The numbers of pages whose layout is not sure count from 1.
    """
    read: list[Page] = []
    for number in range(len(document)):
        try:
            read.append(read_page(document, number))
        except pypdfium2.PdfiumError as error:
            raise UnreadableBookError(f"{path.name}: page {number + 1} is damaged: {error}") from error
    pages: list[list[Line]] = []
    left_out: list[Event] = []
    visible: list[str] = []
    gutter = usual_gutter(read)
    for page in read:
        pages.append(page_lines(page, gutter))
        if page.crosswise:
            left_out.append(Skip(page.crosswise, SkipRule.CROSSWISE_TEXT, source=path.name))
        visible += [*(fragment.text for fragment in page.fragments), page.crosswise]
    undecided = [number for number, page in enumerate(read, start=1) if is_undecided(page, gutter)]
    return pages, left_out, " ".join(visible), undecided


def _require_text(path: Path, visible: str, pages: int) -> None:
    """Raises `UnreadableBookError` for a PDF without a text layer, or whose letters mean nothing."""
    characters = len("".join(visible.split()))
    if characters < _MIN_CHARS_PER_PAGE * pages:
        raise UnreadableBookError(
            f"{path.name} has no text layer (a scan?): {characters} characters on {pages} pages; "
            "make one first, for example with `ocrmypdf IN.pdf OUT.pdf`"
        )
    if visible.count("\ufffd") > _MAX_UNMAPPED_SHARE * characters:
        raise UnreadableBookError(
            f"{path.name}: its fonts do not say which letters they show; read them from the picture, for example with "
            "`ocrmypdf --force-ocr IN.pdf OUT.pdf`"
        )


def _outline(document: pypdfium2.PdfDocument) -> list[Bookmark]:
    """Returns the entries of the outline that lead to a page."""
    entries = []
    for bookmark in document.get_toc(max_depth=_MAX_DEPTH):
        destination = bookmark.get_dest()
        page = destination.get_index() if destination is not None else None
        title = " ".join(bookmark.get_title().split())
        if page is not None and title:
            entries.append(Bookmark(title, page, bookmark.level))
    return entries
