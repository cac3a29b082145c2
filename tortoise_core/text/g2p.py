"""Owns the pronunciation of one written word.

It tries in order: the lexicon, clitics (`'s`), plurals and a few suffixes, spelling out, and finally the learned
letter-to-sound model. Must not know sentences (`g2p_context.py` decides by neighbouring words) or token ids.

Only the rules that beat the letter model on held-out dictionary words are here. Words right, rule against model:
plurals 82 % to 79 %, -ness 74 to 63, -less 87 to 80. Rules that lost and were left out: -ed (70 to 85), -ing (86 to
90), -er (79 to 85), -ly (51 to 67), re- (40 to 67), and compounds of two known words of 4+ letters (33 to 62).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tortoise_core.text.g2p_model import default_model
from tortoise_core.text.lexicon import Lexicon, Phones, default_lexicon

LetterModel = Callable[[str], Phones]

SIBILANTS = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
VOICELESS = frozenset(("P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"))
LETTER_NAMES: dict[str, Phones] = {
    "a": ("EY1",), "b": ("B", "IY1"), "c": ("S", "IY1"), "d": ("D", "IY1"), "e": ("IY1",), "f": ("EH1", "F"),
    "g": ("JH", "IY1"), "h": ("EY1", "CH"), "i": ("AY1",), "j": ("JH", "EY1"), "k": ("K", "EY1"), "l": ("EH1", "L"),
    "m": ("EH1", "M"), "n": ("EH1", "N"), "o": ("OW1",), "p": ("P", "IY1"), "q": ("K", "Y", "UW1"), "r": ("AA1", "R"),
    "s": ("EH1", "S"), "t": ("T", "IY1"), "u": ("Y", "UW1"), "v": ("V", "IY1"),
    "w": ("D", "AH1", "B", "AH0", "L", "Y", "UW0"), "x": ("EH1", "K", "S"), "y": ("W", "AY1"), "z": ("Z", "IY1"),
}  # fmt: skip

# Endings that do not depend on the stem's last sound; 's and 'd do, see `ENDINGS`.
CLITICS: dict[str, Phones] = {
    "n't": ("AH0", "N", "T"), "'ll": ("AH0", "L"), "'ve": ("AH0", "V"), "'re": ("ER0",), "'m": ("M",),
}  # fmt: skip
SUFFIXES: dict[str, Phones] = {
    "ness": ("N", "AH0", "S"), "less": ("L", "AH0", "S"), "ful": ("F", "AH0", "L"), "like": ("L", "AY2", "K"),
}  # fmt: skip

SHORTEST_STEM = 3
LONGEST_MODEL_WORD = 40  # letters at a time: limits the work for one absurdly long word


def plural(stem: Phones) -> Phones:
    """Adds the ending of plurals, possessives and third persons: /əz/, /s/ or /z/ by the stem's last phone."""
    if stem[-1] in SIBILANTS:
        return (*stem, "AH0", "Z")
    return (*stem, "S" if stem[-1] in VOICELESS else "Z")


def had(stem: Phones) -> Phones:
    """Adds a reduced "had" or "would" ('d): /əd/ or /d/ by the stem's last phone."""
    return (*stem, "AH0", "D") if stem[-1] in ("T", "D") else (*stem, "D")


def spell(letters: str) -> Phones:
    """Reads letters by name; anything but a-z is skipped."""
    return tuple(phone for letter in letters.lower() for phone in LETTER_NAMES.get(letter, ()))


ENDINGS: dict[str, Callable[[Phones], Phones]] = {"s": plural, "d": had}  # after an apostrophe


class Pronouncer:
    """Pronounces single words.

    Args:
        lexicon: exact words, asked first.
        letters_to_sounds: called with a-z only, for words that nothing else explains.
    """

    def __init__(self, lexicon: Lexicon, letters_to_sounds: LetterModel) -> None:
        self._lexicon = lexicon
        self._letters_to_sounds = letters_to_sounds
        self.pronounce = lru_cache(maxsize=1 << 16)(self._pronounce)

    def knows(self, word: str) -> bool:
        """Tells whether the exact lower-case word is in the lexicon."""
        return word in self._lexicon

    def listed(self, word: str) -> Phones | None:
        """Returns the phones of a lower-case word where the lexicon has it."""
        return self._lexicon.get(word)

    def _pronounce(self, word: str) -> Phones:
        """Returns the phones of a word of lower-case letters and apostrophes; empty only for a word without letters."""
        return self._lexicon.get(word) or self._with_clitic(word) or self._bare(word)

    def _bare(self, word: str) -> Phones:
        """Pronounces a word whose apostrophes, if any, have no meaning of their own."""
        letters = word.replace("'", "")
        return self._lexicon.get(word) or self._lexicon.get(letters) or self._derived(letters) or self._guess(letters)

    def _guess(self, word: str) -> Phones:
        """Pronounces an unknown word by the letter model, or by the names of its letters where it has no vowel."""
        if not re.search(r"[aeiouy]", word):
            return spell(word)
        pieces = (word[at : at + LONGEST_MODEL_WORD] for at in range(0, len(word), LONGEST_MODEL_WORD))
        return tuple(phone for piece in pieces for phone in self._letters_to_sounds(piece)) or spell(word)

    def _with_clitic(self, word: str) -> Phones | None:
        """Pronounces a word that ends in an apostrophe and a clitic, such as "we'll"."""
        stem, apostrophe, ending = word.rpartition("'")
        if not apostrophe or not stem:
            return None
        if word.endswith("in'"):
            phones = self._bare(stem + "g")  # goin', from going
            return (*phones[:-1], "N") if phones[-1] == "NG" else phones
        if ending in ENDINGS:
            phones = self._bare(stem)
            return ENDINGS[ending](phones) if phones else None
        for clitic, clitic_phones in CLITICS.items():
            if word.endswith(clitic) and (phones := self._bare(word.removesuffix(clitic))):
                return phones + clitic_phones
        return None

    def _derived(self, word: str) -> Phones | None:
        """Explains a word as a lexicon word with an ending."""
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            stem = self._stem(word[:-1]) or (self._stem(word[:-2]) if word.endswith("es") else None)
            return plural(stem) if stem else None
        for suffix, phones in SUFFIXES.items():
            if word.endswith(suffix) and (stem := self._stem(word.removesuffix(suffix))):
                return stem + phones
        return None

    def _stem(self, base: str) -> Phones | None:
        """Looks up a word without its ending; a final i may stand for y."""
        if len(base) < SHORTEST_STEM:
            return None
        return self._lexicon.get(base) or (self._lexicon.get(base[:-1] + "y") if base.endswith("i") else None)


@lru_cache(maxsize=1)
def default_pronouncer() -> Pronouncer:
    """Returns the shared pronouncer over the packaged lexicon; the letter model is read when first needed."""
    return Pronouncer(default_lexicon(), lambda letters: default_model().pronounce(letters))
