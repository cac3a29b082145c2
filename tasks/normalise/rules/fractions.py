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

_FRACTION_SIGNS = "½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒"
_VULGAR = re.compile(rf"(\d[\d,]*)?(?:\s|-)?([{_FRACTION_SIGNS}])(-(?=[a-z]))?")
_TIME_SIGNATURE = re.compile(r"(?<![\w/.,])(\d{1,2})/(\d{1,2})(?=\s(?:time|meter|metre|beat|rhythm)\b)")
_SLASH = re.compile(
    r"(?<![\w/.,])(?:(\d+)(?:\s|-|\sand\s))?(\d{1,4})[/⁄](\d{1,4})(?:(?:st|nd|rd|th)s?\b)?(?:(-)(?=[a-z])|"
    r"(?![\w/]|\.\d))"
)
_OVER = re.compile(r"(?<=\w\))/(?=\d+\b)")  # "(a + b)/2"
_HALF_A = re.compile(r"\s(?:an?|the|my|his|her|our|their)\b")
_ARTICLE = re.compile(r"(?<!\w)[Aa]\s?$")


@rule("fractions", needs=DIGIT)
def fractions(text: str, context: Context) -> str:
    """1/2, 3/4, 2½, ½ a mile; 22/7 is "twenty-two over seven", 24/7 "twenty-four seven", 9/11 "nine eleven"."""

    def vulgar(match: re.Match[str]) -> str:
        top, bottom = unicodedata.normalize("NFKC", match[2]).split("⁄")
        said = _fraction(match[1], int(top), int(bottom), match, context)
        before = match.string[match.start() - 1 : match.start()]
        if match[0][:1] == "-" and not before.isalnum():
            said = f"minus {said}"
            return said + ("-" if match[3] else _gap(match))
        lost = match[0][:1] if not match[1] and match[0][:1] in " -" else ""
        return lost + (" " if before.isalnum() and not lost else "") + said + ("-" if match[3] else _gap(match))

    def slashed(match: re.Match[str]) -> str:
        top, bottom = int(match[2]), int(match[3])
        whole = f"{cardinal(int(match[1]), context.british)} " if match[1] else ""
        tail = "-" if match[4] else ""
        if (top, bottom) in ((24, 7), (9, 11), (7, 7), (20, 20)) or top + bottom == 100:
            return f"{whole}{cardinal(top)} {cardinal(bottom)}{tail}"
        if not match[1] and top != bottom and bottom < 10 and is_wager(match):
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
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom, context.british)
    rest = match.string[match.end() :]
    adjective = match[0].endswith("-")  # a 1/2-inch pipe, a 3/4-mile walk
    if bottom == 2 and top == 1 and whole is None and (adjective or _HALF_A.match(rest)):
        return "half"
    if (
        top == 1
        and bottom in (2, 4)
        and whole is None
        and _ARTICLE.search(match.string[max(0, match.start() - 3) : match.start()])
    ):
        return name  # "a ½ mile walk"
    # "three and three-quarter miles", but "three and three quarters" alone and "three and seven eighths inches"
    counted = bottom == 4 and whole is not None and re.match(r"\s[a-z]+s\b", rest)
    if top > 1 and not (adjective or counted):
        name = "halves" if bottom == 2 else plural(name.removeprefix("one "))  # "ninety-nine hundredths"
    if whole is None:
        return f"{cardinal(top)} {name}" if not adjective else f"{cardinal(top)}-{name}"
    one = "an" if name.startswith("e") else "a"  # "an eighth"
    return f"{cardinal(to_int(whole), context.british)} and {one if top == 1 else cardinal(top)} {name}"
