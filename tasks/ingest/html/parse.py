"""Parses (X)HTML documents and finds their headings.

Must not know files, chapters or tables of contents, nor what is read.
"""

from __future__ import annotations

import html.entities
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import lxml.html
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.archive import safe_parser
from tasks.ingest.encoding import C1
from tasks.ingest.html.elements import BLOCKS, HEADING_LEVELS, local_name
from tasks.ingest.plain.headings import heading_of

_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*", re.I)
_PROLOG_CHARS = 65536
_APART = BLOCKS | {"br"}
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{10000,}")
_ATTRIBUTE = re.compile(r"\s[^\s=/\"'<>]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?")
_MAX_ATTRIBUTES = 200
_LETTER_STYLE = re.compile(r"</?(?:b|big|em|font|i|s|small|span|strike|strong|tt|u)(?:\s[^<>]*)?>", re.I)
_BREAK = "\x1e"  # no character of XML
# HTML lets characters through that no text of a tree may be set to.
_NO_XML = dict.fromkeys((*range(9), 14, 15, *range(16, 32), 0xFFFE, 0xFFFF)) | {11: " ", 12: " "}
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.I)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
# References to the control characters 128 to 159 mean those of cp1252, as the characters themselves do.
_C1_REFERENCE = re.compile(r"&#(?:(1[2-5]\d)|x0*([89][0-9a-f]));", re.I)
# Depth, the length of a text, the length of a name.
_LIMITS = (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG)
_XML_ENTITIES = frozenset({"lt", "gt", "amp", "quot", "apos"})


def parse(text: str, source: str) -> tuple[etree._Element, tuple[str, ...]]:
    """Parses a document. Returns its body, and warnings where it is not well-formed.

    XHTML is parsed strictly first; what is not well-formed is read as HTML, with a warning. Named HTML entities are
    replaced beforehand and the document type is dropped, so no entity of the document's own is ever expanded.
    """
    text = _without_doctype(_DECLARATION.sub("", text.lstrip("\ufeff")))
    text = _C1_REFERENCE.sub(_known_control, _ENTITY.sub(_known_entity, text)).translate(C1).replace("\0", "")
    text = _LONG_TAG.sub(_with_first_attributes, text)
    if not text.strip():
        return etree.Element("body"), ()
    warnings: tuple[str, ...] = ()
    try:
        root = etree.fromstring(text.encode(), safe_parser(deep=True))
    except etree.XMLSyntaxError as error:
        root, problems = _parse_leniently(text.translate(_NO_XML), source)
        warnings = (f"{source} is not well-formed XHTML and was read as HTML: {error.msg}", *problems)
    body = next(root.iter("{*}body", "body"), None)
    return (root if body is None else body), warnings


def _with_first_attributes(match: re.Match[str]) -> str:
    """Leaves out all but the first attributes of an element: libxml2 takes quadratic time over them."""
    attributes = list(islice(_ATTRIBUTE.finditer(match[0]), _MAX_ATTRIBUTES + 1))
    if len(attributes) <= _MAX_ATTRIBUTES:
        return match[0]
    return match[0][: attributes[-1].start()] + ("/" if match[0].endswith("/") else "")


def _without_doctype(text: str) -> str:
    """Cuts out the document type with the entities that it may declare."""
    start = _DOCTYPE.search(text, 0, _PROLOG_CHARS)
    if start is None:
        return text
    subset_end = text.find("]", start.end()) if text[start.end() : start.end() + 1] == "[" else start.end()
    end = text.find(">", subset_end) if subset_end >= 0 else -1
    return text if end < 0 else text[: start.start()] + text[end + 1 :]


def _known_control(match: re.Match[str]) -> str:
    """Returns the character that cp1252 has for a reference to a control character."""
    code = int(match[1]) if match[1] else int(match[2], 16)
    return C1.get(code, match[0])


def _known_entity(match: re.Match[str]) -> str:
    """Returns the character of an entity of HTML; XML's own five stay as they are."""
    name = match[1]
    return match[0] if name in _XML_ENTITIES else html.entities.html5.get(name + ";", match[0])


def _parse_leniently(text: str, source: str) -> tuple[etree._Element, tuple[str, ...]]:
    """Parses text as HTML. Returns its root, and a warning where it was too deep until styles of letters were left out.

    Old programs open a `font` in each paragraph and close none. Raises `UnreadableBookError` for what libxml2 cannot
    read, or not to its end.
    """
    root, is_cut = _parse_html(text, source)
    warnings: tuple[str, ...] = ()
    if is_cut:
        root, is_cut = _parse_html(_LETTER_STYLE.sub("", text), source)
        warnings = (f"{source} leaves so many elements open that bold, italics and fonts in it were not heeded",)
    if is_cut:
        raise UnreadableBookError(f"{source} is nested too deeply or holds too long a text to be a book's chapter")
    return root, warnings


def _parse_html(text: str, source: str) -> tuple[etree._Element, bool]:
    """Parses text as HTML. Returns its root, and whether libxml2 has dropped what lies beyond its limits."""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise UnreadableBookError(f"{source} is neither XHTML nor HTML: {error}") from error
    # libxml2 stops quietly at its limits and would drop the rest of the text.
    return root, any(entry.type in _LIMITS for entry in parser.error_log)


def text_of(element: etree._Element) -> str:
    """Returns all text in an element, comments apart, with whitespace collapsed and blocks set apart."""
    return " ".join("".join(_pieces(element, " ")).split())


def lines_of(element: etree._Element) -> str:
    """Returns all text in an element, comments apart, a line for each block and behind each line break."""
    pieces = (piece if piece == _BREAK else " ".join(piece.split("\n")) for piece in _pieces(element, _BREAK))
    lines = (" ".join(line.split()) for line in "".join(pieces).split(_BREAK))
    return "\n".join(line for line in lines if line)


def _pieces(element: etree._Element, apart: str) -> Iterator[str]:
    """Yields the texts in an element, and `apart` at the edges of blocks and at line breaks."""
    for step, inner in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if local_name(inner) in _APART:
            yield apart
        if step == "start":
            yield inner.text or ""
        if step != "start" and inner is not element:
            yield inner.tail or ""


def heading_anchors(bodies: Sequence[etree._Element]) -> list[tuple[int, str, str]]:
    """Lists the headings that start chapters as (index of the body, id, lines); a heading without an id gets one.

    The headings of the highest level that occurs at least twice start chapters, so that a lone `h1` is a book's title.
    Under the head of a part those of the next level do, too.
    """
    headings = _headings(bodies)
    counts = Counter(tag for _, _, tag in headings)
    if not counts:
        return []
    level = next((tag for tag in sorted(counts) if counts[tag] > 1), min(counts))
    below = min((tag for tag in counts if tag > level), default="")
    marks: list[tuple[int, str, str]] = []
    is_in_part = False
    for at, (index, element, tag) in enumerate(headings):
        lines = lines_of(element)
        if tag == level:
            heading = heading_of(lines)
            is_in_part = heading is not None and heading.kind == "part"
            lines = "\n".join([lines, *_name_below(headings, at)])
        elif tag != below or not is_in_part:
            continue
        parent = element.getparent()
        grouped = parent is not None and local_name(parent) == "hgroup"
        target = parent if grouped else element
        anchor = target.get("id") or f"heading-{len(marks)}"
        target.set("id", anchor)
        marks.append((index, anchor, lines))
    return marks


def _headings(bodies: Sequence[etree._Element]) -> list[tuple[int, etree._Element, str]]:
    """Lists the headings of some documents as (index of the body, element, "h1" to "h6")."""
    return [
        (index, element, local_name(element))
        for index, body in enumerate(bodies)
        for element in body.iter(etree.Element)
        if local_name(element) in HEADING_LEVELS
    ]


def _name_below(headings: Sequence[tuple[int, etree._Element, str]], at: int) -> list[str]:
    """Returns the chapter's name where it is the heading right below "Chapter 1", one level down, and alone there."""
    index, element, tag = headings[at]
    heading = heading_of(lines_of(element))
    if heading is None or heading.title or heading.kind not in ("section", "numeral"):
        return []
    stop = next((n for n in range(at + 1, len(headings)) if headings[n][2] <= tag), len(headings))
    inner = headings[at + 1 : stop]
    if not inner or inner[0][0] != index or [level for _, _, level in inner].count(inner[0][2]) > 1:
        return []
    name = lines_of(inner[0][1])
    is_name = bool(name) and not name[0].isdigit() and heading_of(name) is None
    return [name] if is_name and not _has_text_between(element, inner[0][1]) else []


def _has_text_between(first: etree._Element, second: etree._Element) -> bool:
    """Tells whether there is text behind the end of an element and before a later one that is not inside it."""
    node = first
    while node is not None:
        if (node.tail or "").strip():
            return True
        following = node.getnext()
        if following is None:
            node = node.getparent()
            continue
        node = following
        while node is not second:
            if isinstance(node.tag, str) and (node.text or "").strip():
                return True
            if not len(node):
                break
            node = node[0]
        if node is second:
            return False
    return True
