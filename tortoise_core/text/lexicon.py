"""Owns the pronouncing dictionary of exact words, and the phone alphabet it is written in.

Must not know sentences, spelling rules or token ids.

The phones are ARPAbet as in CMUdict: 24 consonants, and 15 vowels that each carry a stress digit
(0 none, 1 primary, 2 secondary). The data are the CMU Pronouncing Dictionary's, see `data/cmudict-LICENSE.txt`.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

Phones = tuple[str, ...]

CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N",
    "NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
VOWELS = (
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
)  # fmt: skip
PHONES: Phones = CONSONANTS + tuple(vowel + stress for vowel in VOWELS for stress in "012")

DATA = Path(__file__).parent / "data"
LEXICON_PATH = DATA / "lexicon.txt.gz"
ADDITIONS_PATH = DATA / "additions.txt"


class Lexicon:
    """Words and their pronunciations.

    Args:
        entries: lower-case words with their phones separated by spaces.
    """

    def __init__(self, entries: dict[str, str]) -> None:
        self._entries = entries

    def get(self, word: str) -> Phones | None:
        """Returns the phones of a lower-case word, or None where it is not listed."""
        phones = self._entries.get(word)
        return None if phones is None else tuple(phones.split(" "))

    def __contains__(self, word: str) -> bool:
        return word in self._entries

    def words(self) -> list[str]:
        """Lists every word, in the order of the file."""
        return list(self._entries)


def parse_entries(text: str) -> dict[str, str]:
    """Reads lines `word PHONE PHONE ...`; empty lines and lines that start with `#` are skipped."""
    pairs = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {word: phones for word, _, phones in pairs}


@lru_cache(maxsize=1)
def dictionary() -> dict[str, str]:
    """Reads the CMUdict words alone (what the letter-to-sound model learns from); about 50 ms, once."""
    return parse_entries(gzip.decompress(LEXICON_PATH.read_bytes()).decode("ascii"))


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """Returns the dictionary with our own additions and corrections laid over it."""
    return Lexicon(dictionary() | parse_entries(ADDITIONS_PATH.read_text(encoding="ascii")))
