"""Numbers as the continent writes them: 3,5 km and 1.234.567, €5,50 and 5,50 €. Must not know words for numbers.

They are written the English way for the rules behind.
"""

from __future__ import annotations

import re

from tasks.normalise.rules.base import Context, rule
from tasks.patterns import regexp

_SIGN = r"(?:[€$£₽₺]|\b(?:EUR|CHF|USD|GBP|PLN|SEK|NOK|DKK)\b)"
_WHOLE = r"\d{1,3}(?:\.\d{3})+|\d+"
_AFTER = r"(?![\d:/]|[.,]\d)"
# Behind a sign of money no list is meant, and two digits are no thousands.
_PRICE = regexp(rf"({_SIGN}\s?)({_WHOLE}),(\d\d){_AFTER}")
_PRICE_BEFORE_SIGN = regexp(rf"(?<![\w.,€$£-])({_WHOLE})(?:,(\d\d))?\s?€(?!\s?\d)")
_ROUND_PRICE = regexp(r"(€\s?)(\d{1,3}(?:\.\d{3})+)(?!\d|[.,]\d)")
_COUNTED = regexp(
    r"(?<![\w.,€$£/-])\d{1,3}\.\d{3}(?=\s(?:[Ee]uros?|EUR|francs|people|inhabitants|copies|men|soldiers|visitors|"
    r"members)\b)"
)
_THOUSANDS = regexp(r"(?<![\w.,€$£/-])\d{1,3}(?:\.\d{3}){2,}(?!\w|\.\w|,\d{3})")
_MIXED = regexp(rf"(?<![\w.,-])(\d{{1,3}}(?:\.\d{{3}})+),(\d{{1,2}}){_AFTER}")
_DECIMAL = regexp(r"(?<![\w.,:/$£€–-])(\d{1,3}),(\d{1,2})(?![\w–-]|[,:/]\d|\.\d)")
# "pages 3,5", "Mark 5,3" and "the ages 4,5 and 6" are lists; "costs 3,5" is not.
_LIST_BEFORE = regexp(
    r"\b(?:(?!(?:is|was|has|costs|weighs|measures|plus|minus|times|reads|says|averages|equals|loses|gains)\b)[a-z]+s|"
    r"[A-Z][a-z]*|page|pp?\.|nos?\.|line|verse|chapter|psalm|row|room|number|item)\s$"
)
_LIST_BEFORE_CHARS = 20
_PARTS_OF_AN_ADDRESS = 4  # of the internet: 192.168.100.200
_LARGEST_PART = 255

_FOR_COMMAS = regexp(r"\d(?:[.,]\d|\s?€)")


@rule("continental-numbers", needs=_FOR_COMMAS)
def continental(text: str, _: Context) -> str:
    """3,5 and 1.234.567 are 3.5 and 1,234,567; 5,50 € is €5.50. Lists (pages 3,5) stay."""
    text = _PRICE_BEFORE_SIGN.sub(lambda match: f"€{_plain(match[1])}{'.' + match[2] if match[2] else ''}", text)
    text = _PRICE.sub(lambda match: f"{match[1]}{_plain(match[2])}.{match[3]}", text)
    text = _ROUND_PRICE.sub(lambda match: match[1] + _plain(match[2]), text)
    text = _MIXED.sub(lambda match: f"{_plain(match[1])}.{match[2]}", text)
    text = _COUNTED.sub(lambda match: match[0].replace(".", ","), _THOUSANDS.sub(_thousands, text))
    return _DECIMAL.sub(_decimal, text)


def _plain(number: str) -> str:
    return number.replace(".", "")


def _thousands(match: re.Match[str]) -> str:
    """1.234.567 without its stops, unless it is an address of the internet."""
    parts = match[0].split(".")
    is_address = len(parts) == _PARTS_OF_AN_ADDRESS and all(int(part) <= _LARGEST_PART for part in parts)
    return match[0] if is_address else _plain(match[0])


def _decimal(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _LIST_BEFORE_CHARS) : match.start()]
    return match[0] if _LIST_BEFORE.search(before) else f"{match[1]}.{match[2]}"
