"""From one written word to its phones.

Owns the order of means: lexicon, clitics (`'s`), inflections, compounds, spelling out, and at last the learned
letter-to-sound model. Knows nothing of sentences (what depends on neighbouring words is in `phonemes.py`) or token ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from tortoise_core.text.g2p_model import default_model
from tortoise_core.text.lexicon import Lexicon, Phones, default_lexicon

LetterModel = Callable[[str], Phones]

SIBILANTS = frozenset("S Z SH ZH CH JH".split())
VOICELESS = frozenset("P T K F TH S SH CH HH".split())
LETTER_NAMES: dict[str, Phones] = {
    "a": ("EY1",), "b": ("B", "IY1"), "c": ("S", "IY1"), "d": ("D", "IY1"), "e": ("IY1",), "f": ("EH1", "F"),
    "g": ("JH", "IY1"), "h": ("EY1", "CH"), "i": ("AY1",), "j": ("JH", "EY1"), "k": ("K", "EY1"), "l": ("EH1", "L"),
    "m": ("EH1", "M"), "n": ("EH1", "N"), "o": ("OW1",), "p": ("P", "IY1"), "q": ("K", "Y", "UW1"), "r": ("AA1", "R"),
    "s": ("EH1", "S"), "t": ("T", "IY1"), "u": ("Y", "UW1"), "v": ("V", "IY1"), "w": ("D", "AH1", "B", "AH0", "L", "Y", "UW0"),
    "x": ("EH1", "K", "S"), "y": ("W", "AY1"), "z": ("Z", "IY1"),
}  # fmt: skip

# Endings that never change with the stem's last sound; the inflections -s and -ed do and are functions below.
CLITICS: dict[str, Phones] = {
    "n't": ("AH0", "N", "T"), "'ll": ("AH0", "L"), "'ve": ("AH0", "V"), "'re": ("ER0",), "'m": ("M",),
}  # fmt: skip
SUFFIXES: dict[str, Phones] = {
    "ing": ("IH0", "NG"), "in'": ("IH0", "N"), "er": ("ER0",), "ers": ("ER0", "Z"), "est": ("AH0", "S", "T"),
    "ly": ("L", "IY0"), "ness": ("N", "AH0", "S"), "less": ("L", "AH0", "S"), "ful": ("F", "AH0", "L"),
    "ish": ("IH0", "SH"), "like": ("L", "AY2", "K"), "ward": ("W", "ER0", "D"), "wards": ("W", "ER0", "D", "Z"),
    "ship": ("SH", "IH2", "P"), "hood": ("HH", "UH2", "D"), "some": ("S", "AH0", "M"),
}  # fmt: skip
PREFIXES: dict[str, Phones] = {"un": ("AH0", "N"), "re": ("R", "IY0"), "non": ("N", "AA0", "N")}

SHORTEST_STEM = 3
SHORTEST_COMPOUND_PART = 3
LONGEST_MODEL_WORD = 40  # letters at a time: bounds the work that one absurd word can cause


def plural(stem: Phones) -> Phones:
    """Add the ending of plurals, possessives and third persons: /əz/, /s/ or /z/ by the stem's last phone."""
    if stem[-1] in SIBILANTS:
        return (*stem, "AH0", "Z")
    return (*stem, "S" if stem[-1] in VOICELESS else "Z")


def past(stem: Phones) -> Phones:
    """Add the ending -ed: /əd/, /t/ or /d/ by the stem's last phone."""
    if stem[-1] in ("T", "D"):
        return (*stem, "AH0", "D")
    return (*stem, "T" if stem[-1] in VOICELESS else "D")


def spell(letters: str) -> Phones:
    """Read letters by name; anything but a-z is passed over."""
    return tuple(phone for letter in letters.lower() for phone in LETTER_NAMES.get(letter, ()))


def demote(phones: Phones) -> Phones:
    """Turn primary stress into secondary, as in the second half of a compound."""
    return tuple(phone.replace("1", "2") for phone in phones)


def stems(base: str, vowel_suffix: bool) -> Iterator[str]:
    """Undo the spelling rules at a word's seam, likeliest first.

    Args:
        base: the word without its suffix.
        vowel_suffix: whether the suffix starts with a vowel, so that a silent e may have gone or a consonant doubled.
    """
    if vowel_suffix and len(base) > SHORTEST_STEM and base[-1] == base[-2] and base[-1] not in "aeiouls":
        yield base[:-1]
    yield base
    if vowel_suffix:
        yield base + "e"
    if base.endswith("i"):
        yield base[:-1] + "y"


class Pronouncer:
    """Speaks single words.

    Args:
        lexicon: exact words, asked first.
        letters_to_sounds: called with a-z only, for words that nothing else explains.
    """

    def __init__(self, lexicon: Lexicon, letters_to_sounds: LetterModel) -> None:
        self._lexicon = lexicon
        self._letters_to_sounds = letters_to_sounds
        self.pronounce = lru_cache(maxsize=1 << 16)(self._pronounce)

    def knows(self, word: str) -> bool:
        """Tell whether the exact lower-case word is in the lexicon."""
        return word in self._lexicon

    def _pronounce(self, word: str) -> Phones:
        """Return the phones of a word of lower-case letters and apostrophes; empty only for a word without letters."""
        known = self._lexicon.get(word)
        if known is None:
            known = self._with_clitic(word)
        if known is not None:
            return known
        word = word.replace("'", "")
        return self._lexicon.get(word) or self.derive(word) or self._guess(word)

    def derive(self, word: str) -> Phones | None:
        """Explain a word as an inflection, derivation or compound of lexicon words, or return None."""
        return self._inflected(word) or self._derived(word) or self._compound(word)

    def _guess(self, word: str) -> Phones:
        if not re.search(r"[aeiouy]", word):
            return spell(word)
        pieces = (word[at : at + LONGEST_MODEL_WORD] for at in range(0, len(word), LONGEST_MODEL_WORD))
        return tuple(phone for piece in pieces for phone in self._letters_to_sounds(piece)) or spell(word)

    def _with_clitic(self, word: str) -> Phones | None:
        stem, apostrophe, ending = word.rpartition("'")
        if not apostrophe or not stem:
            return None
        if word.endswith("in'") and (phones := self._suffixed(word, "in'")):
            return phones
        if ending in ("", "s", "d"):
            phones = self.pronounce(stem)
            return {"": lambda p: p, "s": plural, "d": past}[ending](phones) if phones else None
        for clitic, clitic_phones in CLITICS.items():
            if word.endswith(clitic) and (phones := self.pronounce(word.removesuffix(clitic))):
                return phones + clitic_phones
        return None

    def _first_known(self, base: str, vowel_suffix: bool) -> Phones | None:
        if len(base) < SHORTEST_STEM:
            return None
        return next((known for stem in stems(base, vowel_suffix) if (known := self._lexicon.get(stem))), None)

    def _inflected(self, word: str) -> Phones | None:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            stem = self._first_known(word[:-1], False) or (word.endswith("es") and self._first_known(word[:-2], False))
            return plural(stem) if stem else None
        if word.endswith("ed") and (stem := self._first_known(word[:-2], True)):
            return past(stem)
        return None

    def _suffixed(self, word: str, suffix: str) -> Phones | None:
        stem = self._first_known(word.removesuffix(suffix), suffix[0] in "aei")
        return stem + SUFFIXES[suffix] if stem else None

    def _derived(self, word: str) -> Phones | None:
        for suffix in SUFFIXES:
            if word.endswith(suffix) and (phones := self._suffixed(word, suffix)):
                return phones
        for prefix, phones in PREFIXES.items():
            rest = word.removeprefix(prefix)
            if rest != word and len(rest) > SHORTEST_STEM and (known := self._lexicon.get(rest)):
                return phones + known
        return None

    def _compound(self, word: str) -> Phones | None:
        """Split into two lexicon words, the most even split first (short halves are mostly chance)."""
        cuts = range(SHORTEST_COMPOUND_PART, len(word) - SHORTEST_COMPOUND_PART + 1)
        for cut in sorted(cuts, key=lambda cut: abs(2 * cut - len(word))):
            first, second = self._lexicon.get(word[:cut]), self._lexicon.get(word[cut:])
            if first and second:
                return first + demote(second)
        return None


@lru_cache(maxsize=1)
def default_pronouncer() -> Pronouncer:
    """Return the shared pronouncer over the packaged lexicon; the letter model is read when first needed."""
    return Pronouncer(default_lexicon(), lambda letters: default_model().pronounce(letters))
