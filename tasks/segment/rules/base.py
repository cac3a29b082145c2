"""What all rules share: the context they see, and numbers as English words. Must not know any rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from num2words import num2words

from storage.records import BlockKind

_SPELLED_FROM = 10**15  # larger numbers are read digit by digit
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Context:
    """What a rule may know of its text besides the text."""

    british: bool = False  # day before month, "one hundred and five"
    kind: BlockKind = BlockKind.PARAGRAPH


Rule = Callable[[str, Context], str]


def words(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def cardinal(number: int, british: bool = False) -> str:
    """105 is "one hundred five", in British English "one hundred and five"."""
    if abs(number) >= _SPELLED_FROM:
        return spell_digits(str(number))
    return _plain(num2words(number), british)


@lru_cache(maxsize=4096)
def ordinal(number: int, british: bool = False) -> str:
    """21 is "twenty-first"."""
    if number >= _SPELLED_FROM:
        return spell_digits(str(number))
    return _plain(num2words(number, to="ordinal"), british)


def year(number: int, british: bool = False) -> str:
    """1905 is "nineteen oh five", 1900 "nineteen hundred", 2005 "two thousand five", 2024 "twenty twenty-four"."""
    century, rest = divmod(number, 100)
    if number < 1000 or (century % 10 == 0 and rest < 10):
        return cardinal(number, british)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(words: str) -> str:
    """The plural of number words, for decades: "nineties", "hundreds", "sixes"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith(("x", "s")) else "s")


def spell_digits(digits: str) -> str:
    """Digits one by one: "007" is "zero zero seven"; other characters are left out."""
    return " ".join(_DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def to_int(digits: str) -> int:
    """An integer written with thousands separators."""
    return int(digits.replace(",", ""))


def number_words(text: str, british: bool = False) -> str:
    """An integer or decimal as written: "1,234.50" is "one thousand two hundred thirty-four point five zero"."""
    whole, point, decimals = text.partition(".")
    if len(whole.replace(",", "")) > 15:
        words = spell_digits(whole)
    else:
        words = cardinal(to_int(whole), british) if whole else ""
    return f"{words} point {spell_digits(decimals)}".strip() if point else words


def _plain(words: str, british: bool) -> str:
    words = words.replace(",", "")
    return words if british else words.replace(" and ", " ")
