"""Dates, years, decades, centuries and times of day."""

from __future__ import annotations

import re

from tasks.segment.rules.base import Context, cardinal, ordinal, plural, to_int, year

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH = "|".join(_MONTHS)
_DAY = r"(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(1\d{3}|20\d{2})"
_NOT_LONGER = r"(?![\d]|[.,]\d)"
_MONTH_DAY = re.compile(rf"\b({_MONTH})\s+(?:the\s+)?{_DAY}\b(?!:)(?:,?\s+{_YEAR}\b{_NOT_LONGER})?")
_DAY_MONTH = re.compile(
    rf"\b(the\s+)?(?<![\d.,:/-]){_DAY}\s+(?:of\s+)?({_MONTH})\b(?:,?\s+{_YEAR}\b{_NOT_LONGER})?", re.I
)
_MONTH_YEAR = re.compile(rf"\b({_MONTH}),?\s+(?:of\s+)?{_YEAR}\b{_NOT_LONGER}")
_ISO = re.compile(r"\b(1\d{3}|20\d{2})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])")
_DECADE = re.compile(r"(?<![\w,.])(1\d|20)(\d)0'?s\b")
_SHORT_DECADE = re.compile(r"(?<!\w)'([2-9])0'?s\b")
_SHORT_YEAR = re.compile(r"(?<=\s)'(\d\d)\b(?!')")
_YEARS = re.compile(rf"(?<![\d.,$£€#/-]){_YEAR}\s?[–—-]\s?(\d{{2}}|\d{{4}})\b(?![\d.,]*\d)")
_ERA = re.compile(r"\b(A\.?D\.?|AD)\s+(\d{1,4})\b|\b(\d{1,4})\s+(B\.?C\.?E?\.?|A\.?D\.?|C\.?E\.?)(?![\w])")
_COUNTED = r"page|pages|number|numbers|line|verse|psalm|room|lot|item|hymn|sonnet"
_LONE_YEAR = re.compile(rf"(?<![\d.,$£€#:/+−-]){_YEAR}\b(?![.,:/-]?\d|\s?[%°])", re.I)
_AFTER_COUNTED = re.compile(rf"\b(?:{_COUNTED})\s+$", re.I)

_MERIDIEM = r"([ap])\.?\s?m\b\.?"
_CLOCK = re.compile(rf"\b([01]?\d|2[0-4])[:.]([0-5]\d)\s*{_MERIDIEM}", re.I)
_HOUR = re.compile(rf"\b(1[0-2]|0?[1-9])\s*{_MERIDIEM}", re.I)
_TIME = re.compile(r"(?<![\d:.,])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])(?!\s*[ap]\.?\s?m\b)")
_O_CLOCK = re.compile(r"\b(1[0-2]|[1-9])(?=\s+o'clock)", re.I)


def calendar_dates(text: str, context: Context) -> str:
    """January 5, 1905; 5th January 1905; 1905-01-05; 1/5/1905 (5/1/1905 in British books)."""
    text = _ISO.sub(lambda m: _date(int(m[3]), int(m[2]), m[1], context), text)
    text = _SLASHED.sub(lambda m: _slashed(m, context), text)
    text = _DAY_MONTH.sub(lambda m: _day_month(m, context), text)
    text = _MONTH_DAY.sub(lambda m: f"{m[1]} {_day(m[2])}{_comma_year(m[3], context)}", text)
    return _MONTH_YEAR.sub(lambda m: f"{m[1]} {year(int(m[2]), context.british)}", text)


def _date(day: int, month: int, year_digits: str, context: Context) -> str:
    name = _MONTHS[month - 1]
    words = f"the {ordinal(day)} of {name}" if context.british else f"{name} {ordinal(day)}"
    return words + _comma_year(year_digits, context)


def _slashed(match: re.Match[str], context: Context) -> str:
    first, second = int(match[1]), int(match[2])
    day, month = (first, second) if context.british else (second, first)
    if month > 12:  # the other way round than is usual where the book comes from
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return _date(day, month, match[3], context)


def _day_month(match: re.Match[str], context: Context) -> str:
    article = match[1] or "the "
    return f"{article}{_day(match[2])} of {match[3]}{_comma_year(match[4], context)}"


def _day(digits: str) -> str:
    return ordinal(int(digits))


def _comma_year(digits: str | None, context: Context) -> str:
    if digits is None:
        return ""
    return f", {year(int(digits), context.british)}" if len(digits) == 4 else f", {cardinal(int(digits))}"


def eras(text: str, context: Context) -> str:
    """AD 79 is "A D seventy-nine", 44 BC "forty-four B C"."""

    def said(match: re.Match[str]) -> str:
        if match[1]:
            return f"A D {year(int(match[2]), context.british)}"
        return f"{year(int(match[3]), context.british)} {' '.join(match[4].replace('.', ''))}"

    return _ERA.sub(said, text)


def year_spans(text: str, context: Context) -> str:
    """1914-18 is "nineteen fourteen to eighteen"."""

    def said(match: re.Match[str]) -> str:
        first, last = int(match[1]), int(match[2])
        if len(match[2]) == 2 and last <= first % 100:
            return match[0]  # 1914-12 is no span of years
        end = cardinal(last) if len(match[2]) == 2 else year(last, context.british)
        return f"{year(first, context.british)} to {end}"

    return _YEARS.sub(said, text)


def decades(text: str, _: Context) -> str:
    """1920s, the '90s, and the year '45."""

    def said(match: re.Match[str]) -> str:
        century, tens = int(match[1]), int(match[2])
        if tens == 0:
            return "two thousands" if century == 20 else f"{cardinal(century)} hundreds"
        return f"{cardinal(century)} {plural(cardinal(tens * 10))}"

    text = _DECADE.sub(said, text)
    text = _SHORT_DECADE.sub(lambda match: plural(cardinal(int(match[1]) * 10)), text)
    return _SHORT_YEAR.sub(lambda match: year_of_century(match[1]), text)


def year_of_century(digits: str) -> str:
    """'45 is "forty-five", '07 "oh seven"."""
    return f"oh {cardinal(int(digits))}" if digits[0] == "0" else cardinal(int(digits))


def lone_years(text: str, context: Context) -> str:
    """A number of four digits without a comma is read as a year: "fifteen hundred men" is right as well."""

    def said(match: re.Match[str]) -> str:
        number = to_int(match[1])
        if _AFTER_COUNTED.search(match.string[: match.start()]):
            return cardinal(number, context.british)
        return year(number, context.british)

    return _LONE_YEAR.sub(said, text)


def times(text: str, context: Context) -> str:
    """3:45 p.m., 10:05, 3pm, 7:00."""
    text = _CLOCK.sub(lambda m: _meridiem(m, f"{_hour(m[1])}{_minutes(m[2], '')}", 3), text)
    text = _HOUR.sub(lambda m: _meridiem(m, _hour(m[1]), 2), text)
    text = _O_CLOCK.sub(lambda m: _hour(m[1]), text)
    return _TIME.sub(_plain_time, text)


def _hour(digits: str) -> str:
    return cardinal(int(digits))


def _minutes(digits: str, on_the_hour: str) -> str:
    minutes = int(digits)
    if minutes == 0:
        return on_the_hour
    return f" oh {cardinal(minutes)}" if minutes < 10 else f" {cardinal(minutes)}"


def _meridiem(match: re.Match[str], time: str, group: int) -> str:
    stopped = match[0].endswith(".")
    after = match.string[match.end() :]
    ends = stopped and re.match(r"[\"')\]]*(?:$|\s+[\"'(]*[A-Z])", after) is not None
    return f"{time} {match[group].lower()} m{'.' if ends else ''}"


def _plain_time(match: re.Match[str]) -> str:
    hour = int(match[1])
    on_the_hour = " o'clock" if 1 <= hour <= 12 and match[1][0] != "0" else " hundred hours"
    if re.match(r"\s+o'clock", match.string[match.end() :]):
        on_the_hour = ""
    words = _hour(match[1]) + _minutes(match[2], on_the_hour if not match[3] else "")
    if match[3]:
        words += f" and {cardinal(int(match[3]))} seconds"
    return words
