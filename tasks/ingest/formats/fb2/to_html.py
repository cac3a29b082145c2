"""Converts FictionBook 2 (FB2) to HTML and metadata. Must not know blocks or chapters.

After the schema at http://www.gribuser.ru/xml/fictionbook/2.0/.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.archive import safe_parser
from tasks.ingest.metadata import Metadata, sort_names, split_subjects

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_MAX_LEVEL = 6
_MAX_COVER_BYTES = 16 * 1024 * 1024
_INLINE = {
    "emphasis": "em",
    "strong": "strong",
    "style": "span",
    "strikethrough": "s",
    "sub": "sub",
    "sup": "sup",
    "code": "code",
    "a": "a",
}
_BLOCKS = {
    "section": "section",
    "epigraph": "blockquote",
    "cite": "blockquote",
    "annotation": "div",
    "p": "p",
    "text-author": "p",
    "date": "p",
    "empty-line": "br",
    "table": "table",
    "tr": "tr",
    "td": "td",
    "th": "th",
    "stanza": "div",
    "v": "div",
    "poem": "div",
    "image": "img",
}
_CLASSES = {"poem": "poem", "stanza": "stanza"}


@dataclass(frozen=True)
class FictionBook:
    """A FictionBook taken apart: the text as an HTML body, the metadata of its description, and its cover."""

    body: etree._Element
    chapters: tuple[tuple[str, str, int], ...]  # title, id of its heading, depth from 0
    metadata: Metadata
    cover: bytes | None
    cover_media_type: str


def read_fb2(data: bytes, name: str) -> FictionBook:
    """Takes the bytes of an .fb2 file apart. Raises `UnreadableBookError` for damaged XML."""
    try:
        root = etree.fromstring(data, safe_parser())
    except etree.XMLSyntaxError as error:
        raise UnreadableBookError(f"{name} is a damaged FB2 file: {' '.join(error.msg.split())}") from error
    body = etree.Element("body")
    for source in root.iterfind("{*}body"):
        target = etree.SubElement(body, "div")
        if source.get("name") in ("notes", "comments", "footnotes"):
            target.set("role", "doc-endnotes")
        _convert(source, target)
    cover, media_type = _cover(root)
    return FictionBook(body, tuple(_chapters(body)), _metadata(root), cover, media_type)


def _chapters(body: etree._Element) -> Iterator[tuple[str, str, int]]:
    """Yields the titles of sections and of the sections in them, parts and chapters; gives their headings ids."""
    for level in ("h2", "h3"):
        for number, heading in enumerate(body.iter(level)):
            if heading.get("class") == "section-title" and not any(
                ancestor.get("role") == "doc-endnotes" for ancestor in heading.iterancestors()
            ):
                heading.set("id", heading.get("id") or f"{level}-{number}")
                title = " ".join(" ".join(span.itertext()) for span in heading)
                yield " ".join(title.split()), heading.get("id") or "", int(level[1]) - 2


def _convert(source: etree._Element, target: etree._Element) -> None:
    """Copies the content of an element with HTML's names. Not recursive: files may be deep."""
    stack = [(source, target, 0)]
    while stack:
        old, new, depth = stack.pop()
        new.text = old.text
        for child in old:
            if not isinstance(child.tag, str):
                _add_tail(new, child.tail)
                continue
            made = _element(child, new, depth)
            made.tail = child.tail
            inner = depth + 1 if _local(child) == "section" else depth
            stack.append((child, made, inner))


def _element(child: etree._Element, parent: etree._Element, depth: int) -> etree._Element:
    """Makes HTML's element for one of FB2's, without its text, in `parent`. `depth` is that of its section."""
    name = _local(child)
    in_title = _local(child.getparent()) == "title" if child.getparent() is not None else False
    if name in ("title", "subtitle"):
        made = etree.SubElement(parent, f"h{min(depth + (name == 'subtitle'), _MAX_LEVEL - 1) + 1}")
        if name == "title":
            made.set("class", "section-title")
    elif in_title:  # its paragraphs are the lines of one heading
        if len(parent):
            etree.SubElement(parent, "br")
        made = etree.SubElement(parent, "span")
    else:
        made = etree.SubElement(parent, _INLINE.get(name) or _BLOCKS.get(name) or "span")
    if name in _CLASSES:
        made.set("class", _CLASSES[name])
    _set_attributes(made, child, name)
    return made


def _set_attributes(made: etree._Element, child: etree._Element, name: str) -> None:
    """Copies ids, links and alternative texts, and gives notes their roles."""
    if child.get("id"):
        made.set("id", child.get("id") or "")
    if name == "section" and _in_notes(child):
        made.set("role", "doc-footnote")
    if name == "a":
        made.set("href", child.get(_XLINK_HREF) or "")
        if child.get("type") == "note":
            made.set("role", "doc-noteref")
    if name == "image":
        made.set("alt", child.get("alt") or "")


def _in_notes(section: etree._Element) -> bool:
    """Tells whether a section is one note: it stands in the body of the notes."""
    parent = section.getparent()
    return parent is not None and _local(parent) == "body" and parent.get("name") in ("notes", "comments", "footnotes")


def _add_tail(element: etree._Element, text: str | None) -> None:
    """Adds text at the end of an element's content."""
    if not text:
        return
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _metadata(root: etree._Element) -> Metadata:
    """Reads the book's description."""
    info = root.find("{*}description/{*}title-info")
    publication = root.find("{*}description/{*}publish-info")
    document = root.find("{*}description/{*}document-info")
    if info is None:
        return Metadata()
    authors: dict[str, str] = {}
    for author in info.iterfind("{*}author"):
        *given, family = (_text(author, name) for name in ("first-name", "middle-name", "last-name"))
        first = " ".join(name for name in given if name)
        name = f"{first} {family}".strip() or _text(author, "nickname")
        if name:
            authors[name] = f"{family}, {first}" if family and first else ""
    series = info.find("{*}sequence")
    return Metadata(
        title=_text(info, "book-title"),
        authors=tuple(authors),
        language=_text(info, "lang"),
        identifier=_text(publication, "isbn") or _text(document, "id"),
        publisher=_text(publication, "publisher"),
        date=_text(info, "date") or _text(publication, "year"),
        description=_text(info, "annotation"),
        series=(series.get("name") or "") if series is not None else "",
        series_position=(series.get("number") or "") if series is not None else "",
        sort_authors=sort_names(authors),
        subjects=split_subjects([_text(info, "keywords").replace(",", ";")]),
    )


def _cover(root: etree._Element) -> tuple[bytes | None, str]:
    """Reads the picture of the cover page and its media type."""
    image = root.find("{*}description/{*}title-info/{*}coverpage/{*}image")
    wanted = (image.get(_XLINK_HREF) or "").lstrip("#") if image is not None else ""
    for binary in root.iterfind("{*}binary"):
        if wanted and binary.get("id") == wanted and len(binary.text or "") < _MAX_COVER_BYTES:
            try:
                return base64.b64decode(binary.text or ""), binary.get("content-type") or ""
            except (binascii.Error, ValueError):
                return None, ""
    return None, ""


def _text(element: etree._Element | None, name: str) -> str:
    """Returns the text of an element's first child of a name, "" where there is none."""
    found = element.find(f"{{*}}{name}") if element is not None else None
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
