"""Makes a `Book` of HTML: one file, or a folder or zip of files. Must not know blocks or how a document is walked."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive, resolve
from tasks.ingest.chapters import Mark, one_line
from tasks.ingest.encoding import decode, repair
from tasks.ingest.formats.html.folder import (
    HTML_SUFFIXES,
    STYLE_SUFFIX,
    digest_of,
    is_index,
    is_wanted,
    read_files,
)
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.css import StyleSheets
from tasks.ingest.html.documents import Document
from tasks.ingest.html.hints import language_of
from tasks.ingest.html.parse import heading_anchors, parse, text_of
from tasks.ingest.html.plain_heads import mark_plain_heads
from tasks.ingest.metadata import Metadata, split_subjects
from tasks.ingest.skips import SkipRule

_CHARSET = re.compile(rb"""<(?:meta[^>]{0,200}charset|\?xml[^>]{0,100}encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I)
_HEAD_BYTES = 4096
_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.S
)
_LINK_SHARE = 0.5  # of an index page's text: then it is a table of contents and no more
_MIB = 1024 * 1024
_Load = Callable[[str, str], "tuple[str, str] | None"]


@dataclass(frozen=True)
class _Page:
    """One HTML file: its path inside the folder, its body, and its element `html`."""

    path: str
    body: etree._Element
    root: etree._Element
    warnings: tuple[str, ...] = ()


def is_html(head: bytes) -> bool:
    """Tells whether a file is an HTML document, by its first bytes."""
    return _START.match(head) is not None


def is_html_zip(members: frozenset[str]) -> bool:
    """Tells whether a zip archive holds HTML files, by its members' names in lower case."""
    return any(name.endswith(HTML_SUFFIXES) for name in members)


def read_html_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in one HTML file; styles in it count, other files are not looked at."""
    page = _page(path.name, data, settings)
    StyleSheets(lambda source, href: None).apply(page.body, page.path)
    documents = [Document(page.path, page.body)]
    extras = Extras(warnings=page.warnings)
    return book_from_html(path, sha256_of(data), documents, _metadata([page]), settings, None, extras)


def read_html_zip(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a zip archive of HTML files."""
    with BookArchive(path, settings) as archive:
        names = [name for name in archive.zip.namelist() if is_wanted(name)]
        files = {name: archive.read(name) for name in names}
    return _book_of_files(path, sha256_of(data), files, settings)


def read_html_folder(path: Path, settings: IngestSettings) -> Book:
    """Reads the book in a folder of HTML files and the folders in it. Raises as `folder.read_files`."""
    files = read_files(path, settings)
    return _book_of_files(path, digest_of(files), files, settings)


def folder_of_index(path: Path, settings: IngestSettings) -> Path | None:
    """Returns the folder that an index page stands for: it links to two other pages at least. None for another file.

    Raises `UnreadableBookError` for an index page that cannot be read.
    """
    if not is_index(path.name) or not path.is_file():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableBookError(f"{path} cannot be read: {error.strerror}") from error
    page = _page(path.name, data, settings)
    hrefs = (link.get("href") or "" for link in page.body.iter("{*}a", "a"))
    names = {resolve(page.path, href) for href in hrefs if "://" not in href} - {page.path}
    inside = (name for name in names if is_wanted(name) and not name.startswith(".."))
    others = [name for name in inside if os.path.isfile(path.parent / name)]  # noqa: PTH113  # refuses no name
    return path.parent if len(others) > 1 else None


def _book_of_files(path: Path, digest: str, files: Mapping[str, bytes], settings: IngestSettings) -> Book:
    """Makes a book of HTML files and stylesheets, in the order of their index page, else of their names."""
    names = sorted((name for name in files if name.lower().endswith(HTML_SUFFIXES)), key=_natural)
    pages = [_page(name, files[name], settings) for name in names]
    styles = StyleSheets(_loader(files))
    for page in pages:
        styles.apply(page.body, page.path)
    index = _index_of(pages)
    if index is not None:
        return _book_by_index(path, digest, pages, index, settings)
    documents = [Document(page.path, page.body) for page in pages]
    extras = Extras(warnings=_warnings_of(pages))
    return book_from_html(path, digest, documents, _metadata(pages), settings, _marks_of_headings(pages), extras)


def _book_by_index(path: Path, digest: str, pages: Sequence[_Page], index: _Page, settings: IngestSettings) -> Book:
    """Makes a book of pages in the order in which their index page links to them."""
    # 1. Put the linked pages into order; the others follow, with a warning each.
    links = list(_links(index, {page.path.lower() for page in pages}))
    order: dict[str, int] = {}
    for at, (_, target, _) in enumerate(links):
        order.setdefault(target, at)
    linked = sorted((p for p in pages if p.path.lower() in order), key=lambda page: order[page.path.lower()])
    others = [page for page in pages if page is not index and page not in linked]
    ordered = [page for page in linked if page is not index] + others
    warnings = tuple(f"{page.path} is not linked from {index.path} and was read at the end" for page in others)
    # 2. Skip an index page that is a list of links and no more; read any other first.
    left_out = []
    if _link_share(index) >= _LINK_SHARE:
        left_out = [(" ".join(index.body.itertext()), SkipRule.TABLE_OF_CONTENTS)]
    else:
        ordered.insert(0, index)
    # 3. A chapter starts where a link leads, and at every page without one.
    places = {page.path.lower(): at for at, page in enumerate(ordered)}
    marks = [Mark(title, places[target], fragment) for title, target, fragment in links if target in places]
    marks += [Mark(_title_of(page), places[page.path.lower()]) for page in others]
    documents = [Document(page.path, page.body) for page in ordered]
    extras = Extras(left_out=left_out, warnings=(*warnings, *_warnings_of(pages)))
    return book_from_html(path, digest, documents, _metadata([index, *pages]), settings, marks, extras)


def _warnings_of(pages: Sequence[_Page]) -> tuple[str, ...]:
    """Collects what was repaired in the pages."""
    return tuple(warning for page in pages for warning in page.warnings)


def _page(name: str, data: bytes, settings: IngestSettings) -> _Page:
    """Parses a file. Raises `UnreadableBookError` for one that is too large."""
    if len(data) > settings.max_unit_bytes:
        raise UnreadableBookError(f"{name} has {len(data) // _MIB} MiB, over ingest.max_unit_bytes")
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    text, _ = decode(data, declared[1].decode("ascii", "replace") if declared else None)
    text, repairs = repair(text, name)
    body, _ = parse(text, name)
    return _Page(name, body, body.getroottree().getroot(), repairs)


def _loader(files: Mapping[str, bytes]) -> _Load:
    """Makes the function by which `StyleSheets` finds stylesheets among the files."""
    known = {name.lower(): name for name in files}

    def load(source: str, href: str) -> tuple[str, str] | None:
        name = known.get(resolve(source, href).lower())
        return (decode(files[name])[0], name) if name is not None and name.lower().endswith(STYLE_SUFFIX) else None

    return load


def _natural(name: str) -> list[tuple[int, str]]:
    """Returns a key that sorts names as people count: "ch2" before "ch10"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name.lower()) if part]


def _index_of(pages: Sequence[_Page]) -> _Page | None:
    """Returns the page whose links order the others: the uppermost of a usual name, with at least two such links."""
    paths = {page.path.lower() for page in pages}
    named = [page for page in pages if is_index(posixpath.basename(page.path))]
    for page in sorted(named, key=lambda page: page.path.count("/")):
        if len({target for _, target, _ in _links(page, paths - {page.path.lower()})}) > 1:
            return page
    return None


def _links(index: _Page, paths: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yields title, path in lower case and fragment of the links that lead to one of `paths`, each place once."""
    known = set()
    for link in index.body.iter("{*}a", "a"):
        href = link.get("href") or ""
        title = text_of(link)
        if not href or "://" in href or not title:
            continue
        target = resolve(index.path, href).lower()
        fragment = href.partition("#")[2]
        if target in paths and target != index.path.lower() and (target, fragment) not in known:
            known.add((target, fragment))
            yield title, target, fragment


def _link_share(page: _Page) -> float:
    """Returns the share of a page's text that is links."""
    linked = sum(len(text_of(link)) for link in page.body.iter("{*}a", "a"))
    return linked / max(len(text_of(page.body)), 1)


def _marks_of_headings(pages: Sequence[_Page]) -> list[Mark]:
    """Returns marks at headings; a file without any is a chapter by itself."""
    mark_plain_heads([page.body for page in pages])
    marks = [Mark(one_line(lines), at, id_) for at, id_, lines in heading_anchors([page.body for page in pages])]
    marked = {mark.unit for mark in marks}
    if len(pages) > 1:
        marks += [Mark(_title_of(page), at) for at, page in enumerate(pages) if at not in marked]
    return marks


def _title_of(page: _Page) -> str:
    """Returns a page's first heading, else its title, else its file's name."""
    heading = next(
        (text for tag in ("h1", "h2", "h3") for h in page.body.iter(f"{{*}}{tag}", tag) if (text := text_of(h))), ""
    )
    title = next((text for t in page.root.iter("{*}title", "title") if (text := text_of(t))), "")
    return heading or title or posixpath.splitext(posixpath.basename(page.path))[0]


def _metadata(pages: Sequence[_Page]) -> Metadata:
    """Reads the metadata in the heads of the pages; of each field, the first value."""
    found: dict[str, str] = {}
    for page in pages:
        for element in page.root.iter("{*}meta", "meta"):
            name = (element.get("name") or element.get("property") or "").lower()
            name = name.removeprefix("dc.").removeprefix("dcterms.").removeprefix("og:").removeprefix("book:")
            if value := " ".join((element.get("content") or "").split()):
                found.setdefault(name, value)
        if value := language_of(page.root) or language_of(page.body):
            found.setdefault("lang", value)
    title = next((text for page in pages[:1] for t in page.root.iter("{*}title", "title") if (text := text_of(t))), "")
    authors = found.get("creator") or found.get("author") or ""
    return Metadata(
        title=found.get("title") or title,
        authors=tuple(name.strip() for name in authors.split(",") if name.strip()),
        language=found.get("language") or found.get("lang", ""),
        identifier=found.get("identifier", ""),
        publisher=found.get("publisher", ""),
        date=found.get("date", ""),
        description=found.get("description", ""),
        subjects=split_subjects([found.get("subject") or found.get("keywords", "").replace(",", ";")]),
        rights=found.get("rights") or found.get("copyright", ""),
    )
