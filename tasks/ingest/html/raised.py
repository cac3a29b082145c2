"""Reads raised numbers by what stands before them: a power, part of a fraction, or a mark. Must not know blocks."""

from __future__ import annotations

import re

from lxml import etree

_POWER = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_EXPONENT = re.compile(r"[+−-]?\d{1,4}|n")
_BASE = re.compile(r"(?:.*[\d)\]|])|(?:.*[^A-Za-z])?[A-Za-zα-ωΑ-Ω]{1,2}", re.S)  # 10, (a + b), x, km


def raised_text(element: etree._Element, before: str) -> tuple[str, bool]:
    """Returns the text of a `sup` element, and whether a space belongs before it.

    10<sup>3</sup> is 10³ and km<sup>2</sup> is km². 3<sup>1</sup>⁄<sub>2</sub> is 3 1⁄2. A number raised behind a word
    or a full stop marks a note without a link; it must not become part of the word.

    Args:
        element: has no inner elements.
        before: the characters since the last space.
    """
    text = element.text or ""
    inner = text.strip()
    if not _EXPONENT.fullmatch(inner):
        return text, False
    if (element.tail or "").lstrip()[:1] in ("/", "⁄"):
        return text, before[-1:].isdigit()
    if before and _BASE.fullmatch(before):
        return inner.translate(_POWER), False
    return text, bool(before)
