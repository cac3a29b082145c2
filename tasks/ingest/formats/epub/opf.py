"""Puts an EPUB's package file right before it is read: makes a clean tree of whatever lies in the archive.

Must not know ebooklib, nor what the metadata mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from tasks.ingest.archive import parse_xml
from tasks.ingest.html.elements import local_name

OPF = "http://www.idpf.org/2007/opf"
DC = "http://purl.org/dc/elements/1.1/"
NCX_TYPE = "application/x-dtbncx+xml"
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm")
TEXT_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_DC_NAMES = frozenset(
    {"contributor", "coverage", "creator", "date", "description", "format", "identifier", "language", "publisher"}
    | {"relation", "rights", "source", "subject", "title", "type"}
)


def clean_package(data: bytes, problems: list[str]) -> bytes:
    """Returns the package file with one metadata, manifest, spine and guide in the OPF namespace.

    What was wrong and could be put right is added to `problems`. Raises `ValueError` where it holds no package.
    """
    root, problem = parse_xml(data)
    if root is None:
        raise ValueError("it holds no XML")
    if problem:
        problems.append(f"the package file {problem}")
    sections = {name: _section(root, name) for name in ("metadata", "manifest", "spine", "guide")}
    for name in ("manifest", "spine"):
        if sections[name] is None:
            raise ValueError(f"it has no {name}")
    clean = etree.Element(f"{{{OPF}}}package", nsmap={None: OPF, "dc": DC, "opf": OPF})
    unique = root.get("unique-identifier") or ""
    for name in ("version", "unique-identifier"):
        if root.get(name):
            clean.set(name, root.get(name))
    _add_metadata(clean, sections["metadata"], unique)
    _add_manifest(clean, sections["manifest"], problems)
    _add_spine(clean, sections["spine"], problems)
    _copy_children(etree.SubElement(clean, f"{{{OPF}}}guide"), sections["guide"], "reference")
    return bytes(etree.tostring(clean, encoding="utf-8"))


def _section(root: etree._Element, name: str) -> etree._Element | None:
    """Finds the first element of a name, whatever its namespace."""
    return next((element for element in root.iter(etree.Element) if local_name(element) == name), None)


def _elements(parent: etree._Element | None) -> Iterator[etree._Element]:
    """Iterates over an element's children, comments apart."""
    return iter(()) if parent is None else parent.iterchildren(etree.Element)


def _add_metadata(clean: etree._Element, metadata: etree._Element | None, unique: str) -> None:
    """Copies Dublin Core, `meta` and `link`; `unique` is the id of the book's own identifier."""
    target = etree.SubElement(clean, f"{{{OPF}}}metadata")
    for child in _elements(metadata):
        # EPUB's forerunner wraps them: dc-metadata and x-metadata.
        for element in [child] if local_name(child) not in ("dc-metadata", "x-metadata") else _elements(child):
            name = local_name(element)
            if name not in _DC_NAMES and name not in ("meta", "link"):
                continue
            copy = etree.SubElement(target, f"{{{DC if name in _DC_NAMES else OPF}}}{name}", dict(element.attrib))
            copy.text = element.xpath("string()")  # itertext would give the names of entities
            if name == "identifier" and copy.get("id") != unique:
                copy.attrib.pop("id", None)  # ebooklib takes the last that has an id for the book's own


def _add_manifest(clean: etree._Element, manifest: etree._Element, problems: list[str]) -> None:
    """Copies the items that have an id and an address, each id once, with the right media type."""
    target = etree.SubElement(clean, f"{{{OPF}}}manifest")
    ids: set[str] = set()
    for item in _elements(manifest):
        if local_name(item) != "item":
            continue
        name = (item.get("id") or "").strip()
        href = (item.get("href") or "").strip()
        if not name or not href:
            problems.append(
                f"an item of the manifest has no {'href' if name else 'id'} and was left out: {name or href}"
            )
            continue
        if name in ids:
            problems.append(f"the manifest has two items {name!r}; the first is used, not {href}")
            continue
        ids.add(name)
        copy = etree.SubElement(target, f"{{{OPF}}}item", dict(item.attrib))
        copy.set("id", name)
        copy.set("href", href)
        copy.set("media-type", _media_type(href, (item.get("media-type") or "").strip().lower(), problems))


def _media_type(href: str, declared: str, problems: list[str]) -> str:
    """Returns the declared media type, or the one that the file's suffix shows where the declared one is wrong."""
    path = href.split("#", 1)[0].lower()
    right = ""
    if path.endswith(_TEXT_SUFFIXES) and declared not in TEXT_TYPES:
        right = "application/xhtml+xml"
    elif path.endswith(".ncx") and declared != NCX_TYPE:
        right = NCX_TYPE
    if right:
        problems.append(f"{href} is called {declared or 'nothing'} in the manifest and was read as {right}")
    return right or declared


def _add_spine(clean: etree._Element, spine: etree._Element, problems: list[str]) -> None:
    """Copies the entries that name an item."""
    target = etree.SubElement(clean, f"{{{OPF}}}spine", dict(spine.attrib))
    for reference in _elements(spine):
        if local_name(reference) != "itemref":
            continue
        name = (reference.get("idref") or "").strip()
        if not name:
            problems.append("an entry of the spine names no item and was left out")
            continue
        copy = etree.SubElement(target, f"{{{OPF}}}itemref", dict(reference.attrib))
        copy.set("idref", name)
        copy.set("linear", (reference.get("linear") or "yes").strip().lower())


def _copy_children(target: etree._Element, source: etree._Element | None, name: str) -> None:
    """Copies the children of a name, without their content."""
    for child in _elements(source):
        if local_name(child) == name:
            etree.SubElement(target, f"{{{OPF}}}{name}", dict(child.attrib))
