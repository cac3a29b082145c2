"""Marks what is spoken in one XHTML file: spans with ids around it, and a link to the stylesheet that lights them up.

All of it is put between the file's own bytes, and `unmarked` takes it out again. Must not know audio or zip archives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.ingest.html.places import PICTURE
from tasks.package.readalong.clips import SpokenText
from tasks.package.readalong.documents import Document, Element
from tasks.package.readalong.fragments import Fragment, fragments_of
from tasks.package.readalong.package_file import inserted

_OPS_TYPE = "http://www.idpf.org/2007/ops type"
_NOTES = {
    "footnote": "footnote",
    "endnote": "endnote",
    "rearnote": "endnote",
    "note": "footnote",
    "doc-footnote": "footnote",
    "doc-endnote": "endnote",
}
_OUR_SPAN = re.compile(rb'<span id="tp\d*-[sw]\d+">')
_OUR_LINK = re.compile(rb'<link id="tp\d*-style"[^>]*/>')
# Spans and links, and what may hold text that only looks like one.
_TAG = re.compile(
    rb"<(?:span|link)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>|</span\s*>|<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.S
)


class OtherTextError(Exception):
    """A file holds other text than was read from it."""


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class Mark:
    """A span of ours: the index of its text, its number among that text's spans, its id, the kind of note it is in."""

    text: int
    number: int
    id: str
    first_place: int
    note: str


@dataclass(frozen=True)
class MarkedDocument:
    """A file with its marks, in the order of the file."""

    data: bytes
    marks: tuple[Mark, ...]


def marked(document: Document, texts: Mapping[int, SpokenText], grain: str, style_href: str) -> MarkedDocument:
    """Puts a span around every stretch of the given texts, and a link to the stylesheet into the head.

    Args:
        document: the file.
        texts: those that stand in it, by index.
        grain: "s" for sentences, "w" for words: a part of the ids.
        style_href: the stylesheet, from the file.

    Raises `OtherTextError`.
    """
    owners: dict[int, int] = {}
    for index, text in texts.items():
        _require_same(document, text)
        owners |= dict.fromkeys(text.places, index)
    fragments = fragments_of(document, owners)
    stem = _free_prefix(document)
    insertions: list[tuple[int, bytes]] = []
    marks: list[Mark] = []
    counts: dict[int, int] = {}
    for number, fragment in enumerate(fragments, start=1):
        id_ = f"{stem}-{grain}{number:05d}"
        insertions += [(fragment.start, f'<span id="{id_}">'.encode()), (fragment.end, b"</span>")]
        nth = counts.get(fragment.key, 0)
        counts[fragment.key] = nth + 1
        marks.append(Mark(fragment.key, nth, id_, fragment.first_place, _note_around(document, fragment)))
    head = next((element for element in document.root.walk() if element.tag == "head"), None)
    if head is not None and head.end > head.inside:
        end = document.data.rindex(b"</", head.inside, head.end)
        link = f'<link id="{stem}-style" rel="stylesheet" type="text/css" href="{style_href}"/>'
        insertions.append((end, link.encode()))
    return MarkedDocument(inserted(document.data, _closing_first(insertions)), tuple(marks))


def unmarked(data: bytes) -> bytes:
    """Takes all of our marks out of a file again: with the end tag of each span that is ours, not of the author's."""
    pieces: list[bytes] = []
    ours: list[bool] = []  # of each open span, whether it is ours
    at = 0
    for tag in _TAG.finditer(data):
        if tag[0].startswith(b"</"):
            is_ours = ours.pop()
        elif tag[0].startswith(b"<span"):
            is_ours = _OUR_SPAN.fullmatch(tag[0]) is not None
            if not tag[0].endswith(b"/>"):
                ours.append(is_ours)
        else:
            is_ours = _OUR_LINK.fullmatch(tag[0]) is not None
        if is_ours:
            pieces.append(data[at : tag.start()])
            at = tag.end()
    return b"".join([*pieces, data[at:]])


def _closing_first(insertions: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Orders insertions so that where one span ends and the next begins, the end comes first."""
    return sorted(insertions, key=lambda insertion: (insertion[0], not insertion[1].startswith(b"</")))


def _require_same(document: Document, text: SpokenText) -> None:
    """Raises `OtherTextError` unless the letters of a text stand at their places in a file."""
    for place, letter in zip(text.places, text.letters, strict=True):
        here = unicodedata.normalize("NFKD", document.text[place]) if place < len(document.text) else ""
        if here != PICTURE and letter.isalnum() and unicodedata.normalize("NFKD", letter)[0] not in here:
            raise OtherTextError


def _free_prefix(document: Document) -> str:
    """Returns the beginning of our ids: one that none of the file's has."""
    taken = document.ids
    prefixes = ("tp", *(f"tp{number}" for number in range(2, len(taken) + 3)))
    return next(prefix for prefix in prefixes if not any(id_.startswith(f"{prefix}-") for id_ in taken))


def _note_around(document: Document, fragment: Fragment[int]) -> str:
    """Says what kind of note a fragment stands in; "" for none."""
    element: Element | None = document.characters[fragment.first_place].parent
    while element is not None:
        words = f"{element.attributes.get(_OPS_TYPE, '')} {element.attributes.get('role', '')}".split()
        kind = next((_NOTES[word] for word in words if word in _NOTES), "")
        if kind:
            return kind
        element = element.parent
    return ""
