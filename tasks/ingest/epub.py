"""Reads an EPUB through ebooklib into a `Package`: metadata, texts in spine order, table of contents, cover.

The only module that knows ebooklib; none of its objects leave. Must not decide what a chapter is.
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ebooklib import epub
from lxml import etree

from configs.settings import IngestSettings
from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive, resolve, safe_parser
from tasks.ingest.encoding import decode
from tasks.ingest.html import parse, text_of
from tasks.ingest.toc import TocEntry, read_nav, read_ncx

_OPF = "http://www.idpf.org/2007/opf"
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']|<meta[^>]+charset\s*=\s*["']?([\w.-]+)""", re.I)
_TEXT_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm", ".xml")
_IMAGE_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_MAX_COVER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Unit:
    """One text file of the spine. `path` is inside the archive."""

    path: str
    body: etree._Element


@dataclass
class Package:
    """An EPUB taken apart, still without chapters."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    identifier: str = ""
    publisher: str = ""
    date: str = ""
    description: str = ""
    cover: bytes | None = None
    cover_media_type: str = ""
    units: list[Unit] = field(default_factory=list)
    not_linear: list[Unit] = field(default_factory=list)
    toc: list[TocEntry] = field(default_factory=list)
    landmarks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class _Reader(epub.EpubReader):
    """ebooklib's reader on a checked archive: a missing member is a warning, media stay unread, TOCs are left to us."""

    def __init__(self, archive: BookArchive) -> None:
        super().__init__(str(archive.path), {"ignore_ncx": True})
        self._archive = archive
        self.problems: list[str] = []

    def read_file(self, name: str) -> bytes:
        if not name.lower().endswith((*_TEXT_SUFFIXES, ".opf", ".ncx")):
            return b""
        if name not in self._archive:
            if name in ("META-INF/container.xml", self.opf_file):
                raise UnreadableBookError(f"{self._archive.path.name} is not an EPUB: it holds no {name}")
            self.problems.append(f"{name} is in the manifest but not in the file")
            return b""
        return self._archive.read(name)

    def _load(self) -> None:
        self._load_container()
        if not self.opf_file:
            raise UnreadableBookError(f"{self._archive.path.name} is not an EPUB: its container names no package file")
        self._load_opf_file()

    def _parse_nav(self, data: Any, base_path: Any, navtype: str = "toc") -> None:
        """Left out: ebooklib fails on a navigation document without a toc; `read_nav` does this."""

    def _parse_ncx(self, data: Any) -> None:
        """Left out: ebooklib loses labels with markup in them; `read_ncx` does this."""


def read_package(path: Path, settings: IngestSettings) -> Package:
    """Everything `talepress` wants of an EPUB file.

    Raises `UnreadableBookError` for what is no EPUB, damaged, encrypted, hostile or made of pictures only.
    """
    with BookArchive(path, settings) as archive:
        reader = _Reader(archive)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # ebooklib's notices to programmers
                book = reader.load()
        except UnreadableBookError:
            raise
        except Exception as error:  # a hostile OPF makes ebooklib fail in any way Python can
            raise UnreadableBookError(f"{path.name} has a damaged package file: {error}") from error
        package = _metadata(book)
        package.warnings += reader.problems
        _refuse_fixed_layout(book, path)
        _load_units(package, book, reader.opf_file, archive)
        _load_toc(package, book, reader.opf_file, archive)
        _load_cover(package, book, reader.opf_file, archive)
    return package


def _metadata(book: epub.EpubBook) -> Package:
    def first(name: str) -> str:
        return next((_tidy(value) for value, _ in book.get_metadata("DC", name) if _tidy(value)), "")

    return Package(
        title=first("title"),
        authors=_authors(book),
        language=first("language").replace("_", "-"),
        identifier=_tidy(book.uid) or first("identifier"),
        publisher=first("publisher"),
        date=first("date"),
        description=_plain(first("description")),
    )


def _authors(book: epub.EpubBook) -> tuple[str, ...]:
    """Creators whose role is author or not given; all creators when that leaves nobody."""
    roles = {
        str(attributes.get("refines", "")).lstrip("#"): _tidy(value)
        for value, attributes in _metas(book)
        if attributes.get("property") == "role"
    }
    creators = [(_tidy(value), attributes) for value, attributes in book.get_metadata("DC", "creator") if _tidy(value)]

    def is_author(attributes: Mapping[str, str]) -> bool:
        role = attributes.get(f"{{{_OPF}}}role") or roles.get(attributes.get("id", "")) or "aut"
        return role == "aut"

    authors = [name for name, attributes in creators if is_author(attributes)] or [name for name, _ in creators]
    return tuple(dict.fromkeys(authors))


def _metas(book: epub.EpubBook) -> Iterable[tuple[str, Mapping[str, str]]]:
    """All `<meta>` elements of the package, whatever name ebooklib filed them under."""
    return [pair for values in book.metadata.get(_OPF, {}).values() for pair in values]


def _tidy(value: object) -> str:
    return " ".join(str(value or "").split())


def _plain(markup: str) -> str:
    """A description without its tags: publishers put escaped HTML there."""
    return text_of(parse(f"<div>{markup}</div>", "description")[0]) if "<" in markup else markup


def _refuse_fixed_layout(book: epub.EpubBook, path: Path) -> None:
    for value, attributes in _metas(book):
        if attributes.get("property") == "rendition:layout" and _tidy(value) == "pre-paginated":
            raise UnreadableBookError(
                f"{path.name} is a fixed-layout book, its pages are pictures; Talepress reads flowing text"
            )


def _load_units(package: Package, book: epub.EpubBook, opf_path: str, archive: BookArchive) -> None:
    seen: set[str] = set()
    for idref, linear in book.spine:
        item = book.get_item_with_id(idref)
        if item is None:
            package.warnings.append(f"the spine names {idref!r}, which the manifest does not have")
            continue
        member = resolve(opf_path, item.file_name.replace("#", "%23"))
        is_text = item.media_type in _TEXT_TYPES or member.lower().endswith(_TEXT_SUFFIXES)
        if not is_text or member not in archive or member.lower() in seen:
            package.warnings.append(f"{member} of the spine is missing, repeated or no text and was left out")
            continue
        seen.add(member.lower())
        body = _read_document(archive, member, package.warnings)
        (package.units if linear != "no" else package.not_linear).append(Unit(member, body))


def _read_document(archive: BookArchive, member: str, problems: list[str]) -> etree._Element:
    data = archive.read(member)
    declared = _DECLARED.search(data[:1024])
    name = (declared[1] or declared[2]).decode("ascii") if declared else None
    text, encoding = decode(data, name)
    if encoding not in ("utf-8", "us-ascii", "ascii") and encoding != (name or "").lower():
        problems.append(f"{member} is not UTF-8 and was read as {encoding}")
    body, found = parse(text, member)
    problems += found
    return body


def _load_toc(package: Package, book: epub.EpubBook, opf_path: str, archive: BookArchive) -> None:
    """Chapters' names from the navigation document, else from the NCX; landmarks also from the EPUB 2 guide."""
    items = list(book.get_items())
    for item in items:
        member = resolve(opf_path, item.file_name)
        if isinstance(item, epub.EpubNav) and member in archive and not package.toc:
            body = _read_document(archive, member, [])
            package.toc, package.landmarks = read_nav(body, member)
    for item in items:
        member = resolve(opf_path, item.file_name)
        if isinstance(item, epub.EpubNcx) and member in archive and not package.toc:
            try:
                root = etree.fromstring(archive.read(member), safe_parser())
            except etree.XMLSyntaxError as error:
                package.warnings.append(f"{member} is damaged and was not used: {error.msg}")
                continue
            package.toc = read_ncx(root, member)
    for reference in book.guide:
        href = reference.get("href") or ""
        if href and "#" not in href:
            package.landmarks.setdefault(resolve(opf_path, href), ((reference.get("type") or "").lower(),))


def _load_cover(package: Package, book: epub.EpubBook, opf_path: str, archive: BookArchive) -> None:
    """The item marked `cover-image`, else the one that `<meta name="cover">` names, else the cover page's picture."""
    items = list(book.get_items())
    named = {attributes.get("content") for _, attributes in _metas(book) if attributes.get("name") == "cover"}
    candidates = [item.file_name for item in items if isinstance(item, epub.EpubCover)]
    candidates += [item.file_name for item in items if item.id in named]
    members = [resolve(opf_path, name) for name in candidates]
    cover_pages = {path for path, words in package.landmarks.items() if "cover" in words}
    for unit in (*package.units, *package.not_linear):
        if unit.path in cover_pages:
            members += [resolve(unit.path, href) for href in unit.body.xpath("//*[local-name()='img']/@src")]
    for member in members:
        suffix = "." + member.rsplit(".", 1)[-1].lower()
        if suffix == ".svg" and member in archive:
            package.cover, package.cover_media_type = _picture_in_svg(archive.read(member))
        elif suffix in _IMAGE_TYPES and member in archive:
            package.cover, package.cover_media_type = archive.read(member), _IMAGE_TYPES[suffix]
        if package.cover and len(package.cover) <= _MAX_COVER_BYTES:
            return
        package.cover, package.cover_media_type = None, ""


def _picture_in_svg(data: bytes) -> tuple[bytes | None, str]:
    """The photograph or painting that a drawn cover frames: audio players show no SVG."""
    try:
        root = etree.fromstring(data, safe_parser())
    except etree.XMLSyntaxError:
        return None, ""
    for image in root.iter("{*}image"):
        href = image.get("{http://www.w3.org/1999/xlink}href") or image.get("href") or ""
        match = re.match(r"data:(image/(?:jpeg|png));base64,", href)
        if match:
            try:
                return base64.b64decode(href[match.end() :]), match[1]
            except ValueError:
                continue
    return None, ""
