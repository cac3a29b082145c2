"""Small EPUBs for tests, written member by member, so that every fault can be built in."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

CONTAINER = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


NOT_LINEAR = ' linear="no"'
PROPERTIES = {"nav.xhtml": ' properties="nav"'}


def page(body: str, attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>x</title></head><body {attributes}>{body}</body></html>"
    )


def nav(*entries: tuple[str, str]) -> str:
    items = "".join(f'<li><a href="{href}">{title}</a></li>' for title, href in entries)
    return page(f'<nav epub:type="toc"><ol>{items}</ol></nav>')


def ncx(*entries: tuple[str, str]) -> str:
    points = "".join(
        f'<navPoint id="p{i}"><navLabel><text>{title}</text></navLabel><content src="{href}"/></navPoint>'
        for i, (title, href) in enumerate(entries)
    )
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'


def opf(members: Sequence[str], spine: Sequence[str], extra: str = "", not_linear: Sequence[str] = ()) -> str:
    items = "".join(
        f'<item id="i{i}" href="{name}" media-type="{_media_type(name)}"{PROPERTIES.get(name, "")}/>'
        for i, name in enumerate(members)
    )
    refs = "".join(
        f'<itemref idref="i{members.index(name)}"{NOT_LINEAR if name in not_linear else ""}/>' for name in spine
    )
    toc = f' toc="i{members.index("toc.ncx")}"' if "toc.ncx" in members else ""
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        '<dc:identifier id="id">test-1</dc:identifier><dc:title>A Test</dc:title>'
        f"<dc:creator>Ann Author</dc:creator><dc:language>en</dc:language>{extra}</metadata>"
        f"<manifest>{items}</manifest><spine{toc}>{refs}</spine></package>"
    )


def _media_type(name: str) -> str:
    kinds = {"xhtml": "application/xhtml+xml", "ncx": "application/x-dtbncx+xml", "png": "image/png"}
    return kinds.get(name.rsplit(".", 1)[-1].lower(), "text/plain")


def write_epub(
    path: Path,
    pages: Mapping[str, str],
    contents: Mapping[str, str] | None = None,
    extra_metadata: str = "",
    members: Mapping[str, str | bytes] | None = None,
    not_linear: Sequence[str] = (),
) -> Path:
    """An EPUB of `pages` in spine order. `contents` holds nav.xhtml or toc.ncx; `members` are raw archive members."""
    contents = contents or {}
    package = opf([*pages, *contents], list(pages), extra_metadata, not_linear)
    files: dict[str, str | bytes] = {"META-INF/container.xml": CONTAINER, "OEBPS/content.opf": package}
    files |= {f"OEBPS/{name}": text for name, text in {**pages, **contents}.items()}
    files |= members or {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", compress_type=zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)
    return path
