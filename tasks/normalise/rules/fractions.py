"""Fractions: ½, 3/4, 2 1/2, and slashes between numbers that are none. Must not know units or money."""

from __future__ import annotations

import re
import unicodedata

from tasks.normalise.rules.base import (
    DIGIT,
    Context,
    cardinal,
    is_wager,
    ordinal,
    plural,
    rule,
    to_int,
)
from tasks.patterns import regexp

_FRACTION_SIGNS = "½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒"
_SIGNS = f"[{_FRACTION_SIGNS}]"
_PROPER = r"(?:1/2|[12]/3|[13]/4|[1-4]/5|[1357]/8|\d{1,2}/16)"
# An amount as it is written: 2, 2½, 2 1/2, 1/2.
AMOUNT = rf"\d*{_SIGNS}|\d+[\s-]{_PROPER}|{_PROPER}|\d+(?:\.\d+)?"
_SPAN = regexp(
    rf"(?<![\w/.,-])(?:(\d*{_SIGNS}|(?:\d+[\s-])?{_PROPER})\s?[–-]\s?(?=(?:\d{{1,2}}(?![\d-])|{_SIGNS}))"
    rf"|(\d{{1,3}})\s?[–-]\s?(?=\d{{1,3}}(?:{_SIGNS}|\s{_PROPER}(?![\d/]))))"
)
_VULGAR = regexp(rf"(\d[\d,]*)?(?:\s|-)?([{_FRACTION_SIGNS}])(-(?=[a-z]))?")
_TIME_SIGNATURE = regexp(r"(?<![\w/.,])(\d{1,2})/(\d{1,2})(?=\s(?:time|meter|metre|beat|rhythm)\b)")
_SLASH = regexp(
    r"(?<![\w/.,])(?:(\d+)(?:\s|-|\sand\s))?(\d{1,4})[/⁄](\d{1,4})(?:(?:st|nd|rd|th)s?\b)?(?:(-)(?=[a-z])|"
    r"(?![\w/]|\.\d))"
)
_OVER = regexp(r"(?<=\w\))/(?=\d+\b)")  # "(a + b)/2"
# What nobody divides: around the clock, two dates, perfect sight.
_NAMED_PAIRS = frozenset({(24, 7), (9, 11), (7, 7), (20, 20)})
_PERCENT = 100
_LONGEST_ODDS = 10
_NAMES = {2: "half", 4: "quarter"}
_HALF_A = regexp(r"\s(?:an?|the|my|his|her|our|their)\b")
_ARTICLE = regexp(r"(?<!\w)[Aa]\s?$")


_FOR_SPANS = regexp(rf"[–-]\s?(?:\d|{_SIGNS})")


@rule("fraction-ranges", needs=_FOR_SPANS)
def spans(text: str, _: Context) -> str:
    """1–1½ and 1 1/2-2 are "to"; 2-1/2 is two and a half."""
    return _SPAN.sub(lambda match: f"{match[1] or match[2]} to ", text)


@rule("fractions", needs=DIGIT)
def fractions(text: str, context: Context) -> str:
    """1/2, 3/4, 2½, ½ a mile; 22/7 is "twenty-two over seven", 24/7 "twenty-four seven", 9/11 "nine eleven"."""

    def vulgar(match: re.Match[str]) -> str:
        top, bottom = unicodedata.normalize("NFKC", match[2]).split("⁄")
        words = _fraction(match[1], int(top), int(bottom), match, context)
        before = match.string[match.start() - 1 : match.start()]
        after = "-" if match[3] else _gap(match)
        if match[0][:1] == "-" and not before.isalnum():
            return f"minus {words}{after}"
        joint = match[0][:1] if not match[1] and match[0][:1] in " -" else ""
        space = " " if before.isalnum() and not joint else ""
        return f"{joint}{space}{words}{after}"

    def slashed(match: re.Match[str]) -> str:
        top = int(match[2])
        bottom = int(match[3])
        whole = f"{cardinal(int(match[1]), context.british)} " if match[1] else ""
        tail = "-" if match[4] else ""
        if (top, bottom) in _NAMED_PAIRS or top + bottom == _PERCENT:  # "a fifty-fifty chance"
            return f"{whole}{cardinal(top)} {cardinal(bottom)}{tail}"
        if not match[1] and top != bottom and bottom < _LONGEST_ODDS and is_wager(match):
            return f"{cardinal(top, context.british)} to {cardinal(bottom)}{tail}"
        if top == bottom and top > 1:
            return f"{whole}{cardinal(top)} out of {cardinal(bottom)}{tail}"
        if bottom < 2 or top > bottom:
            return f"{whole}{cardinal(top, context.british)} over {cardinal(bottom, context.british)}{tail}"
        return _fraction(match[1], top, bottom, match, context) + tail

    text = _OVER.sub(" over ", text)
    text = _TIME_SIGNATURE.sub(lambda m: f"{cardinal(int(m[1]))} {cardinal(int(m[2]))}", text)
    return _SLASH.sub(slashed, _VULGAR.sub(vulgar, text))


def _gap(match: re.Match[str]) -> str:
    return " " if match.string[match.end() : match.end() + 1].isalnum() else ""


def _fraction(whole: str | None, top: int, bottom: int, match: re.Match[str], context: Context) -> str:
    """Says a fraction, alone or behind a whole number."""
    name = _NAMES.get(bottom) or ordinal(bottom, context.british)
    if whole is None and _needs_no_one(top, bottom, match):
        return name
    # 1. The plural: "three and three quarters", "seven eighths of an inch", but "three and three-quarter miles".
    is_adjective = match[0].endswith("-")  # a 1/2-inch pipe, a 3/4-mile walk
    rest = match.string[match.end() :]
    counts_things = _NAMES.get(bottom) == "quarter" and whole is not None and re.match(r"\s[a-z]+s\b", rest)
    if top > 1 and not (is_adjective or counts_things):
        name = "halves" if name == "half" else plural(name.removeprefix("one "))  # "ninety-nine hundredths"
    # 2. "Three quarters", "three and a quarter".
    if whole is None:
        return f"{cardinal(top)}{'-' if is_adjective else ' '}{name}"
    article = "an" if name.startswith("e") else "a"  # "an eighth"
    return f"{cardinal(to_int(whole), context.british)} and {article if top == 1 else cardinal(top)} {name}"


def _needs_no_one(top: int, bottom: int, match: re.Match[str]) -> bool:
    """Whether a fraction is said without its "one": half a mile, a half-inch pipe, a quarter mile walk."""
    if top != 1 or bottom not in _NAMES:
        return False
    is_half = _NAMES[bottom] == "half"
    if is_half and (match[0].endswith("-") or _HALF_A.match(match.string, match.end())):
        return True
    return _ARTICLE.search(match.string[max(0, match.start() - 3) : match.start()]) is not None
