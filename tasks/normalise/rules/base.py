"""What all rules share: the context they see, and numbers as English words. Must not know any rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from storage.records import BlockKind
from tasks.patterns import regexp

NUMERALS = r"\d½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒⁰²³¹⁴-⁹₀-₉"  # inside of a set
DIGIT = regexp(f"[{NUMERALS}]")
_SPELLED_DIGITS = 15  # longer numbers are read digit by digit
_SPELLED_FROM = 10**_SPELLED_DIGITS
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# Where 7/2 is "seven to two".
_WAGER = regexp(
    r"\b(?:odds|favou?rites?|bookmakers?|bookies?|backed|bets?|betting|outsiders?|wager(?:s|ed)?|punters?|long ?shot|"
    r"horse)\b"
)
_WAGER_NEAR = 200  # characters on both sides
_SENTENCE_END = regexp(r"[\"'”’)\]]*(?:$|\s+[\"'“‘(]*[A-Z])")
# Words that begin sentences: after "the U.S." they show that it ended one.
STARTERS = (
    "The|A|An|He|She|It|They|We|I|You|In|On|At|But|And|So|Then|There|This|That|His|Her|My|Our|When|What|Who|Why|How|As|"
    "For|If|After|Before|No|Not|Yes|Their|These|Those|Some|Nobody|Everyone|Is|Was|Did|Do"
)
# Lines of a screen, said in pairs: "1080p" is "ten eighty P".
SCREENS = r"(?:240|360|480|576|720|1080|1440|2160|4320)[pi]\b"
# Where "3/4" is the third of April and "105" has an "and".
_BRITISH_REGIONS = frozenset({"gb", "uk", "ie", "au", "nz", "za", "in"})


@dataclass(frozen=True)
class Context:
    """What a rule may know of its text besides the text."""

    british: bool = False  # day before month, "one hundred and five", "nought point five"
    kind: BlockKind = BlockKind.PARAGRAPH


class Needs(Protocol):
    """What a rule looks for before it is tried: a compiled pattern, or anything that searches like one."""

    def search(self, text: str, /) -> re.Match[str] | None:
        """The first place in `text` that may interest the rule."""


class QuickThenExact:
    """A pattern that is slow to look for, behind a quick one that is found wherever it is."""

    def __init__(self, quick: re.Pattern[str], exact: re.Pattern[str]) -> None:
        self._quick = quick
        self._exact = exact

    def search(self, text: str, /) -> re.Match[str] | None:
        """The first place of the exact pattern, looked for only where the quick one is found."""
        return self._exact.search(text) if self._quick.search(text) else None


@dataclass(frozen=True)
class Rule:
    """A normalisation rule: `apply` says more of a text's marks in words, and is tried where `needs` is found."""

    name: str
    apply: Callable[[str, Context], str]
    needs: Needs | None = None  # `None`: tried on every text


def rule(name: str, needs: Needs | None = None) -> Callable[[Callable[[str, Context], str]], Rule]:
    """Makes the function below it a rule of that name.

    Most sentences hold no digits and no signs: what a rule needs tells in one look whether to try it at all. A pattern
    for this begins with a set of characters and looks behind from there: regular expressions skip to such a set fast.
    """
    return lambda apply: Rule(name, apply, needs)


def is_british(locale: str, language: str) -> bool:
    """Whether numbers and dates are read the British way.

    Args:
        locale: the setting `segment.locale`: "auto", "en-US" or "en-GB".
        language: the book's language tag, which decides for "auto"; American where it names no region.
    """
    tag = language if locale == "auto" else locale
    return not _BRITISH_REGIONS.isdisjoint(tag.lower().replace("_", "-").split("-")[1:])


def words(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


def is_wager(match: re.Match[str]) -> bool:
    """Whether betting is spoken of near the match."""
    return _WAGER.search(match.string, max(0, match.start() - _WAGER_NEAR), match.end() + _WAGER_NEAR) is not None


def ends_sentence(text: str, end: int) -> bool:
    """Whether a full stop before `end` also ends a sentence: nothing or a capital follows."""
    return _SENTENCE_END.match(text, end) is not None


@lru_cache(maxsize=4096)
def cardinal(number: int, british: bool = False) -> str:
    """105 is "one hundred five", in British English "one hundred and five"."""
    if abs(number) >= _SPELLED_FROM:
        return spell_digits(str(number))
    return _plain(_in_words(number), british)


@lru_cache(maxsize=4096)
def ordinal(number: int, british: bool = False) -> str:
    """21 is "twenty-first"."""
    if number >= _SPELLED_FROM:
        return spell_digits(str(number))
    return _plain(_in_words(number, "ordinal"), british)


def in_pairs(number: int) -> str:
    """A number that names something: 101 is "one oh one", 747 "seven forty-seven", 1600 "sixteen hundred"."""
    hundreds, rest = divmod(number, 100)
    if not hundreds or number % 1000 == 0:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(hundreds)} hundred"
    return f"{cardinal(hundreds)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def as_a_name(digits: str) -> str:
    """A number that names a model: 320 is "three twenty", 21 "twenty-one", 07 "zero seven"."""
    return spell_digits(digits) if digits[0] == "0" else in_pairs(int(digits))


def year(number: int, british: bool = False) -> str:
    """1905 is "nineteen oh five", 1900 "nineteen hundred", 2005 "two thousand five", 2024 "twenty twenty-four"."""
    if number < 1000 or (number // 100 % 10 == 0 and number % 100 < 10):
        return cardinal(number, british)
    return in_pairs(number)


def plural(words: str) -> str:
    """The plural of number words, for decades: "nineties", "hundreds", "sixes"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith(("x", "s")) else "s")


def spell_digits(digits: str, zero: str = "zero") -> str:
    """Digits one by one: "007" is "zero zero seven"; other characters are left out."""
    return " ".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def spell_letters(letters: str) -> str:
    """Letters one by one, for acronyms: "FBI" is "F B I"."""
    return " ".join(letter for letter in letters if letter.isalpha())


def to_int(digits: str) -> int:
    """An integer written with thousands separators."""
    return int(digits.replace(",", ""))


def number_words(text: str, british: bool = False) -> str:
    """An integer or decimal as written: "1,234.50" is "one thousand two hundred thirty-four point five zero"."""
    whole, point, decimals = text.partition(".")
    zero = "nought" if british else "zero"
    if len(whole.replace(",", "")) > _SPELLED_DIGITS:
        words = spell_digits(whole)
    elif point and whole and not to_int(whole):
        words = zero
    else:
        words = cardinal(to_int(whole), british) if whole else ""
    return f"{words} point {spell_digits(decimals, zero)}".strip() if point else words


def _in_words(number: int, to: str = "cardinal") -> str:
    from num2words import num2words  # here: it imports all its languages, and a text may have no numbers

    return num2words(number, to=to)


def _plain(words: str, british: bool) -> str:
    words = words.replace(",", "")
    return words if british else words.replace(" and ", " ")
