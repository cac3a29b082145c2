"""Years, spans of years, decades, centuries and eras. Must not know days or times."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import (
    DIGIT,
    Context,
    cardinal,
    ends_sentence,
    in_pairs,
    ordinal,
    plural,
    rule,
    to_int,
    words,
    year,
)
from tasks.patterns import regexp

_FIRST_YEAR = 1000
_LAST_YEAR = 2100
YEAR = r"(1\d{3}|20\d{2})"
_DECADE = regexp(r"(?<![\w,.])(1[1-9]|20)(\d)0'?s\b")
_DECADES = regexp(r"(?<![\w,.])((?:1\d|20)\d0'?s)\s?[–-]\s?(?:'?(\d0)'?s|(?=(?:1\d|20)\d0'?s))\b")
_SHORT_DECADE = regexp(r"(?<!\w)'([2-9])0'?s\b")
_SHORT_YEAR = regexp(r"(?<![\w'])'(\d\d)\b(?!'|%|\s*(?:pounds|dollars|men|of)\b)(?:\s?[–-]\s?'?(\d\d)\b)?")
_SPAN = regexp(rf"(?<![\d.,$£€#/-]){YEAR}\s?[–—-]\s?(\d{{2}}|\d{{4}})\b(?![\d.,]*\d)(?!\s?%)")
_SHORT_SPAN = regexp(rf"(?<![\d.,$£€#/-]){YEAR}[–-](\d)(?![\w%/–-]|[.,]\d)")  # 1605–6
_SLASH_SPAN = regexp(rf"(?<![\d.,$£€#/-]){YEAR}/(\d\d|\d{{4}})\b(?![\d/])")
_ERA = regexp(
    r"\b(A\.\s?D\.?|AD|C\.?E\.?)\s+(\d{1,4})\b(?!,\d)"
    r"|\b(\d{1,3}(?:,\d{3})+|\d{1,4})(?:\s?[–-]\s?(\d{1,4}))?\s?(B\.\s?C\.(?:\s?E\.?)?|BCE?|A\.\s?D\.?|AD|C\.\s?E\.|"
    r"CE)(?![\w])"
)
_CENTURY = regexp(r"\b(\d{1,2})(?:st|nd|rd|th)[\s-]+(?:c(?:ent)?\.(?=\W|$)|C\.(?=\s[a-z]|[,;)]))")
_CENTURY_FIRST = regexp(r"\bC(\d{1,2})(?:st|nd|rd|th)\b")
_ERA_NEXT = regexp(r"\s(?:A\.?\s?D|B\.?\s?C|C\.?\s?E)\b")
_ERAS_SPAN = regexp(r"(?:(?<=\bBC)|(?<=B\.C\.))\s?[–—-]\s?(?=A\.?D\b)")
_UNFINISHED = regexp(r"\b(1[0-9])(?:—|--)(?![\w'])")
_COUNTED = r"page|pages|number|numbers|line|verse|psalm|lot|item|hymn|sonnet|chapter|section|article"
_AFTER_COUNTED = regexp(rf"\b(?:{_COUNTED})\s+$", re.I)
_LONE = regexp(
    rf"(?:(?<![\d.,$£€#:/+−^-])|(?<=\b[Pp]re-)|(?<=\b[Pp]ost-)|(?<=\b[Mm]id-)|(?<=\b[Ll]ate-)|"
    rf"(?<=\b[Ee]arly-)){YEAR}\b(?![.,:/-]?\d|\s?[%°]|-[a-z]+-old)",
    re.I,
)
_FUTURE = regexp(r"(?<=\b[Ii]n )(2[1-9]\d\d)\b(?![.,:/-]?\d)(?!\s[a-z]+s\b)|(?<=\byear )(2[1-9]\d\d)\b")
_THINGS = regexp(
    r"\s+([a-z]{2,}s|men|women|people|children|feet|sheep|cattle|head|horse|foot|miles|"
    r"of\s(?:them|us|these|those|whom|which))\b"
)
_NO_THINGS = words(
    "was is has his as its this us was does goes plus perhaps always besides across less unless thus yes hers ours "
    "towards afterwards sometimes versus brings sees shows marks saw"
)
_DATED = regexp(
    r"\b(?:Q[1-4]|in|since|by|of|from|until|till|after|before|during|the|year|circa|late|early|and|to|between|spring|"
    r"summer|"
    r"autumn|fall|winter|christmas|easter|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)\s+$",
    re.I,
)


@rule("eras", needs=DIGIT)
def eras(text: str, context: Context) -> str:
    """AD 79 is "A D seventy-nine", 44 BC "forty-four B C", 476 AD "four seventy-six A D"."""

    def year_of_era(match: re.Match[str]) -> str:
        before, first, number, last, era = match.groups()
        if before:
            return f"{_letters(before)} {_of_era(first, context)}"
        span = f" to {_of_era(last, context)}" if last else ""
        stop = "." if era.endswith(".") and ends_sentence(match.string, match.end()) else ""
        return f"{_of_era(number, context)}{span} {_letters(era)}{stop}"

    return _ERA.sub(year_of_era, _ERAS_SPAN.sub(" to ", text))


def _letters(era: str) -> str:
    return " ".join(letter for letter in era if letter.isalpha())


def _of_era(digits: str, context: Context) -> str:
    """Says the year of an era: 476 is "four seventy-six", 79 "seventy-nine"."""
    number = to_int(digits)
    if number > 2999 or number % 100 == 0 or number < 100:
        return cardinal(number, context.british) if number % 1000 == 0 or number < 1000 else in_pairs(number)
    return in_pairs(number)


@rule("centuries", needs=DIGIT)
def centuries(text: str, _: Context) -> str:
    """18th c. and 18th cent. are the eighteenth century; "18th century" needs no rule but that of ordinals."""

    def century(match: re.Match[str]) -> str:
        era = _ERA_NEXT.match(match.string, match.end())
        stop = "." if ends_sentence(match.string, match.end()) and not era else ""
        return f"{ordinal(int(match[1]))} century{stop}"

    text = _CENTURY_FIRST.sub(lambda match: f"{ordinal(int(match[1]))} century", text)
    return _CENTURY.sub(century, text)


@rule("year-spans", needs=DIGIT)
def year_spans(text: str, context: Context) -> str:
    """1914-18 is "nineteen fourteen to eighteen"; the year 18-- is "eighteen blank"."""

    def span(match: re.Match[str]) -> str:
        first = int(match[1])
        last = int(match[2])
        if len(match[2]) == 2 and last <= first % 100:
            return match[0]  # 1914-12 is no span of years
        if len(match[2]) == 4 and not _FIRST_YEAR <= last <= _LAST_YEAR:
            return match[0]
        end = year_of_century(match[2]) if len(match[2]) == 2 else year(last, context.british)
        return f"{year(first, context.british)} to {end}"

    def short(match: re.Match[str]) -> str:
        first = int(match[1])
        last = int(match[2])
        if last <= first % 10 or _THINGS.match(match.string, match.end()):
            return match[0]
        return f"{year(first, context.british)} to {cardinal(first % 100 // 10 * 10 + last)}"

    def slashed(match: re.Match[str]) -> str:
        first = int(match[1])
        last = int(match[2])
        if last != (first + 1 if len(match[2]) == 4 else (first + 1) % 100):
            return match[0]
        end = year_of_century(match[2]) if len(match[2]) == 2 else year(last, context.british)
        return f"{year(first, context.british)} to {end}"

    text = _UNFINISHED.sub(lambda match: f"{cardinal(int(match[1]))} blank", text)
    return _SLASH_SPAN.sub(slashed, _SHORT_SPAN.sub(short, _SPAN.sub(span, text)))


@rule("decades", needs=DIGIT)
def decades(text: str, _: Context) -> str:
    """1920s, the '90s, and the year '45."""

    def decade(match: re.Match[str]) -> str:
        century = int(match[1])
        tens = int(match[2])
        if tens == 0:
            return "two thousands" if century == 20 else f"{cardinal(century)} hundreds"
        return f"{cardinal(century)} {plural(cardinal(tens * 10))}"

    def short(match: re.Match[str]) -> str:
        return year_of_century(match[1]) + (f" to {year_of_century(match[2])}" if match[2] else "")

    text = _DECADES.sub(lambda m: f"{m[1]} to {plural(cardinal(int(m[2]))) if m[2] else ''}", text)
    text = _DECADE.sub(decade, text)
    text = _SHORT_DECADE.sub(lambda match: plural(cardinal(int(match[1]) * 10)), text)
    return _SHORT_YEAR.sub(short, text)


def year_of_century(digits: str) -> str:
    """The last two digits of a year: 45 is "forty-five", 07 "oh seven"."""
    if digits == "00":
        return "oh oh"
    return f"oh {cardinal(int(digits))}" if digits[0] == "0" else cardinal(int(digits))


@rule("years", needs=DIGIT)
def lone_years(text: str, context: Context) -> str:
    """A number of four digits without a comma is a year, unless things follow that it counts.

    "In 1905 men wore hats" is a year, "he led 1905 men" a count. A count of whole hundreds is "fifteen hundred men".
    """

    def lone_year(match: re.Match[str]) -> str:
        number = to_int(match[1])
        before = match.string[: match.start()]
        if _AFTER_COUNTED.search(before):
            return cardinal(number, context.british)
        things = _THINGS.match(match.string, match.end())
        if things and things[1] not in _NO_THINGS and not _DATED.search(before):
            return in_pairs(number) if number % 100 == 0 else cardinal(number, context.british)
        gap = " " if before[-1:].isalpha() else ""  # a name of the web: "@poe1849"
        return gap + year(number, context.british)

    text = _FUTURE.sub(lambda match: in_pairs(int(match[0])), text)
    return _LONE.sub(lone_year, text)
