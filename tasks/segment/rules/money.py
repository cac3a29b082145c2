"""Money: dollars, pounds, euros, yen, cents, and pounds, shillings and pence."""

from __future__ import annotations

import re

from tasks.segment.rules.base import Context, cardinal, number_words, to_int

_NAMES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
}
_COUNTRIES = {"US": "U S", "U.S.": "U S", "A": "Australian", "AU": "Australian", "C": "Canadian", "CA": "Canadian"}
_AMOUNT = r"(\d{1,3}(?:,\d{3})+|\d+)"
_OLD = re.compile(rf"£\s?{_AMOUNT}\s+(\d+)s\.?(?:\s*(\d+)d\b\.?)?|(?<![\w£$])(\d+)s\.\s?(\d+)d\b\.?")
_MONEY = re.compile(
    rf"(?<!\w)(US|U\.S\.|AU?|CA?)?([$£€¥])\s?{_AMOUNT}(?:\.(\d+))?"
    r"(?:(?:\s|-)?(thousand|million|billion|trillion)\b|(k|m|bn)\b)?(?:\s?[–—-]\s?\2?(\d[\d,]*))?",
    re.I,
)
_SMALL = re.compile(rf"(?<![\w.,]){_AMOUNT}\s?(¢|p\b(?=[\s,.;!?]|$))")
_SCALES = {"k": "thousand", "m": "million", "bn": "billion"}


def shillings(text: str, context: Context) -> str:
    """£3 10s. 6d. is "three pounds ten shillings and sixpence"; 7s. 6d. "seven shillings and sixpence"."""

    def said(match: re.Match[str]) -> str:
        words = []
        if match[1]:
            words.append(f"{number_words(match[1], context.british)} {_form(match[1], 'pound', 'pounds')}")
        count = match[2] or match[4]
        words.append(f"{cardinal(int(count))} {_form(count, 'shilling', 'shillings')}")
        pence = match[3] or match[5]
        if pence:
            words.append("and " + ("a penny" if int(pence) == 1 else cardinal(int(pence)) + "pence"))
        return " ".join(words) + _stop(match)

    return _OLD.sub(said, text)


def _stop(match: re.Match[str]) -> str:
    """A full stop that ends the sentence as well as the abbreviation."""
    return "." if match[0].endswith(".") and re.match(r"[\"')]*(?:$|\s+[A-Z])", match.string[match.end() :]) else ""


def amounts(text: str, context: Context) -> str:
    """$1,234.56; £5 million; €1; $5-10; US$20; 50¢."""
    text = _MONEY.sub(lambda match: _amount(match, context), text)

    def small(match: re.Match[str]) -> str:
        one, many = ("cent", "cents") if match[2] == "¢" else ("penny", "pence")
        return f"{number_words(match[1], context.british)} {_form(match[1], one, many)}"

    return _SMALL.sub(small, text)


def _amount(match: re.Match[str], context: Context) -> str:
    country, sign, whole, decimals, scale, short_scale, upper = match.groups()
    one, many, small_one, small_many = _NAMES[sign]
    prefix = f"{_COUNTRIES[country.upper()]} " if country else ""
    scale = scale or _SCALES.get((short_scale or "").lower())
    # "$5-a-day" has no upper bound; "$5-10" has.
    span = f" to {number_words(upper.rstrip(','), context.british)}" if upper else ""
    trailing = "," if upper and upper.endswith(",") else ""
    if scale or span:
        number = number_words(whole + (f".{decimals}" if decimals else ""), context.british)
        return f"{number}{span}{' ' + scale if scale else ''} {prefix}{many}{trailing}"
    major = f"{number_words(whole, context.british)} {prefix}{_form(whole, one, many)}"
    if not decimals or not int(decimals):
        return major
    if len(decimals) != 2:
        return f"{number_words(f'{whole}.{decimals}', context.british)} {prefix}{many}"
    minor = f"{cardinal(int(decimals))} {small_one if int(decimals) == 1 else small_many}"
    return minor if to_int(whole) == 0 else f"{major} and {minor}"


def _form(digits: str, one: str, many: str) -> str:
    return one if to_int(digits) == 1 else many
