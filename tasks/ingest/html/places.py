"""Numbers the characters of a document, so that those of a block can be found again in the document's file.

A place is the number of a character among all of the document's body that are no blanks, accents counted apart: the
same in the tree that is walked over and in the file, whatever was done to blanks and accents. A picture that has a
description takes one place. Must not know blocks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from lxml import etree

from tasks.ingest.html.elements import local_name

ABSENT = -1  # the place of a blank, and of what stands in no document
PICTURE = "\ufffc"  # stands for a picture in a document's text
PICTURES = frozenset({"img", "image"})
Places = Sequence[int]  # of each character of a text; empty where nobody asked for them


@lru_cache(maxsize=1 << 12)
def units(character: str) -> int:
    """Counts how many places a character takes: none for a blank, one for a letter, two for a letter with an accent."""
    return 0 if character.isspace() else len(unicodedata.normalize("NFD", character))


def folded(text: str) -> str:
    """Returns the characters of a text by their places."""
    return unicodedata.normalize("NFD", "".join(text.split()))


class TextPlaces:
    """The places of the texts in and behind the elements of one tree; all empty where no tree is given."""

    def __init__(self, body: etree._Element | None = None) -> None:
        self._known: dict[tuple[etree._Element, str], Places] = {}
        self._next = 0
        steps = () if body is None else etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        for step, element in steps:
            if step == "start":
                if local_name(element) in PICTURES and (element.get("alt") or "").strip():
                    self._known[element, "alt"] = [self._next]
                    self._next += 1
                self._known[element, "text"] = self._numbered(element.text or "")
            elif element is not body:
                self._known[element, "tail"] = self._numbered(element.tail or "")

    def text(self, element: etree._Element, shown: str | None = None) -> Places:
        """Returns the places of an element's first text; of `shown`, where only its characters without blanks are."""
        places = self._known.get((element, "text"), ())
        if shown is not None and len(shown) != len(places):
            return [place for place in places if place != ABSENT]
        return places

    def picture(self, element: etree._Element, words: str) -> Places:
        """Returns the places of words that describe a picture: all of them its own."""
        return [place for place in self._known.get((element, "alt"), ()) for _ in words]

    def tail(self, element: etree._Element) -> Places:
        """Returns the places of the text behind an element."""
        return self._known.get((element, "tail"), ())

    def _numbered(self, text: str) -> Places:
        places = []
        for character in text:
            places.append(ABSENT if character.isspace() else self._next)
            self._next += units(character)
        return places


def without(text: str, places: Places, left_out: Sequence[tuple[int, int]]) -> tuple[str, Places]:
    """Cuts stretches out of a text; returns what is left and its places."""
    kept: list[str] = []
    kept_places: list[int] = []
    at = 0
    for start, end in (*left_out, (len(text), len(text))):
        kept.append(text[at:start])
        kept_places += places[at:start]
        at = end
    return "".join(kept), kept_places


def collapsed(text: str, words: str, places: Places) -> Places:
    """Returns the places of `words`, which is the text with its blanks collapsed."""
    solid = iter([place for character, place in zip(text, places, strict=True) if not character.isspace()])
    return [ABSENT if character.isspace() else next(solid) for character in words]


def recomposed(text: str, places: Places, result: str) -> Places:
    """Returns the places of `result`, which is the text with accents or ligatures put together or taken apart."""
    if len(text) == len(result):
        return places
    each: list[int] = []
    for character, place in zip(text, places, strict=True):
        each += [place] * len(unicodedata.normalize("NFKD", character))
    moved: list[int] = []
    at = 0
    for character in result:
        moved.append(each[min(at, len(each) - 1)])
        at += len(unicodedata.normalize("NFKD", character))
    return moved
