"""Writes EPUB 3's table of contents and list of pages from EPUB 2's NCX, which stays beside it.

Must not know the package file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from tasks.ingest.archive import resolve, safe_parser
from tasks.ingest.formats.epub.toc import TocEntry, read_ncx
from tasks.ingest.html.parse import text_of

_UNNAMED = "\u2026"  # an entry without a title: an empty link would be a fault


def navigation(ncx: bytes, base: str, path: str, title: str, spine: Mapping[str, bool]) -> bytes:
    """Writes the navigation document.

    Args:
        ncx: the old table of contents.
        base: its path in the archive.
        path: that of the new document.
        title: the book's.
        spine: the paths of the texts, each with whether it is in the reading order. Entries that lead elsewhere are
            left out. Texts outside of that order get a list of their own: EPUB 3 wants each reached by a link.

    Raises `lxml.etree.XMLSyntaxError`, and `ValueError` for an NCX that leads nowhere.
    """
    root = etree.fromstring(ncx, safe_parser())
    entries = [entry for entry in read_ncx(root, base) if entry.path in spine]
    pages = [entry for entry in _pages(root, base) if entry.path in spine]
    others = [TocEntry(posixpath.basename(text), text, "") for text, is_in_order in spine.items() if not is_in_order]
    if not entries:
        raise ValueError("leads to no text of the book")
    lists = f'<nav epub:type="toc" id="toc">\n{_nested(entries, path)}</nav>\n'
    if pages:
        lists += f'<nav epub:type="page-list" id="pages" hidden="">\n{_nested(pages, path)}</nav>\n'
    if others:
        lists += f'<nav id="others" hidden="">\n{_nested(others, path)}</nav>\n'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">\n'
        f"<head><title>{escape(title) or _UNNAMED}</title></head>\n<body>\n{lists}</body>\n</html>\n"
    ).encode()


def _pages(root: etree._Element, base: str) -> Iterator[TocEntry]:
    """Yields the printed book's pages."""
    for target in root.iter("{*}pageTarget"):
        content = target.find("{*}content")
        label = target.find("{*}navLabel")
        if content is not None and content.get("src"):
            source = content.get("src")
            yield TocEntry("" if label is None else text_of(label), resolve(base, source), source.partition("#")[2])


def _nested(entries: Sequence[TocEntry], path: str) -> str:
    """Writes entries as lists in lists, by their depth; one that is two deeper than that before it is taken for one."""
    lines: list[str] = []
    depth = -1
    for entry in entries:
        deeper = min(entry.depth, depth + 1)
        lines.append("<ol>\n" if deeper > depth else "</li>\n" + "</ol>\n</li>\n" * (depth - deeper))
        lines.append(f"<li><a href={quoteattr(_address(entry, path))}>{escape(entry.title.strip()) or _UNNAMED}</a>")
        depth = deeper
    return "".join(lines) + "</li>\n</ol>\n" * (depth + 1)


def _address(entry: TocEntry, path: str) -> str:
    fragment = f"#{quote(entry.fragment)}" if entry.fragment else ""
    return quote(posixpath.relpath(entry.path, posixpath.dirname(path) or ".")) + fragment
