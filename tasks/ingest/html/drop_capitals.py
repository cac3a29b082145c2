"""Puts a drop capital that stands apart, as a letter or as a picture, before the word that it begins.

"T" + "HE night", `<div>I</div><p>t was`, a picture "A" over "LL the men". Must not know blocks or chapters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from tasks.ingest.html.elements import BLOCKS, HEADINGS, local_name
from tortoise_core.text.lexicon import default_lexicon

_CAPITAL = re.compile(r"\s*(?P<quote>[\"“‘'«]*)(?P<letter>[A-Z])\s*")
_REST = re.compile(r"(?P<gap>\s*)(?P<word>[A-Za-z]+(?:['’][a-z]+)?)")
_WORDS_OF_ONE_LETTER = frozenset("AIO")
_HOLDERS = BLOCKS - HEADINGS - {"li", "dt", "dd", "td", "th", "caption", "figcaption"}
_MAX_PLACES = 16  # of texts at the start of a paragraph that are looked at


def join_drop_capitals(body: etree._Element) -> None:
    """Joins every drop capital of a document with its word, in the tree itself."""
    for element in list(body.iter("{*}p", "p", "{*}div", "div", "{*}figure", "figure")):
        following = element.getnext()
        if following is not None and local_name(following) in _HOLDERS and _is_capital_alone(element):
            _join_blocks(element, following)
        elif local_name(element) == "p":
            _join_in_paragraph(element)


def _is_capital_alone(block: etree._Element) -> bool:
    """Tells whether a block holds a single capital, or a picture of one, and nothing else."""
    if sum(local_name(inner) in BLOCKS for inner in block.iterdescendants(etree.Element)) > 1:
        return False
    text = "".join(block.itertext(etree.Element)).strip()
    pictures = [inner for inner in block.iterdescendants(etree.Element) if local_name(inner) in ("img", "image")]
    if pictures:
        return not text and len(pictures) == 1 and _CAPITAL.fullmatch(pictures[0].get("alt") or "") is not None
    return _CAPITAL.fullmatch(text) is not None


def _join_blocks(block: etree._Element, following: etree._Element) -> None:
    """Moves the content of a block that is a drop capital to the start of the next block."""
    picture = next((inner for inner in block.iterdescendants(etree.Element) if local_name(inner) == "img"), None)
    written = (picture.get("alt") or "") if picture is not None else "".join(block.itertext(etree.Element))
    capital = _CAPITAL.fullmatch(written)
    rest = _REST.match("".join(following.itertext(etree.Element)))
    if capital is None or rest is None or not _is_one_word(capital["letter"], rest["word"]):
        return
    if following.text and following.text.strip():
        following.text = following.text.lstrip()
    if picture is not None:
        picture.tail = following.text
        following.text = None
        following.insert(0, picture)
    else:
        following.text = written.strip() + (following.text or "")
        for inner in list(block):
            block.remove(inner)
        block.text = None


def _join_in_paragraph(paragraph: etree._Element) -> None:
    """Takes the space out between a capital in an element of its own, at a paragraph's start, and its word."""
    letter = ""
    gaps: list[tuple[etree._Element, str]] = []
    for holder, name in islice(_places(paragraph), _MAX_PLACES):
        text = getattr(holder, name) or ""
        if not text.strip():
            gaps.append((holder, name))
        elif not letter:
            capital = _CAPITAL.fullmatch(text)
            if capital is None or holder is paragraph:
                return
            letter = capital["letter"]
            gaps = []
        else:
            rest = _REST.match(text)
            if rest is not None and _is_one_word(letter, rest["word"]):
                for gap, gap_name in gaps:
                    setattr(gap, gap_name, None)
                setattr(holder, name, text.lstrip())
            return


def _places(paragraph: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Yields the places of texts in a paragraph, in order: (element, "text" or "tail")."""
    for step, element in etree.iterwalk(paragraph, events=("start", "end")):
        if step == "start":
            yield element, "text"
        elif element is not paragraph:
            yield element, "tail"


def _is_one_word(letter: str, rest: str) -> bool:
    """Tells whether a capital and the letters behind it are one word: "T" + "HE", but not "A" + "man"."""
    if not (rest[0].islower() or rest.isupper()):
        return False  # an initial and a name
    lexicon = default_lexicon()
    is_word = rest.lower() in lexicon and (len(rest) > 1 or rest.upper() in _WORDS_OF_ONE_LETTER)
    if letter in _WORDS_OF_ONE_LETTER and is_word:
        return False
    return (letter + rest).lower() in lexicon or not is_word
