"""Roman numerals by context: kings, chapters, wars, headings. The pronoun I stays."""

from __future__ import annotations

import re
from collections.abc import Callable

from storage.records import BlockKind
from tasks.segment.rules.base import Context, cardinal, ordinal

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_CANONICAL = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_NUMERAL = r"[IVXLC]+"
_SURE_NUMERAL = r"(?:[IVX][IVXLC]*|[LC][IVXLC]+)"  # "Class C" and "Appendix L" are letters
_RULERS = (
    "Henry|George|Louis|Edward|Charles|James|William|Richard|Elizabeth|Mary|Napoleon|Frederick|Philip|Alexander|"
    "Catherine|Nicholas|Peter|Ferdinand|Francis|Ivan|Rameses|Ramses|Ptolemy|Alfonso|Gustavus|Christian|Otto|Leopold|"
    "Wilhelm|Pius|Leo|John|Paul|Benedict|Gregory|Innocent|Clement|Urban|Boniface|Sixtus|Julius|Stephen|Victor|Umberto"
)
_SECTIONS = (
    "Chapter|Part|Book|Act|Scene|Volume|Canto|Section|Article|Appendix|Plate|Figure|Letter|Stave|Lesson|Psalm|Table|"
    "World War|Phase|Mark|Class|Type|Grade|Level|Apollo|Super Bowl|Number|Numbers|Page|Pages|Verse|Sonnet"
)
_AFTER_I = r"(?=[.,;:!?)\"'—-]|\s*$|\s+(?:of|was|is|had|and|to|reigned|died)\b)"
_RULER = re.compile(rf"\b({_RULERS})\s+(?:the\s+)?((?!I\b){_NUMERAL}\b|I\b{_AFTER_I})")
_SECTION = re.compile(rf"\b((?i:{_SECTIONS}))\s+((?!I\b){_SURE_NUMERAL}\b|I\b{_AFTER_I})")
_SECTION_HEADING = re.compile(
    r"\b((?i:chapter|part|book|act|scene|volume|canto|section|letter|stave|psalm|sonnet))"
    rf"\s+({_NUMERAL})\b"
)
_HEADING = re.compile(rf"^({_NUMERAL})(?=\s*(?:[.:—)]|$))")
_ORDINAL = re.compile(rf"\b({_NUMERAL})(?:th|st|nd|rd)\b|\b((?!I\b){_NUMERAL})(?=\s+century\b)")
_OTHER = re.compile(r"(?:(?<=[a-z]\s)|(?<=[a-z],\s))([IVX]{2,})\b")


def value(numeral: str) -> int | None:
    """The value of a roman numeral in capitals, or `None` for one that is not written in the canonical way."""
    if not numeral or not _CANONICAL.fullmatch(numeral):
        return None
    total = 0
    for letter, following in zip(numeral, [*numeral[1:], ""], strict=True):
        worth = _VALUES[letter]
        total += -worth if following and _VALUES[following] > worth else worth
    return total


def headings(text: str, context: Context) -> str:
    """The number of "IV", "IV. The Sea" and "Chapter IV" at the head of a chapter."""
    if context.kind != BlockKind.HEADING:
        return text
    text = _HEADING.sub(lambda match: _said(match, 1, lambda number: cardinal(number).capitalize()), text)
    return _SECTION_HEADING.sub(
        lambda match: f"{match[1]} {_said(match, 2, lambda number: cardinal(number).title())}", text
    )


def rulers(text: str, _: Context) -> str:
    """Henry VIII is "Henry the Eighth"; "Elizabeth I" needs a sign that the I is no pronoun."""
    return _RULER.sub(lambda match: f"{match[1]} {_said(match, 2, _the_ordinal)}", text)


def sections(text: str, _: Context) -> str:
    """Part II, World War I, Act V: the number."""
    return _SECTION.sub(lambda match: f"{match[1]} {_said(match, 2, cardinal)}", text)


def others(text: str, _: Context) -> str:
    """XIXth and "XIX century" as ordinals; a lone II or XIV after a name is "the Second", after anything else "two"."""
    text = _ORDINAL.sub(lambda match: _said(match, 1 if match[1] else 2, ordinal), text)

    def said(match: re.Match[str]) -> str:
        word = re.search(r"(\w+),?\s$", match.string[: match.start()])
        after_name = word is not None and word[1][0].isupper()
        return _said(match, 1, _the_ordinal if after_name else cardinal)

    return _OTHER.sub(said, text)


def _the_ordinal(number: int) -> str:
    return f"the {ordinal(number).title()}"


def _said(match: re.Match[str], group: int, words: Callable[[int], str]) -> str:
    number = value(match[group])
    return match[group] if number is None else words(number)
