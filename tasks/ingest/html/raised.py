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
_NUMBERS = re.compile(r"[\[(]?\s*(?P<mark>\d{1,3})(?:\s*[,–-]\s*\d{1,3})*\s*[\])]?")
_SIGNS = re.compile(r"[\[(]?\s*(?P<mark>[*†‡§¶‖]{1,4}|\*\d{1,3})\s*[\])]?")
_LETTER = re.compile(r"[\[(]?(?P<mark>[a-z])[\])]?")
_VERSE_NUMBER = re.compile(r"\d{1,3}(?::\d{1,3})?\s*")
_RAISED_CLASS = re.compile(r"(?:^|\s)(?:fn|fnref|footnotenumber|sup|super|superscript)(?:\s|$)", re.I)
_VERSE_CLASS = re.compile(r"(?:^|\s)(?:v(?:erse)?[_-]?n(?:um|umber|o)?|verse|versenum(?:ber)?)(?:\s|$)", re.I)
_BEHIND_WORD = re.compile(r"[a-z]{3}[.,;:!?”’\"']*$")  # a raised letter marks a note behind "king", not behind "M"
_MAX_CHARS = 12
_CONTEXT_CHARS = 40
_MAX_STEPS = 40  # backwards through elements: documents may have many empty ones


@dataclass(frozen=True)
class _Raised:
    """A raised text that may be a mark: its number, letter or sign, and whether it stands at the head of a block."""

    element: etree._Element
    mark: str
    leads: bool


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
        # 1. Find the raised texts that may be marks.
        elements = body.iter("{*}sup", "sup", "{*}span", "span", "{*}b", "b")
        found = [raised for element in elements if (raised := _possible_mark(element)) is not None]
        # 2. Letters mark notes only from "a" on: "Capt" + n is a word.
        letters = {raised.mark for raised in found if not raised.leads}
        # 3. A block that begins with a mark of the text before it is that note; other numbers at a head count verses.
        references: dict[str, etree._Element] = {}
        for at, raised in enumerate(found):
            reference = references.pop(raised.mark, None) if raised.leads else None
            if reference is not None:
                raised.element.set(RAISED, "note")
                _join(reference, raised.element, f"{path.lower()}#raised-{at}")
            elif raised.leads and raised.mark.isdigit():
                raised.element.set(RAISED, "verse")
            elif not raised.mark.isalpha() or (not raised.leads and _is_one_of_a_row(raised.mark, letters)):
                raised.element.set(RAISED, "note")
                if not raised.leads:
                    references[raised.mark] = raised.element


def _join(reference: etree._Element, mark: etree._Element, key: str) -> None:
    """Sets `key` on a mark in the text and on the block that the same mark leads: that note."""
    block = next((holder for holder in mark.iterancestors() if local_name(holder) in BLOCKS), None)
    if block is not None and local_name(block) != "body":
        reference.set(NOTE_KEY, key)
        block.set(NOTE_KEY, key)


def _possible_mark(element: etree._Element) -> _Raised | None:
    """Returns a raised text that may be a mark, `None` for any other; marks numbers of verses."""
    # 1. Believe a class that numbers verses; else only raised texts may be marks.
    names = element.get("class") or ""
    text = "".join(element.itertext()).strip()
    if _is_decided(element, text):
        return None
    if _VERSE_CLASS.search(names) and _VERSE_NUMBER.fullmatch(text):
        element.set(RAISED, "verse")
        return None
    is_raised = local_name(element) == "sup" or _RAISED_CLASS.search(names)
    match = (_NUMBERS.fullmatch(text) or _SIGNS.fullmatch(text) or _LETTER.fullmatch(text)) if is_raised else None
    if match is None:
        return None
    mark = match["mark"].lstrip("0") or "0"
    before = _text_before(element)
    # 2. At the head of a block it numbers a verse or a note; a number behind a letter or number may be a power, and
    #    one between two words numbers a verse, "... the deep. 2 And the earth ..."; behind a word or stop it is a mark.
    if not before.strip():
        return _Raised(element, mark, leads=True)
    is_power = mark.isdigit() and _is_power(text, before.split()[-1])
    if mark.isdigit() and before[-1:].isspace() and not is_power:
        element.set(RAISED, "verse")
        return None
    # 3. A sign marks a note wherever it stands; a letter only behind a whole word.
    is_mark = not is_power and (not mark.isalpha() or _BEHIND_WORD.search(before) is not None)
    return _Raised(element, mark, leads=False) if is_mark else None


def _is_decided(element: etree._Element, text: str) -> bool:
    """Tells whether an element is too long for a mark, the upper part of a fraction, or what a link has decided."""
    return (
        len(text) > _MAX_CHARS
        or _is_over_a_bar(element)
        or bool(element.get(NOTE_KEY))
        or is_note_reference(element, local_name(element))
        or _is_linked(element)
    )


def _is_linked(element: etree._Element) -> bool:
    """Tells whether an element is in a link, or holds one: then the link decides what it is."""
    inside = any(holder.get("href") for holder in element.iterancestors("{*}a", "a"))
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
