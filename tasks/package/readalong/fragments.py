"""Finds where spans can be put around stretches of a document, so that it stays valid. Must not know what is spoken.

A stretch is cut at the edge of every block, and where it begins or ends inside an element of the author's: our span is
cut there, never theirs. Formulas, drawings and annotated words (ruby) are taken whole or not at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.package.readalong.documents import XHTML, Character, Document, Element

Key = TypeVar("Key", bound=Hashable)

# HTML, "phrasing content": what may stand inside of a span. With the older names of it that books still have.
PHRASING = frozenset({
    "a", "abbr", "acronym", "area", "audio", "b", "bdi", "bdo", "big", "br", "button", "canvas", "cite", "code",
    "data", "datalist", "del", "dfn", "em", "embed", "font", "i", "iframe", "img", "input", "ins", "kbd", "label",
    "link", "map", "mark", "meter", "noscript", "object", "output", "picture", "progress", "q", "rb", "rbc", "rp",
    "rt", "rtc", "ruby", "s", "samp", "script", "select", "slot", "small", "source", "span", "strike", "strong",
    "sub", "sup", "template", "textarea", "time", "track", "tt", "u", "var", "video", "wbr",
})  # fmt: skip
_WHOLE = frozenset({
    "ruby", "img", "select", "textarea", "script", "style", "title", "button", "object", "audio", "video", "iframe",
    "canvas", "template",
})  # fmt: skip
# What holds other elements alone, so that no span may be its child.
_NO_TEXT = frozenset({
    "html", "head", "ul", "ol", "dl", "menu", "table", "thead", "tbody", "tfoot", "tr", "colgroup", "hgroup",
    "picture", "optgroup", "datalist", "map", "ruby", "rtc", "rbc",
})  # fmt: skip
_DRAWN = frozenset({"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"})


@dataclass(frozen=True)
class Fragment(Generic[Key]):
    """A stretch that a span can be put around: bytes `[start, end)` of the file."""

    key: Key  # of the stretch that it is a part of
    start: int
    end: int
    first_place: int  # of its first character among the document's, see `tasks.ingest.html.places`
    last_place: int


def fragments_of(document: Document, owners: Mapping[int, Key]) -> list[Fragment[Key]]:
    """Finds the fragments of all stretches, in the order of the document; none overlaps another.

    Args:
        document: the file.
        owners: by place of a character, the key of the stretch that it belongs to. What nobody owns between two
            characters of one stretch, a note's mark in the middle of a sentence, is taken along.
    """
    fragments: list[Fragment[Key]] = []
    position = {id(character): place for place, character in reversed(list(enumerate(document.characters)))}
    taken = 0  # bytes up to here are in a fragment already
    for key, first, last in _stretches(document, owners):
        for start, end, opening, closing in _spans(first, last):
            if start >= taken:
                taken = end
                fragments.append(Fragment(key, start, end, position[id(opening)], position[id(closing)]))
    return fragments


def _stretches(document: Document, owners: Mapping[int, Key]) -> Iterator[tuple[Key, Character, Character]]:
    """Yields the first and the last character of each stretch in one block, in order."""
    current: tuple[Key, Character, Character, Element] | None = None
    for place, character in enumerate(document.characters):
        if place not in owners:
            continue
        key = owners[place]
        block = _block_of(character)
        if current is not None and current[0] == key and current[3] is block:
            current = (key, current[1], character, block)
            continue
        if current is not None:
            yield current[:3]
        current = (key, character, character, block)
    if current is not None:
        yield current[:3]


def _block_of(character: Character) -> Element:
    """Returns the nearest element around a character that is no phrasing content."""
    element = character.parent
    while element.parent is not None and _is_phrasing(element):
        element = element.parent
    return element


def _is_phrasing(element: Element) -> bool:
    """Tells whether an element by itself, whatever is in it, may stand inside of a span."""
    return element.tag in PHRASING if element.namespace == XHTML else element.namespace in _DRAWN


_Span = tuple[int, int, Character, Character]


def _spans(first: Character, last: Character) -> Iterator[_Span]:
    """Yields bytes `[start, end)` that spans can be put around, from one character to another of the same block."""
    common = {id(element) for element in _ancestors(first)}
    top = next(element for element in _ancestors(last) if id(element) in common)
    while _is_whole(top) and top.parent is not None:  # both are inside of something that is taken whole
        top = top.parent
    yield from _spans_in(top, first, last)


def _ancestors(character: Character) -> Iterator[Element]:
    element: Element | None = character.parent
    while element is not None:
        yield element
        element = element.parent


def _spans_in(element: Element, first: Character, last: Character) -> Iterator[_Span]:
    """Yields the spans among an element's children, and in those children that are not whole."""
    current: _Span | None = None
    takes_text = element.namespace == XHTML and element.tag not in _NO_TEXT
    for child in _children_between(element, first, last):
        edges = (child, child) if isinstance(child, Character) else (child.first, child.last)
        if edges[0] is None or edges[1] is None:
            breaks = not _is_phrasing_throughout(child)
        else:
            fits = takes_text and _fits(child, first, last)
            breaks = not fits
            if fits:
                current = (
                    current[0] if current else child.start,
                    child.end,
                    current[2] if current else edges[0],
                    edges[1],
                )
        if breaks:
            if current is not None:
                yield current
            current = None
            if isinstance(child, Element) and edges[0] is not None and not _is_whole(child):
                yield from _spans_in(child, first, last)
    if current is not None:
        yield current


def _children_between(element: Element, first: Character, last: Character) -> Iterator[Element | Character]:
    """Yields the children that hold bytes between two characters, those included."""
    at = max(0, bisect_right(element.children, first.start, key=lambda child: child.start) - 1)
    for child in element.children[at:]:
        if child.start >= last.end:
            return
        if child.end > first.start:
            yield child


def _fits(child: Element | Character, first: Character, last: Character) -> bool:
    """Tells whether a child goes into a span of its parent's: it may stand there, and all of its text belongs to it."""
    if isinstance(child, Character):
        return child.is_open
    if child.first is None or child.last is None or not _is_phrasing_throughout(child):
        return False
    return _is_whole(child) or (child.first.start >= first.start and child.last.end <= last.end)


def _is_whole(element: Element) -> bool:
    """Tells whether no span may be put inside of an element."""
    return element.namespace in _DRAWN or (element.namespace == XHTML and element.tag in _WHOLE)


def _is_phrasing_throughout(node: Element | Character) -> bool:
    """Tells whether an element and all in it may stand inside of a span."""
    return isinstance(node, Character) or all(_is_phrasing(element) for element in node.walk())
