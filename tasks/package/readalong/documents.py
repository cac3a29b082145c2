"""Reads an XHTML file as bytes: where its elements and characters stand in it, so that more bytes can be put between.

The file is never written from a tree: what is not touched stays as its author left it. Must not know utterances.
"""

from __future__ import annotations

import codecs
import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from tasks.ingest.encoding import C1
from tasks.ingest.html.places import PICTURE, PICTURES, folded

XHTML = "http://www.w3.org/1999/xhtml"
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_SEPARATOR = " "
_DECLARED = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']""", re.I)


class UnfitDocumentError(Exception):
    """A file that nothing can be put into as bytes; says why, after "the file"."""


@dataclass(eq=False)
class Character:
    """A character of the text that is no blank, and its bytes in the file; or a picture that has a description."""

    text: str
    start: int
    end: int
    parent: Element
    is_open: bool = True  # tags may be put around it: it is not inside of CDATA


@dataclass(eq=False)
class Element:
    """An element, its bytes, and what is in it: elements and characters, in order."""

    tag: str  # without its namespace, "" for the document itself
    namespace: str
    attributes: dict[str, str]
    start: int  # of its start tag
    parent: Element | None = None
    inside: int = 0  # behind its start tag
    end: int = 0  # behind its end tag
    first: Character | None = None  # of all characters in it
    last: Character | None = None
    children: list[Element | Character] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Yields the element and all elements in it, in the order of the document."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += [child for child in reversed(element.children) if isinstance(child, Element)]


@dataclass(frozen=True, eq=False)
class Document:
    """A file of the book, and its body's characters by their places (`tasks.ingest.html.places`)."""

    data: bytes
    root: Element
    body: Element
    characters: tuple[Character, ...]  # one that has an accent twice
    text: str  # folded: a sign for each place

    @property
    def ids(self) -> frozenset[str]:
        """All ids of the file's elements."""
        return frozenset(element.attributes["id"] for element in self.root.walk() if "id" in element.attributes)


def read_document(data: bytes) -> Document:
    """Reads a file. Raises `UnfitDocumentError` for one that is not well-formed, not UTF-8 or no XHTML."""
    root = read_tree(data)
    if root.namespace != XHTML:
        raise UnfitDocumentError(f"is no XHTML but {root.tag!r}")
    if data[root.start + 1 : root.inside].split(b">")[0].split()[0] != root.tag.encode():
        raise UnfitDocumentError("writes its elements with a prefix")
    body = next((element for element in root.walk() if element.tag == "body"), root)
    characters = list(_characters_in(body))
    by_place = (character for character in characters for _ in folded(character.text))
    return Document(data, root, body, tuple(by_place), folded("".join(character.text for character in characters)))


def read_tree(data: bytes) -> Element:
    """Reads any XML file; returns its root element. Raises `UnfitDocumentError` for one that is not well-formed."""
    _require_utf8(data)
    return _Reader(data).read()


def _characters_in(body: Element) -> Iterator[Character]:
    """Yields the characters of a body in the order of the document."""
    waiting: list[Element | Character] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Element):
            waiting += reversed(node.children)
        else:
            yield node


def _require_utf8(data: bytes) -> None:
    declared = _DECLARED.match(data.removeprefix(codecs.BOM_UTF8)[:200])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in ("utf-8", "utf8", "us-ascii", "ascii") or data.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        raise UnfitDocumentError(f"is not UTF-8 but {name}")


class _Reader:
    """Takes expat's events, each of which says at which byte it begins; it ends where the next one begins."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open: list[Element] = [Element("", "", {}, 0)]
        self._text: tuple[str, int] | None = None  # characters whose end is not known yet
        self._started: Element | None = None  # an element whose start tag's end is not known yet
        self._ended: Element | None = None
        self._in_cdata = False
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.buffer_text = False
        self._parser.ordered_attributes = False
        self._parser.UseForeignDTD(True)  # entities of HTML that a file does not declare are not taken for mistakes
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartCdataSectionHandler = lambda: self._cdata(inside=True)
        self._parser.EndCdataSectionHandler = lambda: self._cdata(inside=False)
        self._parser.SkippedEntityHandler = self._entity
        self._parser.DefaultHandlerExpand = lambda _rest: self._close(self._at)  # comments and the like
        self._parser.ExternalEntityRefHandler = lambda *_: 1  # the document type is not read

    def read(self) -> Element:
        """Returns the root element. Raises `UnfitDocumentError`."""
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise UnfitDocumentError(f"is not well-formed ({error})") from error
        self._close(len(self._data))
        _find_edges(self._open[0])
        return next(child for child in self._open[0].children if isinstance(child, Element))

    @property
    def _at(self) -> int:
        return self._parser.CurrentByteIndex

    def _close(self, at: int) -> None:
        """Ends what came before this byte."""
        if self._started is not None:
            self._started.inside = at
            self._started = None
        if self._ended is not None:
            self._ended.end = at
            self._ended.inside = self._ended.inside or at
            self._ended = None
        if self._text is not None:
            text, start = self._text
            self._text = None
            self._place(text, start, at)

    def _place(self, text: str, start: int, end: int) -> None:
        """Adds characters that have these bytes: each its own where they stand as they are, else all of them all."""
        is_literal = len(text.encode()) == end - start
        at = start
        for character in text:
            size = len(character.encode()) if is_literal else 0
            if not character.isspace():
                shown = C1.get(ord(character), character)
                span = (at, at + size) if is_literal else (start, end)
                here = self._open[-1]
                here.children.append(Character(shown, *span, here, is_open=not self._in_cdata))
            at += size

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._at
        self._close(at)
        namespace, _, tag = name.rpartition(_SEPARATOR)
        element = Element(tag, namespace, attributes, at, self._open[-1])
        self._open[-1].children.append(element)
        self._open.append(element)
        self._started = element

    def _end(self, _name: str) -> None:
        at = self._at
        element = self._open[-1]
        if self._started is element and at == element.start:  # <br/>: two events, one tag
            self._started = None
        else:
            self._close(at)  # what came before is still in the element
        self._open.pop()
        self._ended = element

    def _characters(self, text: str) -> None:
        at = self._at
        self._close(at)
        self._text = (text, at)

    def _cdata(self, *, inside: bool) -> None:
        self._close(self._at)
        self._in_cdata = inside

    def _entity(self, name: str, is_parameter: bool) -> None:
        at = self._at
        self._close(at)
        character = html.entities.html5.get(f"{name};", "")
        if not is_parameter and character:
            self._text = (character, at)


def _find_edges(root: Element) -> None:
    """Sets the first and the last character of every element. A picture with a description is its own only one."""
    for element in reversed(list(root.walk())):  # inner ones first
        if element.tag in PICTURES and element.attributes.get("alt", "").strip():
            element.children.append(Character(PICTURE, element.start, element.end, element))
        for child in element.children:
            first, last = (child, child) if isinstance(child, Character) else (child.first, child.last)
            element.first = element.first or first
            element.last = last or element.last
