"""Makes a package file of EPUB 2 one of EPUB 3: what metadata had as attributes becomes elements that refine them.

Must not know what is in the book's other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tasks.ingest.archive import safe_parser
from tasks.ingest.formats.epub.opf import DC, NCX_TYPE, OPF

_OPF = f"{{{OPF}}}"
_DC = f"{{{DC}}}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
XHTML_TYPE = "application/xhtml+xml"
_SVG_TYPE = "image/svg+xml"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# EPUB 2's names of events, with the properties that dates have by them. That of the publication stays dc:date.
_EVENTS = {"creation": "dcterms:created", "modification": "dcterms:modified"}
_NO_ITEMS = ("required-namespace", "required-modules", "fallback-style")  # of other kinds of text than XHTML


class UnfitPackageError(Exception):
    """A package file that stays EPUB 2; says why, after "its package file"."""


class OldPackage:
    """A package file of EPUB 2, which `upgrade` makes one of EPUB 3."""

    def __init__(self, data: bytes) -> None:
        """Raises `UnfitPackageError`."""
        try:
            self._root = etree.fromstring(data, safe_parser())
        except etree.XMLSyntaxError as error:
            raise UnfitPackageError(f"is not well-formed ({error.msg})") from error
        self._metadata = self._section("metadata")
        self._manifest = self._section("manifest")
        self._spine = self._section("spine")
        if self._root.find(f"{_OPF}tours") is not None:
            raise UnfitPackageError("has tours, which EPUB 3 has no longer")
        if any(etree.QName(child).localname in ("dc-metadata", "x-metadata") for child in self._metadata.iter("*")):
            raise UnfitPackageError("has its metadata as EPUB's forerunner had them")
        self._require_texts()

    def hrefs(self, media_type: str) -> list[str]:
        """Returns the addresses of all items of a media type."""
        return [item.get("href", "") for item in self._items() if item.get("media-type") == media_type]

    def spine(self) -> dict[str, bool]:
        """Returns the addresses of the texts, each with whether it is in the reading order."""
        items = {item.get("id"): item.get("href", "") for item in self._items()}
        entries = self._spine.iter(f"{_OPF}itemref")
        return {items[entry.get("idref")]: entry.get("linear") != "no" for entry in entries}

    def contents(self) -> str:
        """Returns the address of the NCX. Raises `UnfitPackageError` where the spine names none."""
        for item in self._items():
            if item.get("id") == self._spine.get("toc") and item.get("media-type") == NCX_TYPE:
                return str(item.get("href", ""))
        raise UnfitPackageError("names no table of contents (toc.ncx)")

    def title(self) -> str:
        """Returns the book's first title, "" for none."""
        return " ".join((self._metadata.findtext(f"{_DC}title") or "").split())

    def upgrade(self, nav_href: str, properties: Mapping[str, tuple[str, ...]], modified: str) -> bytes:
        """Makes it EPUB 3, once. Returns the file.

        Args:
            nav_href: the navigation document.
            properties: by address of an item, what EPUB 3 wants to be told of it.
            modified: when the book was last changed, "2001-02-03T04:05:06Z", where it does not say so itself.
        """
        self._root.set("version", "3.0")
        self._date(modified)
        for number, element in enumerate(list(self._metadata.iterchildren(f"{_DC}*"))):
            self._refine(element, f"talepress-of-{number}")
        for meta in self._metadata.findall(f"{_OPF}meta[@name]"):
            meta.attrib.pop("scheme", None)
        cover = self._metadata.find(f"{_OPF}meta[@name='cover']")
        for item in self._items():
            for name in _NO_ITEMS:
                item.attrib.pop(name, None)
            own = properties.get(item.get("href", ""), ())
            is_picture = item.get("media-type", "").startswith("image/")
            if cover is not None and is_picture and item.get("id") == cover.get("content"):
                own = (*own, "cover-image")
            if own:
                item.set("properties", " ".join(own))
        nav = {"id": "talepress-nav", "href": nav_href, "media-type": XHTML_TYPE, "properties": "nav"}
        etree.SubElement(self._manifest, f"{_OPF}item", nav)
        return bytes(etree.tostring(self._root.getroottree(), encoding="utf-8", xml_declaration=True))

    def _section(self, name: str) -> etree._Element:
        found = self._root.find(f"{_OPF}{name}")
        if found is None:
            raise UnfitPackageError(f"has no {name}")
        return found

    def _items(self) -> Iterator[etree._Element]:
        return self._manifest.iterchildren(f"{_OPF}item")

    def _require_texts(self) -> None:
        """Raises `UnfitPackageError` unless all that is to be read is of a kind that EPUB 3 has."""
        types = {item.get("id"): item.get("media-type") for item in self._items()}
        for entry in self._spine.iter(f"{_OPF}itemref"):
            kind = types.get(entry.get("idref"))
            if kind not in (XHTML_TYPE, _SVG_TYPE):
                raise UnfitPackageError(f"has a text of the kind {kind or 'of no item'}, which EPUB 3 has not")

    def _date(self, modified: str) -> None:
        """Leaves one dc:date, the publication's; what is known of others becomes properties of their own."""
        kept = False
        for date in list(self._metadata.iterchildren(f"{_DC}date")):
            event = (date.attrib.pop(f"{_OPF}event", None) or "publication").strip().lower()
            value = (date.text or "").strip()
            if event not in _EVENTS and not kept:
                kept = True
                continue
            self._metadata.remove(date)
            if event == "modification":
                day = _DAY.match(value)
                modified = f"{day[0]}T00:00:00Z" if day else modified
            elif value:
                self._add(_EVENTS.get(event, "dcterms:date"), value)
        self._add("dcterms:modified", modified)

    def _refine(self, element: etree._Element, free_id: str) -> None:
        """Makes elements of the attributes that metadata have no longer."""
        element.attrib.pop(_XSI_TYPE, None)
        name = etree.QName(element).localname
        if not (element.text or "").strip() and name not in ("title", "language", "identifier"):
            self._metadata.remove(element)
            return
        role = element.attrib.pop(f"{_OPF}role", None)
        sorted_as = element.attrib.pop(f"{_OPF}file-as", None)
        scheme = element.attrib.pop(f"{_OPF}scheme", None)
        if not (role or sorted_as or scheme):
            return
        if not element.get("id"):
            element.set("id", free_id)
        about = f"#{element.get('id')}"
        if role:
            self._add("role", role, refines=about, scheme="marc:relators")
        if sorted_as:
            self._add("file-as", sorted_as, refines=about)
        if scheme:
            self._add("identifier-type", scheme, refines=about)

    def _add(self, name: str, value: str, **attributes: str) -> None:
        etree.SubElement(self._metadata, f"{_OPF}meta", {"property": name, **attributes}).text = value
