"""Makes an XHTML file of EPUB 2 one of EPUB 3: its frame changes, its text and elements stay byte for byte.

Four things change: the document type, entities with names (which only the old type declares), what a `meta` told the
servers of its time, and the version on the root. Anything else that HTML no longer has is a reason to refuse the book,
not to rewrite it. Must not know packages or archives.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator

from tasks.package.readalong.documents import XHTML, Element, UnfitDocumentError, read_tree

_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_SVG = "http://www.w3.org/2000/svg"
_MATHML = "http://www.w3.org/1998/Math/MathML"
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^>\[]*(\[)?[^>]*>", re.I)
_NEW_DOCTYPE = b"<!DOCTYPE html>"
# An entity, and what may hold text that only looks like one.
_ENTITY = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|&([A-Za-z][A-Za-z0-9]*);", re.S)
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_FOR_SERVERS = re.compile(
    rb"""<meta\s(?=[^>]*http-equiv\s*=\s*["']content-(?:type|style-type|script-type|language)["'])[^>]*/>"""
    rb"""|<meta\s(?=[^>]*http-equiv\s*=\s*["']content-(?:type|style-type|script-type|language)["'])[^>]*>\s*</meta>""",
    re.I,
)
_VERSION = re.compile(rb"""(<html\b[^>]*?)\s+version\s*=\s*(?:"[^"]*"|'[^']*')""")

# HTML, "non-conforming features": elements of XHTML 1.1 and 1.0 that HTML has no longer.
_GONE = frozenset({
    "acronym", "applet", "basefont", "big", "center", "dir", "font", "frame", "frameset", "isindex", "noframes", "rbc",
    "strike", "tt",
})  # fmt: skip
_SIZED = frozenset({"canvas", "embed", "iframe", "img", "input", "object", "source", "video"})
_TYPED = frozenset({"a", "button", "embed", "input", "link", "menu", "object", "ol", "script", "source", "style"})
# Attributes likewise, each with the elements at which HTML still has it.
_ONLY_AT: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("align", "alink", "archive", "axis", "background", "bgcolor", "cellpadding", "cellspacing", "char", "charoff",
         "classid", "clear", "code", "codebase", "codetype", "color", "compact", "declare", "face", "frame",
         "frameborder", "hspace", "language", "link", "longdesc", "marginheight", "marginwidth", "noshade", "nowrap",
         "profile", "rev", "rules", "scheme", "scrolling", "standby", "summary", "text", "valign", "valuetype",
         "version", "vlink", "vspace"),
        frozenset[str](),
    ),
    "abbr": frozenset({"th"}),
    "border": frozenset({"table"}),
    "charset": frozenset({"meta", "script"}),
    "coords": frozenset({"area"}),
    "height": _SIZED,
    "scope": frozenset({"th"}),
    "shape": frozenset({"area"}),
    "size": frozenset({"input", "select"}),
    "type": _TYPED,
    "width": _SIZED,
}  # fmt: skip
_BIDI = re.compile(r"(?:^|[\s;{])(direction|unicode-bidi)\s*:", re.I)


def renewed(data: bytes) -> bytes:
    """Returns a file with the frame of EPUB 3. Raises `UnfitDocumentError` for one that declares its own entities."""
    doctype = _DOCTYPE.search(data)
    if doctype is not None and doctype[1]:
        raise UnfitDocumentError("declares entities of its own")
    data = _DOCTYPE.sub(_NEW_DOCTYPE, data, count=1)
    data = _FOR_SERVERS.sub(b"", data)
    data = _VERSION.sub(rb"\1", data, count=1)
    return _ENTITY.sub(_numbered, data)


def _numbered(entity: re.Match[bytes]) -> bytes:
    """Returns an entity by its number; one of XML's own, and whatever is none, as it is."""
    name = (entity[1] or b"").decode()
    characters = "" if name in _OF_XML else html.entities.html5.get(f"{name};", "")
    return "".join(f"&#{ord(character)};" for character in characters).encode() or entity[0]


def properties_of(data: bytes) -> tuple[str, ...]:
    """Returns what EPUB 3 wants to be told about a renewed file: of "mathml", "scripted", "svg".

    Raises `UnfitDocumentError` for one that is no valid HTML, with the first reason.
    """
    root = read_tree(data)
    elements = list(root.walk())
    for reason in (_fault(element) for element in elements):
        if reason:
            raise UnfitDocumentError(reason)
    found = {"svg" for element in elements if element.namespace == _SVG}
    found |= {"mathml" for element in elements if element.namespace == _MATHML}
    found |= {"scripted" for element in elements if _is_scripted(element)}
    return tuple(sorted(found))


def bidirectional(css: str) -> str:
    """Returns the property of a stylesheet that EPUB 3 forbids in one; "" where it has none."""
    match = _BIDI.search(css)
    return match[1].lower() if match else ""


def _is_scripted(element: Element) -> bool:
    return element.namespace == XHTML and (
        element.tag in ("script", "form") or any(name.startswith("on") for name in element.attributes)
    )


def _fault(element: Element) -> str:
    """Says what is no valid HTML about an element; "" for nothing."""
    if element.namespace != XHTML:
        return ""
    tag = element.tag
    if tag in _GONE:
        return f"has the element {tag}, which HTML has no longer"
    for name in element.attributes:
        if tag not in _ONLY_AT.get(name, (tag,)):
            return f"has the attribute {name} at {tag}, which HTML has no longer"
    if forbidden := bidirectional(element.attributes.get("style", "")):
        return f"has the style {forbidden}, which EPUB 3 leaves to attributes"
    language = element.attributes.get("lang")
    if language is not None and element.attributes.get(_XML_LANG, language) != language:
        return f"names two languages at {tag}"
    return next(_faults_of_content(element), "")


def _faults_of_content(element: Element) -> Iterator[str]:
    """Yields what is amiss in some elements' content or must not be missing."""
    tag = element.tag
    inner = [child.tag for child in element.children if isinstance(child, Element)]
    if tag == "title" and element.first is None:
        yield "has an empty title"
    if tag == "head" and "title" not in inner:
        yield "has no title"
    if tag == "map" and not element.attributes.get("name"):
        yield "has a map without a name"
    if tag == "table" and element.attributes.get("border", "1") not in ("", "1"):
        yield "has the attribute border at table, which HTML has no longer"
    if tag == "table" and "col" in inner:
        yield "has a col outside of a colgroup"
    if tag == "table" and "tfoot" in inner and "tbody" in inner[inner.index("tfoot") :]:
        yield "has a table's foot before its body"
    if tag == "dl" and inner and (inner[0] != "dt" or inner[-1] != "dd"):
        yield "has a list of terms without their explanations"
