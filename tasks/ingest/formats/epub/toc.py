"""Reads tables of contents: the EPUB 3 navigation document and the EPUB 2 NCX. Must not know what they point to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from tasks.ingest.archive import resolve
from tasks.ingest.html.parse import text_of
from tasks.ingest.html.unread import meanings


@dataclass(frozen=True)
class TocEntry:
    """One line of a table of contents. `depth` counts from 0; `path` is inside the archive, `fragment` may be ""."""

    title: str
    path: str
    fragment: str
    depth: int = 0


def read_nav(body: etree._Element, base: str) -> tuple[list[TocEntry], dict[str, tuple[str, ...]]]:
    """Reads the `toc` nav into entries, and the `landmarks` nav into the meanings of each path without a fragment."""
    entries: list[TocEntry] = []
    landmarks: dict[str, tuple[str, ...]] = {}
    for nav in body.iter("{*}nav", "nav"):
        words = meanings(nav)
        if "toc" in words and not entries:
            entries = [_entry(link, base) for link in nav.iter("{*}a", "a") if link.get("href")]
        elif "landmarks" in words:
            for link in nav.iter("{*}a", "a"):
                href = link.get("href") or ""
                if href and "#" not in href:
                    landmarks[resolve(base, href)] = tuple(meanings(link))
    return entries, landmarks


def _entry(link: etree._Element, base: str) -> TocEntry:
    """Makes an entry of a link; its depth is that of the list that it stands in."""
    depth = sum(1 for _ in link.iterancestors("{*}ol", "ol")) - 1
    title = text_of(link)
    if not title:  # a picture for a title
        title = next((img.get("alt", "") for img in link.iter("{*}img", "img")), "")
    href = link.get("href")
    return TocEntry(title, resolve(base, href), _fragment(href), max(depth, 0))


def read_ncx(root: etree._Element, base: str) -> list[TocEntry]:
    """Reads an NCX's navMap into entries in document order (which reading systems follow, rather than playOrder)."""
    return list(_ncx_points(root, base))


def _ncx_points(root: etree._Element, base: str) -> Iterator[TocEntry]:
    """Yields the entries of all navPoints that lead somewhere."""
    for point in root.iter("{*}navPoint"):
        content = point.find("{*}content")
        label = point.find("{*}navLabel")
        if content is None or not content.get("src"):
            continue
        title = "" if label is None else text_of(label)
        depth = sum(1 for _ in point.iterancestors("{*}navPoint"))
        yield TocEntry(title, resolve(base, content.get("src")), _fragment(content.get("src")), depth)


def _fragment(href: str) -> str:
    return unquote(href.split("#", 1)[1]) if "#" in href else ""
