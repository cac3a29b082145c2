"""Adds overlays, audio and a stylesheet to an EPUB's package file, as bytes: what is there stays as it is.

Must not know what is in those files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from tasks.errors import BadInputError
from tasks.package.readalong.documents import Element, UnfitDocumentError, read_tree
from tasks.package.readalong.smil import clock

ACTIVE_CLASS = "-epub-media-overlay-active"
_DECLARED_ACTIVE = "media:active-class"


@dataclass(frozen=True)
class NewItem:
    """A file to be named in the manifest. `href` is relative to the package file."""

    id: str
    href: str
    media_type: str


@dataclass(frozen=True)
class Overlay:
    """The overlay of one file of text."""

    item: NewItem
    duration_ms: int


@dataclass(frozen=True)
class PackageFile:
    """A package file taken apart as far as something is added to it."""

    data: bytes
    metadata: Element
    manifest: Element
    items: tuple[Element, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the manifest's items."""
        return frozenset(item.attributes.get("id", "") for item in self.items)


def read_package_file(data: bytes, name: str) -> PackageFile:
    """Reads a package file. Raises `BadInputError` for a book that no overlays can be added to, and says why."""
    try:
        root = read_tree(data)
    except UnfitDocumentError as error:
        raise BadInputError(f"{name} cannot become a read-along: its package file {error}") from error
    version = root.attributes.get("version", "")
    if not version.startswith("3"):
        raise BadInputError(
            f"{name} is an EPUB {version or '1'}, and only EPUB 3 has read-alongs: convert it to EPUB 3 first "
            "(calibre and Sigil do), make the audiobook of that file, or leave readalong out of package.outputs"
        )
    sections = {child.tag: child for child in root.children if isinstance(child, Element)}
    if "metadata" not in sections or "manifest" not in sections:
        raise BadInputError(f"{name} cannot become a read-along: its package file has no metadata or no manifest")
    manifest = sections["manifest"]
    items = tuple(child for child in manifest.children if isinstance(child, Element) and child.tag == "item")
    if any("media-overlay" in item.attributes for item in items):
        raise BadInputError(
            f"{name} is a read-along already: leave readalong out of package.outputs, or take its overlays out first"
        )
    return PackageFile(data, sections["metadata"], manifest, items)


def with_overlays(
    package: PackageFile, overlays: Mapping[str, Overlay], others: Sequence[NewItem], metas: Sequence[tuple[str, str]]
) -> bytes:
    """Returns the package file with all that a read-along needs.

    Args:
        package: the original.
        overlays: by id of the item in the manifest that each belongs to.
        others: audio and stylesheet.
        metas: further properties with their values: of accessibility, the narrator.
    """
    data = package.data
    insertions: list[tuple[int, bytes]] = []
    for item in package.items:
        overlay = overlays.get(item.attributes.get("id", ""))
        if overlay is not None:
            end = item.inside - (2 if data[item.inside - 2 : item.inside] == b"/>" else 1)
            insertions.append((end, f" media-overlay={quoteattr(overlay.item.id)}".encode()))
    total = sum(overlay.duration_ms for overlay in overlays.values())
    properties = [
        *(("media:duration", clock(overlay.duration_ms), overlay.item.id) for overlay in overlays.values()),
        ("media:duration", clock(total), ""),
        (_DECLARED_ACTIVE, ACTIVE_CLASS, ""),
        *((name, value, "") for name, value in metas),
    ]
    prefix = _prefix(data, package.metadata)
    insertions.append((_closing(data, package.metadata), "".join(_meta(prefix, *each) for each in properties).encode()))
    prefix = _prefix(data, package.manifest)
    items = [*(overlay.item for overlay in overlays.values()), *others]
    insertions.append((_closing(data, package.manifest), "".join(_item(prefix, item) for item in items).encode()))
    return inserted(data, insertions)


def inserted(data: bytes, insertions: Sequence[tuple[int, bytes]]) -> bytes:
    """Puts bytes into bytes, each at its offset; those of one offset in the order given."""
    pieces: list[bytes] = []
    at = 0
    for offset, new in sorted(insertions, key=lambda insertion: insertion[0]):
        pieces += [data[at:offset], new]
        at = offset
    return b"".join([*pieces, data[at:]])


def _prefix(data: bytes, element: Element) -> str:
    """Returns the namespace prefix that an element is written with, and its colon; "" for none."""
    written = re.match(rb"<([\w.-]+:)?", data[element.start :])
    return (written[1] or b"").decode() if written else ""


def _closing(data: bytes, element: Element) -> int:
    """Returns where an element's end tag begins."""
    return data.rindex(b"</", element.inside, element.end)


def _meta(prefix: str, name: str, value: str, refines: str) -> str:
    about = f' refines="#{refines}"' if refines else ""
    return f'<{prefix}meta property="{name}"{about}>{escape(value)}</{prefix}meta>\n'


def _item(prefix: str, item: NewItem) -> str:
    return f'<{prefix}item id="{item.id}" href={quoteattr(item.href)} media-type="{item.media_type}"/>\n'
