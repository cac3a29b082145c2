"""Owns the English text cleaning of the published model, quirks included (spec 2): its networks were trained with it.

Book text is made speakable (lexicons, dates, Roman numerals) before this, outside this package. Must not know tokens.
"""

from __future__ import annotations

import functools
import re

import inflect
from unidecode import unidecode

from tortoise_core.errors import TextError

WHITESPACE = re.compile(r"\s+")
DIGITS_WITH_COMMAS = re.compile(r"[0-9][0-9,]+[0-9]")
DOLLARS = re.compile(r"\$([0-9.,]*[0-9]+)")
DECIMAL = re.compile(r"([0-9]+)\.([0-9]+)")
ORDINAL = re.compile(r"[0-9]+(?:st|nd|rd|th)")
NUMBER = re.compile(r"[0-9]+")

# The order matters: "mrs." must go before "mr.". The spelling "misess" is the published one.
ABBREVIATIONS = [
    (re.compile(rf"\b{short}\.", re.IGNORECASE), long)
    for short, long in [
        ("mrs", "misess"),
        ("mr", "mister"),
        ("dr", "doctor"),
        ("st", "saint"),
        ("co", "company"),
        ("jr", "junior"),
        ("maj", "major"),
        ("gen", "general"),
        ("drs", "doctors"),
        ("rev", "reverend"),
        ("lt", "lieutenant"),
        ("hon", "honorable"),
        ("sgt", "sergeant"),
        ("capt", "captain"),
        ("esq", "esquire"),
        ("ltd", "limited"),
        ("col", "colonel"),
        ("ft", "fort"),
    ]
]


def clean_english(text: str) -> str:
    """Cleans a text: ASCII, lower case, numbers and abbreviations in words, single spaces, no double quotes.

    There is no rule for pounds: transliteration has already made letters of the sign ("£5" -> "psfive").

    Raises:
        TextError: an amount or number that the number rules cannot read, such as "$,5" or 37 digits in a row.
    """
    text = unidecode(text).lower()
    try:
        text = expand_numbers(text)
    except (ValueError, inflect.NumOutOfRangeError) as error:
        raise TextError(f"cannot read a number in {text[:80]!r} ({error}): spell it out") from error
    for pattern, word in ABBREVIATIONS:
        text = pattern.sub(word, text)
    return WHITESPACE.sub(" ", text).replace('"', "")


def clean_basic(text: str) -> str:
    """Makes a text lower case with single spaces, and no more."""
    return WHITESPACE.sub(" ", text.lower())


def expand_numbers(text: str) -> str:
    """Writes numbers as words, in the published order: commas, dollars, decimals, ordinals, the rest.

    Raises:
        ValueError: an amount of dollars that is no number.
        inflect.NumOutOfRangeError: more digits than there are names for.
    """
    text = DIGITS_WITH_COMMAS.sub(lambda match: match[0].replace(",", ""), text)
    text = DOLLARS.sub(lambda match: _dollars(match[1]), text)
    text = DECIMAL.sub(r"\1 point \2", text)
    text = ORDINAL.sub(lambda match: str(_numbers().number_to_words(match[0])), text)
    return NUMBER.sub(lambda match: _cardinal(int(match[0])), text)


def _dollars(amount: str) -> str:
    """Writes an amount without its sign, e.g. "3.50" -> "3 dollars, 50 cents"; "1.5" is one dollar, five cents."""
    parts = amount.split(".")
    if len(parts) > 2:
        return f"{amount} dollars"
    dollars = int(parts[0] or 0)
    cents = int(parts[1] or 0) if len(parts) == 2 else 0
    kinds = [
        f"{count} {unit if count == 1 else unit + 's'}"
        for count, unit in [(dollars, "dollar"), (cents, "cent")]
        if count
    ]
    return ", ".join(kinds) or "zero dollars"


def _cardinal(number: int) -> str:
    """Writes a number as words; 1001 to 2999 are read like a year."""
    words = _numbers().number_to_words
    if not 1000 < number < 3000:
        return str(words(str(number), andword=""))
    if number == 2000:
        return "two thousand"
    if 2000 < number < 2010:
        return f"two thousand {words(str(number % 100))}"
    if number % 100 == 0:
        return f"{words(str(number // 100))} hundred"
    return str(words(str(number), andword="", zero="oh", group=2)).replace(", ", " ")


@functools.cache
def _numbers() -> inflect.engine:
    return inflect.engine()
