"""Says simple formulas in MathML in words, and knows the pictures of formulas. English.

"" stands for a formula that has no simple words: sums, integrals, matrices. Must not know blocks or how it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lxml import etree

from tasks.ingest.html.elements import local_name
from tasks.ingest.latex import MAX_DEPTH, OPERATORS, NoWordsError, fraction, power

_ALT_FORMULA = re.compile(r"(?:[A-Za-z]{1,3}\b|[\d\s+\-−=×*/^().,<>≤≥±]|[α-ωΑ-Ω])+")
_MAX_ALT_CHARS = 60
_FORMULA_WORDS = re.compile(
    r"\b(?:squared|cubed|plus|minus|times|divided by|equals|over|square root|to the \w+ power|sub)\b"
)
_LATEX_ALT = re.compile(r"\\[A-Za-z]+|[\^_]\{|^\$[^$]+\$$")
_FORMULA_CLASS = re.compile(r"(?:^|[\s_-])(?:equation|formula|math|tex|latex)(?:$|[\s_-])", re.I)


def spoken_mathml(element: etree._Element) -> str:
    """Returns the words for a `math` element, "" where it has no simple ones."""
    try:
        return " ".join(_mathml(element, 0).split()).replace(" ,", ",")
    except NoWordsError:
        return ""


def _mathml(element: etree._Element, depth: int) -> str:
    """Returns the words for one element of MathML. Raises `NoWordsError`."""
    tag = local_name(element)
    if depth > MAX_DEPTH:
        raise NoWordsError
    if tag in ("mi", "mn", "mtext"):
        return (element.text or "").strip()
    if tag == "mo":
        sign = (element.text or "").strip()
        if sign not in OPERATORS:
            raise NoWordsError
        return OPERATORS[sign]
    children = [child for child in element if isinstance(child.tag, str)]
    if tag in ("math", "mrow", "mstyle", "mpadded", "semantics"):
        kept = children[:1] if tag == "semantics" else children
        return " ".join(_mathml(child, depth + 1) for child in kept)
    if tag == "mspace":
        return ""
    words = [_mathml(child, depth + 1) for child in children]
    if tag not in _LAYOUTS or len(words) != _LAYOUTS[tag][0]:
        raise NoWordsError
    return _LAYOUTS[tag][1](words)


_LAYOUTS: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {
    "mfrac": (2, fraction),
    "msup": (2, power),
    "msub": (2, lambda words: f"{words[0]} sub {words[1]}"),
    "msqrt": (1, lambda words: f"the square root of {words[0]}"),
}


def formula_in_dollars(alt: str) -> str:
    """Returns an alternative text in LaTeX between dollars, as formulas in running text are; any other as it is."""
    return f"${alt.strip('$')}$" if _LATEX_ALT.search(alt) else alt


def is_formula_picture(element: etree._Element, alt: str) -> bool:
    """Tells whether a picture shows a formula: by its class, or by an alternative text such as "x = y + 1".

    One in words, "a squared plus b squared", is believed inside a sentence: behind a word and before small letters.
    """
    before = element.getprevious()
    parent = element.getparent()
    ahead = before.tail if before is not None else parent.text if parent is not None else ""
    is_inside = (ahead or "").rstrip()[-1:].isalpha() and (element.tail or "").lstrip(" ,;")[:1].islower()
    if is_inside and _FORMULA_WORDS.search(alt) and len(alt) <= _MAX_ALT_CHARS:
        return True
    if _LATEX_ALT.search(alt) or _FORMULA_CLASS.search(element.get("class") or ""):
        return True
    has_sign = re.search(r"[=<>^≤≥]", alt) is not None
    return len(alt) <= _MAX_ALT_CHARS and has_sign and _ALT_FORMULA.fullmatch(alt) is not None
