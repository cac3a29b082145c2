"""What a word of a text may be mistaken for: the other readings of its letters ("to read"), the other numbers.

Must not know which of them a recording says.
"""

from __future__ import annotations

from functools import cache

from num2words import num2words

from tasks.annotate.heteronyms import listed_readings
from tortoise_core.text.g2p_context import heteronyms
from tortoise_core.text.lexicon import Phones
from tortoise_core.text.notation import inlined
from tortoise_core.text.phonemes import PhonemeTokenizer

_COUNTED = (*range(21), *range(30, 100, 10))  # in one word


def rivals(word: str) -> frozenset[Phones]:
    """Lists the phones for which a word's could be mistaken; it may be among them itself, and is no rival then.

    Args:
        word: as it stands in the text, or phonemes (`notation.py`), of which the letters are unknown.
    """
    written = inlined(word)
    if written:
        return frozenset[Phones]().union(*(family for family in _readings().values() if written[0] in family))
    letters = word.lower()
    return _readings().get(letters, frozenset()) | _numbers().get(letters, frozenset())


@cache
def _readings() -> dict[str, frozenset[Phones]]:
    """All ways to say each word that has several: of both tables, and the one that the lexicon knows."""
    found = {word: set(readings) for word, readings in listed_readings().items()}
    for (word, _), phones in heteronyms().items():
        found.setdefault(word, set()).add(phones)
    return {word: frozenset(readings | {_spoken(word)}) for word, readings in found.items()}


@cache
def _numbers() -> dict[str, frozenset[Phones]]:
    """Numbers of one word, each with all of its kind: "two" with "ten", "second" with "tenth"."""
    found: dict[str, frozenset[Phones]] = {}
    for kind in ("cardinal", "ordinal"):
        words = [num2words(number, to=kind) for number in _COUNTED]
        found |= dict.fromkeys(words, frozenset(map(_spoken, words)))
    return found


@cache
def _tokenizer() -> PhonemeTokenizer:
    return PhonemeTokenizer()


def _spoken(word: str) -> Phones:
    return tuple(phone for item in _tokenizer().items(word) for phone in item.symbols)
