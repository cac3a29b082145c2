"""Reads an EPUB through ebooklib into a `Package`: metadata, texts in spine order, table of contents, cover.

The only module that knows ebooklib; none of its objects leave. Must not decide what a chapter is.
"""

from __future__ import annotations

import base64
import posixpath
import re
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ebooklib import epub
from lxml import etree

from configs.settings import IngestSettings
from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive, parse_xml, resolve, safe_parser
from tasks.ingest.encoding import decode, repair
from tasks.ingest.formats.epub.metadata import Values, read_metadata, tidy
from tasks.ingest.formats.epub.opf import DC, OPF, TEXT_TYPES, clean_package
from tasks.ingest.formats.epub.toc import TocEntry, read_nav, read_ncx
from tasks.ingest.html.css import StyleSheets
from tasks.ingest.html.parse import parse
from tasks.ingest.html.pronunciation import Pronunciations
from tasks.ingest.metadata import Metadata

_CONTAINER = "META-INF/container.xml"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"PK\3\4", b"%PDF")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']|<meta[^>]+charset\s*=\s*["']?([\w.-]+)""", re.I)
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm", ".xml", ".svg")
_IMAGE_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_XHTML_TYPES = ("application/xhtml+xml", "text/html")
_MAX_COVER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Unit:
    """One text file of the spine. `path` is inside the archive; a unit not `linear` is outside the reading order.

    `also` are the paths of what it stands for: a spine's entry of a foreign type, of which it is the fallback.
    """

    path: str
    body: etree._Element
    linear: bool = True
    pronunciations: Pronunciations | None = None
    also: tuple[str, ...] = ()


@dataclass
class Package:
    """An EPUB taken apart, still without chapters."""

    metadata: Metadata
    cover: bytes | None = None
    cover_media_type: str = ""
    units: list[Unit] = field(default_factory=list)
    toc: list[TocEntry] = field(default_factory=list)
    landmarks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_fixed_layout: bool = False  # its pages are laid out like pictures
    warnings: list[str] = field(default_factory=list)


class _Reader(epub.EpubReader):
    """ebooklib's reader on a checked archive: a missing member is a warning; media and contents stay unread."""

    def __init__(self, archive: BookArchive) -> None:
        super().__init__(str(archive.path), {"ignore_ncx": True})
        self._archive = archive
        self.problems: list[str] = []

    def read_file(self, name: str) -> bytes:
        if not name.lower().endswith((*_TEXT_SUFFIXES, ".opf", ".ncx")):
            return b""
        if name == self.opf_file:
            return clean_package(self._archive.read(name), self.problems)
        if name not in self._archive and unquote(name) not in self._archive:
            self.problems.append(f"{name} is in the manifest but not in the file")
        return b""  # texts are read later, one by one

    def _load(self) -> None:
        self.opf_file = _find_package(self._archive, self.problems)
        self.opf_dir = posixpath.dirname(self.opf_file)
        self._load_opf_file()

    def _parse_nav(self, data: Any, base_path: Any, navtype: str = "toc") -> None:
        """Left out: ebooklib fails on a navigation document without a toc; `read_nav` does this."""

    def _parse_ncx(self, data: Any) -> None:
        """Left out: ebooklib loses labels with markup in them; `read_ncx` does this."""


def read_package(path: Path, settings: IngestSettings) -> Package:
    """Takes an EPUB file apart.

    Raises `UnreadableBookError` for a file that is no EPUB, damaged, encrypted, hostile or made of pictures only.
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
        values = {name: book.get_metadata("DC", name) for name in book.metadata.get(DC, {})}
        package = Package(read_metadata(values, _metas(book), book.uid or ""), warnings=reader.problems)
        package.is_fixed_layout = _is_fixed_layout(book, reader)
        _load_units(package, book, reader, archive)
        _load_toc(package, book, reader.opf_file, archive)
        _load_cover(package, book, reader.opf_file, archive)
    return package


def _find_package(archive: BookArchive, problems: list[str]) -> str:
    """Returns the path of the package file that the container names first, else of the only one in the archive."""
    named: list[str] = []
    if _CONTAINER in archive:
        root, problem = parse_xml(archive.read(_CONTAINER))
        if problem:
            problems.append(f"{_CONTAINER} {problem}")
        files = [] if root is None else list(root.iter("{*}rootfile"))
        files.sort(key=lambda file: file.get("media-type") != "application/oebps-package+xml")
        named = [resolve("", file.get("full-path") or "") for file in files if file.get("full-path")]
    found = next((name for name in named if name in archive), None)
    if found is not None:
        return found
    missing = named[0] if named else _CONTAINER
    packages = [name for name in archive.names() if name.lower().endswith(".opf")]
    if len(packages) != 1:
        raise UnreadableBookError(f"{archive.path.name} is not an EPUB: it holds no {missing}")
    problems.append(f"{missing} is missing; the package file {packages[0]} was used")
    return packages[0]


def _metas(book: epub.EpubBook) -> Values:
    """Returns all `<meta>` elements of the package, whatever name ebooklib filed them under."""
    return [pair for values in book.metadata.get(OPF, {}).values() for pair in values]


def _is_fixed_layout(book: epub.EpubBook, reader: _Reader) -> bool:
    """Tells whether the pages of a book are laid out like pictures: all of it, or most of its spine."""
    whole = any(
        (attributes.get("property") == "rendition:layout" and tidy(value) == "pre-paginated")
        or (attributes.get("name") in ("fixed-layout", "fixed_layout") and attributes.get("content") == "true")
        for value, attributes in _metas(book)
    )
    layouts = [(itemref.get("properties") or "").split() for itemref in reader.container.iter("{*}itemref")]
    fixed = sum(
        "rendition:layout-pre-paginated" in words or (whole and "rendition:layout-reflowable" not in words)
        for words in layouts
    )
    return fixed * 2 > len(layouts)


def _load_units(package: Package, book: epub.EpubBook, reader: _Reader, archive: BookArchive) -> None:
    """Reads the texts of the spine, each once, and applies their stylesheets.

    Of an entry of a type that not every reading program knows, the fallback in the manifest is read.
    """
    loaded: set[str] = set()
    # A fixed layout may lay transparent text over a picture: it is the page's text.
    styles = StyleSheets(_StyleLoader(archive, package.warnings), hides_out_of_sight=not package.is_fixed_layout)
    lexicons = _Lexicons(archive, package)
    items: dict[str, epub.EpubItem] = {}
    for item in book.get_items():
        items.setdefault(item.id, item)
    fallbacks = {item.get("id"): item.get("fallback") for item in reader.container.iter("{*}item")}
    named = Counter(fallbacks.values())
    shared = {id_ for id_, times in named.items() if times > 1}  # "This page cannot be shown": stands for nothing
    for idref, linear in book.spine:
        if idref not in items:
            package.warnings.append(f"the spine names {idref!r}, which the manifest does not have")
            continue
        chain = list(_fallback_chain(idref, items, fallbacks))
        members = [_member(reader.opf_file, item) for item in chain]
        at = _place_of_text(chain, members, archive, shared)
        text = members[at or 0]
        if text not in archive or text.lower() in loaded:
            package.warnings.append(f"{text} of the spine is missing or repeated and was left out")
            continue
        loaded.add(text.lower())
        if at is None:
            package.warnings.append(f"{text} of the spine is no text and was left out")
            continue
        body = _read_document(archive, text, package.warnings)
        styles.apply(body, text)
        package.units.append(Unit(text, body, linear != "no", lexicons.of(body, text), tuple(members[:at])))


def _fallback_chain(
    idref: str, items: Mapping[str, epub.EpubItem], fallbacks: Mapping[str, str | None]
) -> Iterator[epub.EpubItem]:
    """Yields an item of the manifest and its fallbacks, each once (EPUB 3.3, section 5.6.2)."""
    known: set[str] = set()
    current = idref
    while current in items and current not in known:
        known.add(current)
        yield items[current]
        current = fallbacks.get(current) or ""


def _place_of_text(
    chain: Sequence[epub.EpubItem], members: Sequence[str], archive: BookArchive, shared: Collection[str | None]
) -> int | None:
    """Returns the place in a fallback chain of its first XHTML, else of its first text; `None` where it has neither.

    Args:
        chain: an item of the manifest and its fallbacks.
        members: the path of each in the archive.
        archive: the book's.
        shared: ids of fallbacks that several items have; they come last.
    """
    texts = [
        (item.id in shared, item.media_type not in _XHTML_TYPES, at)
        for at, (item, member) in enumerate(zip(chain, members, strict=True))
        if member in archive and _is_text(item.media_type, member, archive)
    ]
    return min(texts)[2] if texts else None


def _member(opf_path: str, item: epub.EpubItem) -> str:
    """Returns the item's path in the archive; ebooklib has decoded its href already."""
    return resolve(opf_path, quote(item.file_name))


def _is_text(media_type: str, member: str, archive: BookArchive) -> bool:
    """Tells whether a member is text: by type or name, unless its bytes are a picture's; else by its first sign."""
    start = archive.read(member)[:64]
    bare = start.lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff\0 \t\r\n")  # of a JPEG, this takes its first sign
    if start.startswith(_PICTURES) or bare.startswith(_PICTURES):
        return False
    return media_type in (*TEXT_TYPES, "image/svg+xml") or member.lower().endswith(_TEXT_SUFFIXES) or bare[:1] == b"<"


class _StyleLoader:
    """Reads stylesheets out of the archive: called with a base and a href, returns text and path, or `None`."""

    def __init__(self, archive: BookArchive, problems: list[str]) -> None:
        self._archive = archive
        self._problems = problems

    def __call__(self, base: str, href: str) -> tuple[str, str] | None:
        member = resolve(base, href)
        if not member.lower().endswith(".css") or member not in self._archive:
            return None  # a web address, or a font's: nothing that would hide text
        try:
            return decode(self._archive.read(member))[0], member.lower()
        except UnreadableBookError as error:
            warning = f"a stylesheet was not used: {error}"
            if warning not in self._problems:
                self._problems.append(warning)
            return None


class _Lexicons:
    """The pronunciation lexicons that documents link to, each set of them read once."""

    def __init__(self, archive: BookArchive, package: Package) -> None:
        self._archive = archive
        self._package = package
        self._known: dict[tuple[str, ...], Pronunciations] = {}

    def of(self, body: etree._Element, source: str) -> Pronunciations | None:
        """Returns the lexicons that a document links to, `None` where it links to none."""
        root = body.getroottree().getroot()
        members = tuple(
            resolve(source, link.get("href") or "")
            for link in root.iter("{*}link", "link")
            if "pronunciation" in (link.get("rel") or "").lower().split() and link.get("href")
        )
        members = tuple(member for member in members if member.lower().endswith(".pls"))
        if not members:
            return None
        if members not in self._known:
            self._known[members] = Pronunciations()
            for member in members:
                problem = self._add(self._known[members], member)
                if problem:
                    self._package.warnings.append(f"{member} {problem}")
        return self._known[members]

    def _add(self, pronunciations: Pronunciations, member: str) -> str:
        """Adds one lexicon. Returns what is wrong with it, "" for nothing."""
        if member not in self._archive:
            return "is named as a pronunciation lexicon but not in the file"
        try:
            return pronunciations.add_lexicon(self._archive.read(member), self._package.metadata.language)
        except UnreadableBookError as error:
            return f"was not used: {error}"


def _read_document(archive: BookArchive, member: str, problems: list[str]) -> etree._Element:
    """Reads and parses a text; returns its body. What is wrong with it is added to `problems`."""
    data = archive.read(member)
    declared = _DECLARED.search(data[:1024])
    name = (declared[1] or declared[2]).decode("ascii") if declared else None
    text, encoding = decode(data, name)
    if encoding not in ("utf-8", "us-ascii", "ascii") and encoding != (name or "").lower():
        problems.append(f"{member} is not UTF-8 and was read as {encoding}")
    text, repairs = repair(text, member)
    body, found = parse(text, member)
    problems += (*repairs, *found)
    return body


def _load_toc(package: Package, book: epub.EpubBook, opf_path: str, archive: BookArchive) -> None:
    """Reads the table of contents, of EPUB 3 or else of EPUB 2, and the landmarks, also from the EPUB 2 guide."""
    items = list(book.get_items())
    for item in items:
        member = _member(opf_path, item)
        if isinstance(item, epub.EpubNav) and member in archive and not package.toc:
            body = _read_document(archive, member, [])
            package.toc, package.landmarks = read_nav(body, member)
    for item in items:
        member = _member(opf_path, item)
        if isinstance(item, epub.EpubNcx) and member in archive and not package.toc:
            root, problem = parse_xml(archive.read(member))
            if problem:
                package.warnings.append(f"{member} {problem}")
            if root is not None:
                package.toc = read_ncx(root, member)
    for reference in book.guide:
        href = reference.get("href") or ""
        if href and "#" not in href:
            package.landmarks.setdefault(resolve(opf_path, href), ((reference.get("type") or "").lower(),))


def _load_cover(package: Package, book: epub.EpubBook, opf_path: str, archive: BookArchive) -> None:
    """Reads the cover: the item `cover-image`, else that of `<meta name="cover">`, else the cover page's picture."""
    # 1. Collect the pictures that may be the cover.
    items = list(book.get_items())
    named = {attributes.get("content") for _, attributes in _metas(book) if attributes.get("name") == "cover"}
    candidates = [item for item in items if isinstance(item, epub.EpubCover)]
    candidates += [item for item in items if item.id in named]
    members = [_member(opf_path, item) for item in candidates]
    cover_pages = {path for path, words in package.landmarks.items() if "cover" in words}
    for unit in package.units:
        if unit.path in cover_pages:
            members += [resolve(unit.path, href) for href in unit.body.xpath("//*[local-name()='img']/@src")]
    # 2. Take the first that is there, is a picture, and is small enough.
    for member in members:
        suffix = "." + member.rsplit(".", 1)[-1].lower()
        picture = None
        media_type = ""
        if suffix == ".svg" and member in archive:
            picture, media_type = _picture_in_svg(archive.read(member))
        elif suffix in _IMAGE_TYPES and member in archive:
            picture = archive.read(member)
            media_type = _IMAGE_TYPES[suffix]
        if picture and len(picture) <= _MAX_COVER_BYTES:
            package.cover = picture
            package.cover_media_type = media_type
            return


def _picture_in_svg(data: bytes) -> tuple[bytes | None, str]:
    """Returns the photograph or painting that a drawn cover frames, and its type: audio players show no SVG."""
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
