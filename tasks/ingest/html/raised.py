"""Reads raised numbers and letters: marks of notes that nothing links, numbers of verses, powers, parts of words.

What a raised text means is found by what stands before it: 10³, x², but "He left.¹²". Must not know blocks or files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from tasks.ingest.html.elements import BLOCKS, local_name
from tasks.ingest.html.unread import NOTE_KEY, RAISED, is_note_reference

_POWER = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_EXPONENT = re.compile(r"[+−-]?\d{1,4}|n")
_YEAR = re.compile(r"(?:^|\D)(?:1[5-9]|20)\d\d$")
_BASE_LETTERS = re.compile(r"(?:^|[^A-Za-zα-ωΑ-Ω])(?P<letters>[A-Za-zα-ωΑ-Ω]{1,2})$")
_BASE_SIGN = re.compile(r"(?:^|[^A-Za-z])[A-Za-z]\)$|(?:^|\D)\d{1,3}\)$|\|$")
_SHORT_WORD = re.compile(r"a[mnst]?|b[ey]|[dgns]o|he|i[fnst]?|m[ey]|o[fhnr]|to|u[ps]|we|no", re.I)  # no units
_NUMBERS = re.compile(r"[\[(]?\s*(?P<first>\d{1,3})(?:\s*[,–-]\s*\d{1,3})*\s*[\])]?")
_SIGNS = re.compile(r"[\[(]?\s*(?:[*†‡§¶‖]{1,4}|\*\d{1,3})\s*[\])]?")
_LETTER = re.compile(r"[\[(]?(?P<letter>[a-z])[\])]?")
_VERSE_NUMBER = re.compile(r"\d{1,3}(?::\d{1,3})?\s*")
_RAISED_CLASS = re.compile(r"(?:^|\s)(?:fn|fnref|footnotenumber|sup|super|superscript)(?:\s|$)", re.I)
_VERSE_CLASS = re.compile(r"(?:^|\s)(?:v(?:erse)?[_-]?n(?:um|umber|o)?|verse|versenum(?:ber)?)(?:\s|$)", re.I)
_BEHIND_WORD = re.compile(r"[a-z]{3}[.,;:!?”’\"']*$")  # a raised letter marks a note behind "king", not behind "M"
_MAX_CHARS = 12
_CONTEXT_CHARS = 40
_MAX_STEPS = 40  # backwards through elements: documents may have many empty ones


@dataclass(frozen=True)
class _Raised:
    """A raised text that may be a mark, with its number, 0 for none, and its letter."""

    element: etree._Element
    number: int = 0
    letter: str = ""


def raised_text(element: etree._Element, before: str) -> tuple[str, bool]:
    """Returns the text of a `sup` element that is no mark, and whether a space belongs before it.

    10<sup>3</sup> is 10³ and km<sup>2</sup> is km². 3<sup>1</sup>⁄<sub>2</sub> is 3 1⁄2.

    Args:
        element: has no inner elements.
        before: the characters since the last space.
    """
    text = element.text or ""
    inner = text.strip()
    if inner == "o" and before in ("n", "N"):  # n<sup>o</sup> 5
        return "º", False
    if not _EXPONENT.fullmatch(inner):
        return text, False
    if _is_over_a_bar(element):
        return text, before[-1:].isdigit()
    if _is_power(inner, before):
        return inner.translate(_POWER), False
    return text, bool(before) and inner != "n"


def mark_raised(documents: Sequence[tuple[str, etree._Element]]) -> None:
    """Sets `RAISED` on the elements that mark a note or number a verse, and `NOTE_KEY` where a note's body is found.

    Args:
        documents: path and body of each text; `link_notes` has been there before, and what it linked stays as it is.
    """
    for path, body in documents:
        # 1. Sort the raised texts: those behind a word, those that begin a block, and numbers before a verse.
        behind: list[_Raised] = []
        leading: list[_Raised] = []
        for element in body.iter("{*}sup", "sup", "{*}span", "span", "{*}b", "b"):
            _sort(element, behind, leading)
        # 2. Letters mark notes only from "a" on: "Capt" + n is a word.
        letters = {raised.letter for raised in behind}
        behind = [raised for raised in behind if not raised.letter or _is_one_of_a_row(raised.letter, letters)]
        # 3. A block that begins with the number of a mark before it is that note; other such numbers count verses.
        numbers = {raised.number: raised.element for raised in behind if raised.number}
        for raised in behind:
            raised.element.set(RAISED, "note")
        for raised in leading:
            reference = numbers.get(raised.number)
            block = next((holder for holder in raised.element.iterancestors() if local_name(holder) in BLOCKS), None)
            raised.element.set(RAISED, "verse" if reference is None else "note")
            if reference is not None and block is not None and block is not body:
                key = f"{path.lower()}#raised-{raised.number}"
                reference.set(NOTE_KEY, key)
                block.set(NOTE_KEY, key)


def _sort(element: etree._Element, behind: list[_Raised], leading: list[_Raised]) -> None:
    """Adds a raised text that may be a mark to those behind a word or to those before one; marks verses' numbers."""
    tag = local_name(element)
    names = element.get("class") or ""
    text = "".join(element.itertext()).strip()
    # 1. Leave alone what is too long for a mark, the upper part of a fraction, and what a link has decided.
    if (
        len(text) > _MAX_CHARS
        or _is_over_a_bar(element)
        or element.get(NOTE_KEY)
        or is_note_reference(element, tag)
        or _is_linked(element)
    ):
        return
    # 2. Believe a class that numbers verses; else only raised texts may be marks.
    if _VERSE_CLASS.search(names) and _VERSE_NUMBER.fullmatch(text):
        element.set(RAISED, "verse")
        return
    if tag != "sup" and not _RAISED_CLASS.search(names):
        return
    # 3. A number at the head of a block numbers a verse or a note; behind a letter or number it may be a power; between
    #    two words it numbers a verse; behind a word or stop it marks a note.
    before = _text_before(element)
    number = _NUMBERS.fullmatch(text)
    letter = _LETTER.fullmatch(text)
    if number is not None and not before.strip():
        leading.append(_Raised(element, int(number["first"])))
    elif number is not None and _is_power(text, before.split()[-1]):
        return
    elif number is not None and before[-1:].isspace():
        element.set(RAISED, "verse")  # between two words: "... the deep. 2 And the earth ..."
    elif number is not None:
        behind.append(_Raised(element, int(number["first"])))
    # 4. A sign marks a note wherever it stands; a letter only behind a whole word.
    elif _SIGNS.fullmatch(text):
        behind.append(_Raised(element))
    elif letter is not None and _BEHIND_WORD.search(before):
        behind.append(_Raised(element, letter=letter["letter"]))


def _is_linked(element: etree._Element) -> bool:
    """Tells whether an element is in a link, or holds one: then the link decides what it is."""
    inside = any(local_name(holder) == "a" and holder.get("href") for holder in element.iterancestors())
    return inside or any(link.get("href") for link in element.iter("{*}a", "a"))


def _is_one_of_a_row(letter: str, letters: set[str]) -> bool:
    """Tells whether all letters from "a" to the one before this are marks as well."""
    return all(chr(code) in letters for code in range(ord("a"), ord(letter)))


def _is_over_a_bar(element: etree._Element) -> bool:
    """Tells whether a raised number is the upper part of a fraction."""
    return (element.tail or "").lstrip()[:1] in ("/", "⁄")


def _is_power(exponent: str, before: str) -> bool:
    """Tells whether a raised number is a power of what stands before it: of a number, a unit or a letter of a formula.

    A year has no powers, and a letter or unit none of two digits.
    """
    if not _EXPONENT.fullmatch(exponent):
        return False
    if before[-1:].isdigit():
        return _YEAR.search(before) is None
    letters = _BASE_LETTERS.search(before)
    if letters is not None:
        return _SHORT_WORD.fullmatch(letters["letters"]) is None and len(exponent.lstrip("+−-")) == 1
    return _BASE_SIGN.search(before) is not None


def _text_before(element: etree._Element) -> str:
    """Returns the last characters before an element in its block."""
    text = ""
    node = element
    for _ in range(_MAX_STEPS):
        if len(text) >= _CONTEXT_CHARS:
            break
        sibling = node.getprevious()
        if sibling is not None:
            text = (sibling.tail or "") + text
            if local_name(sibling) in BLOCKS or local_name(sibling) == "br":
                break
            if local_name(sibling) not in (
                "sup",
                "",
            ):  # a mark beside another belongs to the same word; "" is a comment
                text = "".join(sibling.itertext(etree.Element)) + text
            node = sibling
            continue
        parent = node.getparent()
        if parent is None:
            break
        text = (parent.text or "") + text
        if local_name(parent) in BLOCKS:
            break
        node = parent
    return text[-_CONTEXT_CHARS:]
