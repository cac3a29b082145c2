"""Makes an EPUB 3 of an EPUB 2 in memory: package file, table of contents, frames of the texts. Nothing is unpacked.

The same book gives the same bytes, so that a read-along can be held against it. Must not know what is spoken.
"""

from __future__ import annotations

import posixpath
import re

from lxml import etree

from tasks.errors import BadInputError
from tasks.ingest.archive import resolve
from tasks.package.readalong.archive import Original
from tasks.package.readalong.documents import UnfitDocumentError
from tasks.package.readalong.epub2.documents import bidirectional, properties_of, renewed
from tasks.package.readalong.epub2.navigation import navigation
from tasks.package.readalong.epub2.package_file import XHTML_TYPE, OldPackage, UnfitPackageError

_NAV = "talepress/nav.xhtml"
_VERSION = re.compile(rb"""<(?:[\w.-]+:)?package\b[^>]*?\sversion\s*=\s*["']([^"']*)["']""")


def as_epub3(original: Original, opf: str, name: str) -> Original:
    """Returns a book as EPUB 3: an EPUB 2 upgraded, any other as it is.

    Args:
        original: the book.
        opf: the path of its package file.
        name: what messages call it.

    Raises `BadInputError` for an EPUB 2 of which more than the frame would have to change, with the first reason.
    """
    data = original.read(opf)
    version = _VERSION.search(data)
    if version is None or not version[1].startswith(b"2"):
        return original
    try:
        return _upgraded(original, opf, OldPackage(data))
    except UnfitPackageError as error:
        reason = f"its package file {error}"
    except UnfitDocumentError as error:
        reason = str(error)
    raise BadInputError(
        f"{name} is an EPUB 2, only EPUB 3 has read-alongs, and it does not become one as it is: {reason}. Convert it "
        "to EPUB 3 first (calibre and Sigil do), make the audiobook of that file, or leave readalong out of "
        "package.outputs"
    )


def _upgraded(original: Original, opf: str, package: OldPackage) -> Original:
    """Upgrades a book. Raises `UnfitPackageError` or `UnfitDocumentError`."""
    changed: dict[str, bytes] = {}
    properties: dict[str, tuple[str, ...]] = {}
    for href in package.hrefs(XHTML_TYPE):
        path = original.name_of(resolve(opf, href))
        if path is None:
            raise UnfitPackageError(f"names {href}, which is not in the book")
        try:
            text = renewed(original.read(path))
            properties[href] = properties_of(text)
        except UnfitDocumentError as error:
            raise UnfitDocumentError(f"{path} {error}") from error
        if text != original.read(path):
            changed[path] = text
    _require_plain_styles(original, opf, package)
    changed[opf] = package.upgrade(_NAV, properties, original.newest)
    nav = posixpath.join(posixpath.dirname(opf), _NAV)
    return original.with_files(changed, {nav: _navigation(original, opf, package, nav)})


def _require_plain_styles(original: Original, opf: str, package: OldPackage) -> None:
    """Raises `UnfitDocumentError` for a stylesheet with what EPUB 3 leaves to attributes."""
    for href in package.hrefs("text/css"):
        path = original.name_of(resolve(opf, href))
        forbidden = bidirectional(original.read(path).decode("utf-8", "replace")) if path else ""
        if forbidden:
            raise UnfitDocumentError(f"{path} has the style {forbidden}, which EPUB 3 leaves to attributes")


def _navigation(original: Original, opf: str, package: OldPackage, nav: str) -> bytes:
    """Writes the navigation document. Raises `UnfitPackageError` where the old table of contents is of no use."""
    spine = {resolve(opf, href): is_in_order for href, is_in_order in package.spine().items()}
    href = package.contents()
    path = original.name_of(resolve(opf, href))
    if path is None:
        raise UnfitPackageError(f"names {href}, which is not in the book")
    try:
        return navigation(original.read(path), path, nav, package.title(), spine)
    except etree.XMLSyntaxError as error:
        raise UnfitDocumentError(f"{path} is not well-formed ({error.msg})") from error
    except ValueError as error:
        raise UnfitDocumentError(f"{path} {error}") from error
