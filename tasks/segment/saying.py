"""Turns a stretch of a block into spoken text: by the normalisation rules, or as its markup asks.

Marked stretches are kept whole: while sentences are found and cut they look like one long word, and while the rules
work they look like a made-up one. Must not know utterances, chapters or where the markup comes from.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from storage.records import Block, Markup, MarkupKind
from tasks.annotate.vocabulary import SAY_AS, SAYING_KINDS, markup_problem
from tasks.normalise.normalise import normalise
from tasks.normalise.rules.base import Context, cardinal, ordinal, spell_digits, year
from tasks.patterns import regexp
from tortoise_core.errors import TextError
from tortoise_core.text.notation import INLINE, inline, phones_of

_STRESSED_SYLLABLES = regexp(r"\w+(?:-\w+)+")
_NUMBER = regexp(r"\d{1,3}(?:,\d{3})+|\d+")
_LONGEST_NUMBER = 15  # digits; longer ones are read digit by digit
_LETTER_A = "{EY1|A}"  # alone it would be the article
_RARE_LETTERS = "zqxozqx"  # begin a made-up word, which is too long for an acronym in a line of capitals
_NUMBERS: dict[str, Callable[[int, bool], str]] = {"cardinal": cardinal, "ordinal": ordinal, "year": year}
_DIGITS_OF_INDEX = "abcdefghijklmnopqrstuvwxy"  # "z" ends a made-up word


@dataclass(frozen=True)
class Stretch:
    """Characters `[start, end)` of a block, and the words or phonemes to say for them."""

    start: int
    end: int
    spoken: str


def stretches(block: Block, context: Context) -> list[Stretch]:
    """Finds the stretches whose markup decides how they are spoken, in order, none inside of another.

    A stretch that cannot be spoken as its markup asks, see `problem_of`, is read as if it were not marked.
    """
    found: list[Stretch] = []
    for note in block.markup:
        if note.kind not in SAYING_KINDS or (found and note.start < found[-1].end):
            continue
        spoken = _as_marked(block.text[note.start : note.end], note, context)
        if spoken:
            found.append(Stretch(note.start, note.end, spoken))
    return found


def problem_of(text: str, note: Markup) -> str:
    """Says why a text cannot be spoken as its markup asks, once the rules have had it; "" if it can."""
    if problem := markup_problem(text, note):
        return problem
    if note.kind in SAYING_KINDS and not _as_marked(text, note, Context()):
        return f"{text!r} cannot be said as {note.value!r}"
    return ""


class Saying:
    """One block, ready to be cut and spoken."""

    def __init__(self, block: Block, context: Context) -> None:
        self._text = block.text
        self._context = context
        self.stretches = stretches(block, context) if block.markup else []
        self.text = _masked(block.text, self.stretches)  # of the same length, without a place to cut in a stretch
        self.marked_chars = sum(stretch.end - stretch.start for stretch in self.stretches)
        self._starts = [stretch.start for stretch in self.stretches]

    def spoken(self, start: int, end: int) -> str:
        """Returns the spoken text of `[start, end)`; a stretch belongs to the part that holds its start."""
        inside = self.stretches[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        if not inside:
            return normalise(self._text[start:end], self._context)
        return _with_stretches(self._text, start, end, inside, self._context)


def _masked(text: str, marked: Sequence[Stretch]) -> str:
    """Writes one long word of x in the place of each stretch."""
    parts = []
    at = 0
    for stretch in marked:
        first = "X" if text[stretch.start].isupper() else "x"
        parts += [text[at : stretch.start], first, "x" * (stretch.end - stretch.start - 1)]
        at = stretch.end
    return "".join([*parts, text[at:]])


def _with_stretches(text: str, start: int, end: int, inside: Sequence[Stretch], context: Context) -> str:
    """Normalises `[start, end)` with a made-up word in each stretch's place, then puts the stretches' words in."""
    stem = _RARE_LETTERS
    while stem in text.lower():
        stem += "q"
    parts = []
    at = start
    for index, stretch in enumerate(inside):
        parts.append(text[at : stretch.start])
        parts.append(_made_up(stem, index, capital=text[stretch.start].isupper()))
        at = min(stretch.end, end)
    outside = "".join([*parts[::2], text[at:end]])
    shouted = any(c.isupper() for c in outside) and not any(c.islower() for c in outside)
    prepared = "".join([*(part.upper() if shouted else part for part in parts), text[at:end]])
    spoken = normalise(prepared, context)
    return re.sub(rf"{stem}([a-y]+)z", lambda match: inside[_index(match[1])].spoken, spoken, flags=re.I)


def _made_up(stem: str, index: int, *, capital: bool) -> str:
    """Makes a word that no text holds, with its index in letters."""
    digits = ""
    while True:
        index, digit = divmod(index, len(_DIGITS_OF_INDEX))
        digits = _DIGITS_OF_INDEX[digit] + digits
        if not index:
            break
    word = f"{stem}{digits}z"
    return word.capitalize() if capital else word


def _index(digits: str) -> int:
    index = 0
    for digit in digits.lower():
        index = index * len(_DIGITS_OF_INDEX) + _DIGITS_OF_INDEX.index(digit)
    return index


def _as_marked(text: str, note: Markup, context: Context) -> str:
    """Speaks a text as its markup asks; "" where that cannot be done."""
    if note.kind == MarkupKind.PHONEMES:
        return _phonemes(note.value)
    if note.kind == MarkupKind.RESPELL:
        return normalise(_unstressed(note.value), context)
    return _say_as(text, note.value, context)


@lru_cache(maxsize=4096)
def _phonemes(value: str) -> str:
    if INLINE.fullmatch(value):
        return value
    alphabet, _, phonemes = value.partition(":")
    try:
        return inline(phones_of(alphabet, phonemes))
    except TextError:
        return ""


def _unstressed(respelling: str) -> str:
    """Makes "tuh-MAH-toh" lower case: the capitals show people the stress, but look like an acronym to the rules."""
    return _STRESSED_SYLLABLES.sub(
        lambda match: match[0].lower() if match[0] != match[0].title() else match[0], respelling
    )


def _say_as(text: str, way: str, context: Context) -> str:
    """Speaks a text in one of the ways of `SAY_AS`; "" where that cannot be done."""
    if way == "characters":
        named = (_character(character, context) for character in text if not character.isspace())
        return " ".join(name for name in named if name)
    if way == "date":
        return normalise(text, context)
    digits = "".join(character for character in text if character.isdecimal())
    if not digits or way not in SAY_AS:
        return ""
    if way == "digits" or len(digits) > _LONGEST_NUMBER:
        return spell_digits(digits)
    if way == "telephone":
        return ", ".join(spell_digits(group) for group in re.findall(r"\d+", text))
    return _number_as(text, _NUMBERS[way], context)


def _number_as(text: str, in_words: Callable[[int, bool], str], context: Context) -> str:
    """Speaks the first number of a text, which holds digits, in the given way, and the rest by the rules."""
    number = _NUMBER.search(text)
    assert number is not None
    words = in_words(int(number[0].replace(",", "")), context.british)
    return normalise(text[: number.start()] + words + text[number.end() :].removeprefix(_ordinal_end(text)), context)


def _ordinal_end(text: str) -> str:
    """Returns the "th" of "4th", which is part of the number."""
    match = re.search(r"\d(st|nd|rd|th)\b", text)
    return match[1] if match else ""


def _character(character: str, context: Context) -> str:
    """Names one character."""
    if character in "aA":
        return _LETTER_A
    if character.isalpha():
        return normalise(character.upper(), context)
    if character.isdecimal():
        return spell_digits(str(int(character)))
    return _SIGN_NAMES.get(character, "") or normalise(character, context)


_SIGN_NAMES = {
    ".": "dot", ",": "comma", "-": "dash", "–": "dash", "—": "dash", "/": "slash", "\\": "backslash", ":": "colon",
    ";": "semicolon", "!": "exclamation mark", "?": "question mark", "'": "apostrophe", "’": "apostrophe", '"': "quote",
    "(": "open bracket", ")": "close bracket", "_": "underscore", "*": "star", "#": "hash", "@": "at", "&": "and",
    "+": "plus", "=": "equals", "%": "percent", "~": "tilde", "$": "dollar", "£": "pound", "€": "euro",
}  # fmt: skip
