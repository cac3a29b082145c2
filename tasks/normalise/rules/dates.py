"""Calendar dates, American and British. Must not know years that stand alone, nor times."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import DIGIT, Context, ordinal, rule, year
from tasks.normalise.rules.years import YEAR, year_of_century
from tasks.patterns import regexp

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
_MONTH = "|".join((*_MONTHS, *map(str.upper, _MONTHS)))
_DAY = r"(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|d|ST|ND|RD|TH)?"
_LONGEST_MONTH = 31  # days
_NOT_LONGER = r"(?![\d]|[.,]\d)"
_TO = r"(?:\s?[–-]\s?|\s+(to|and)\s+)"
_MONTH_DAY = regexp(
    rf"\b({_MONTH})\s+(?:the\s+)?{_DAY}\b(?!:){_NOT_LONGER}(?:{_TO}{_DAY}\b{_NOT_LONGER})?(?:,?\s+{YEAR}"
    rf"\b{_NOT_LONGER})?"
)
_DAY_MONTH = regexp(
    rf"\b([Tt]he\s+|THE\s+)?(?<![\d.,:/-])(?:{_DAY}{_TO}(?:the\s+)?)?{_DAY}\s+(of\s+)?({_MONTH})\b"
    rf"(?:,?\s+{YEAR}\b{_NOT_LONGER})?"
)
# Where a day has its article already: "this 3rd of May", "a 4th of July party", "the glorious 12th of August".
_ARTICLE_BEFORE = regexp(
    r"\b(?:an?|every|each|any|another|one|last|next|my|your|his|her|its|our|their|this|that|"
    r"(?:the|this|that)\s+(?!morning|evening|afternoon|night|day|date|week|year)[\w-]+)\s+$",
    re.I,
)
# "June 30–July 2" and "30 June–2 July"
_ACROSS = regexp(
    rf"\b((?:{_MONTH})\s+{_DAY}(?:,?\s\d{{4}})?)\s?[–—-]\s?(?=(?:{_MONTH})\s+\d)|"
    rf"\b({_DAY}\s+(?:{_MONTH})(?:,?\s\d{{4}})?)\s?[–—-]\s?(?=\d\d?\S*\s+(?:{_MONTH})\b)"
)
_MONTH_YEAR = regexp(rf"\b({_MONTH}),?\s+(?:of\s+)?{YEAR}\b(?!\s?[–-]\s?\d){_NOT_LONGER}")
_ISO = regexp(r"\b(1\d{3}|20\d{2})([-/])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])\b(?![-/])")
_SLASHED = regexp(r"(?<![\d/.-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-]|\.\d)")
_DOTTED = regexp(r"(?<![\d/.-])(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.(1\d{3}|20\d{2})(?![\d/-]|\.\d)")
_FULL = {month[:3]: month for month in _MONTHS}
_HYPHENED = regexp(rf"(?<![\w-])(\d\d?)-({_MONTH}|{'|'.join(_FULL)})-({YEAR})\b(?!-)")  # 8-May-1945
_DAY_OF_YEAR = regexp(r"(?<=\b[Oo]n )(\d{1,2})/(\d{1,2})(?![\d/])")


@rule("dates", needs=DIGIT)
def calendar_dates(text: str, context: Context) -> str:
    """January 5, 1905; 5th January 1905; May 5-7; 1905-01-05; 1/5/1905 (5/1/1905 in British books)."""
    text = _ISO.sub(lambda m: _date(int(m[4]), int(m[3]), m[1], context), text)
    text = _SLASHED.sub(lambda m: _slashed(m, context), text)
    text = _HYPHENED.sub(lambda m: f"{m[1]} {_FULL[m[2][:3].capitalize()]} {m[3]}", text)
    text = _DOTTED.sub(lambda m: _date(int(m[1]), int(m[2]), m[3], context), text)
    text = _DAY_OF_YEAR.sub(lambda m: _day_of_year(m, context), text)
    text = _ACROSS.sub(lambda m: f"{m[1] or m[3]} to ", text)
    text = _DAY_MONTH.sub(lambda m: _day_month(m, context), text)
    text = _MONTH_DAY.sub(lambda m: _month_day(m, context), text)
    return _MONTH_YEAR.sub(lambda m: f"{m[1]} {year(int(m[2]), context.british)}", text)


def _date(day: int, month: int, year_digits: str | None, context: Context) -> str:
    name = _MONTHS[month - 1]
    words = f"the {ordinal(day)} of {name}" if context.british else f"{name} {ordinal(day)}"
    return words + _comma_year(year_digits, context)


def _slashed(match: re.Match[str], context: Context) -> str:
    first = int(match[1])
    second = int(match[3])
    if match[2] == "-" and len(match[4]) == 2:
        return match[0]  # 3-2-10 may be a score or a model
    return _numbered(first, second, match[4], context) or match[0]


def _day_of_year(match: re.Match[str], context: Context) -> str:
    if match[0] == "9/11" or (context.british and match[0] == "7/7"):
        return match[0]  # named by its numbers, as everybody says it
    return _numbered(int(match[1]), int(match[2]), None, context) or match[0]


def _numbered(first: int, second: int, year_digits: str | None, context: Context) -> str | None:
    """Says the date, or `None` where the numbers are none. The day is where the locale has it, unless it cannot be."""
    day, month = (first, second) if context.british else (second, first)
    if month > len(_MONTHS):
        day, month = month, day
    if not (1 <= month <= len(_MONTHS) and 1 <= day <= _LONGEST_MONTH):
        return None
    return _date(day, month, year_digits, context)


def _month_day(match: re.Match[str], context: Context) -> str:
    month, day, joint, last, year_digits = match.groups()
    the = "the " if context.british else ""  # "March third" is American, "March the third" British
    span = f" {joint or 'to'} {the}{_day(last)}" if last else ""
    return f"{month} {the}{_day(day)}{span}{_comma_year(year_digits, context)}"


def _day_month(match: re.Match[str], context: Context) -> str:
    article, first, joint, day, of, month, year_digits = match.groups()
    if of and not article and _ARTICLE_BEFORE.search(match.string[max(0, match.start() - 30) : match.start()]):
        article = ""
    elif article is None:
        article = "the "
    second = "" if joint == "and" and "and the" not in match[0] else "the "
    span = f"{_day(first)} {joint or 'to'} {second}" if first else ""
    return f"{article}{span}{_day(day)} of {month}{_comma_year(year_digits, context)}"


def _day(digits: str) -> str:
    return ordinal(int(digits))


def _comma_year(digits: str | None, context: Context) -> str:
    if digits is None:
        return ""
    return f", {year(int(digits), context.british) if len(digits) == 4 else year_of_century(digits)}"
