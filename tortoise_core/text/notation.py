"""Owns the notation of phonemes inside a text, and the conversion of other alphabets (IPA, X-SAMPA) into it.

It looks like `{T AH0 M EY1 T OW0}`, or `{T AH0 M EY1 T OW0|tuh-may-toh}` with a respelling. The phone front-end speaks
the phones; a front-end that reads letters gets the respelling, made from the phones where none is given. Must not know
tokens.
"""

from __future__ import annotations

import re

from tortoise_core.errors import TextError
from tortoise_core.text.lexicon import PHONES, VOWELS, Phones

ALPHABETS = ("ipa", "x-sampa", "arpabet")

_PHONE = "|".join(sorted(PHONES, key=len, reverse=True))
INLINE = re.compile(rf"\{{(?P<phones>(?:{_PHONE})(?: (?:{_PHONE}))*)(?:\|(?P<respelling>[^{{}}|\n]+))?\}}")

_STRESS = {"ˈ": "1", "'": "1", "ˌ": "2", ",": "2"}
_SILENT = frozenset("ːˑ.‿͡ʔˀʰ̩̯̃̆()-")  # length, syllables, ties, aspiration: English phones do not distinguish them
_IPA: dict[str, tuple[str, ...]] = {
    "p": ("P",), "b": ("B",), "t": ("T",), "d": ("D",), "k": ("K",), "g": ("G",), "ɡ": ("G",), "f": ("F",),
    "v": ("V",), "θ": ("TH",), "ð": ("DH",), "s": ("S",), "z": ("Z",), "ʃ": ("SH",), "ʒ": ("ZH",), "h": ("HH",),
    "ɦ": ("HH",), "x": ("K",), "χ": ("K",), "ç": ("HH",), "m": ("M",), "n": ("N",), "ŋ": ("NG",), "ɲ": ("N", "Y"),
    "l": ("L",), "ɫ": ("L",), "ʎ": ("L", "Y"), "ɬ": ("L",), "r": ("R",), "ɹ": ("R",), "ɾ": ("D",), "ʁ": ("R",),
    "ʀ": ("R",), "w": ("W",), "ʍ": ("HH", "W"), "j": ("Y",), "tʃ": ("CH",), "ʧ": ("CH",), "dʒ": ("JH",), "ʤ": ("JH",),
    "ts": ("T", "S"), "æ": ("AE",), "a": ("AA",), "ɑ": ("AA",), "ɒ": ("AA",), "ɐ": ("AH",), "ʌ": ("AH",),
    "ə": ("AH",), "ɚ": ("ER",), "ɝ": ("ER",), "ɜ": ("ER",), "ɜr": ("ER",), "ɜɹ": ("ER",), "ər": ("ER",), "əɹ": ("ER",),
    "e": ("EH",), "ɛ": ("EH",), "ɪ": ("IH",), "ɨ": ("IH",), "i": ("IY",), "ɔ": ("AO",), "o": ("OW",), "ɵ": ("UH",),
    "ʊ": ("UH",), "u": ("UW",), "ʉ": ("UW",), "y": ("UW",), "ø": ("ER",), "œ": ("ER",), "eɪ": ("EY",), "ei": ("EY",),
    "aɪ": ("AY",), "ai": ("AY",), "ɔɪ": ("OY",), "ɔi": ("OY",), "aʊ": ("AW",), "au": ("AW",), "oʊ": ("OW",),
    "əʊ": ("OW",), "ou": ("OW",), "ɪə": ("IH", "R"), "eə": ("EH", "R"), "ɛə": ("EH", "R"), "ʊə": ("UH", "R"),
}  # fmt: skip
_IPA_PIECE = re.compile("|".join(sorted(_IPA, key=len, reverse=True)))
# X-SAMPA (Wells 1995) where it differs from IPA letters.
_X_SAMPA = {
    "tS": "tʃ", "dZ": "dʒ", "r\\": "ɹ", "T": "θ", "D": "ð", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "J": "ɲ", "R": "ʁ",
    "I": "ɪ", "E": "ɛ", "{": "æ", "A": "ɑ", "Q": "ɒ", "O": "ɔ", "U": "ʊ", "V": "ʌ", "@`": "ɚ", "@": "ə", "3`": "ɝ",
    "3": "ɜ", "6": "ɐ", "2": "ø", "9": "œ", "}": "ʉ", "8": "ɵ", "X": "χ", "C": "ç", "W": "ʍ", "L": "ʎ", "5": "ɫ",
    "4": "ɾ", '"': "ˈ", "%": "ˌ", ":": "ː", "?": "ʔ", "1": "ɨ",
}  # fmt: skip
_X_SAMPA_PIECE = re.compile("|".join(map(re.escape, sorted(_X_SAMPA, key=len, reverse=True))))

_LETTERS = {
    "AA": "ah", "AE": "a", "AH": "uh", "AO": "aw", "AW": "ow", "AY": "igh", "EH": "eh", "ER": "er", "EY": "ay",
    "IH": "ih", "IY": "ee", "OW": "oh", "OY": "oy", "UH": "oo", "UW": "oo", "DH": "th", "HH": "h", "JH": "j",
}  # fmt: skip


def phones_of(alphabet: str, phonemes: str) -> tuple[Phones, ...]:
    """Converts a pronunciation to one tuple of phones for each word.

    Args:
        alphabet: one of `ALPHABETS`.
        phonemes: words separated by spaces; of ARPAbet, whose phones are separated by spaces, by " | ". Vowels without
            a stress get one where the word has none at all.

    Raises:
        TextError: an unknown alphabet, or a sign that is not in it.
    """
    if alphabet == "arpabet":
        words = [tuple(word.split()) for word in phonemes.split("|")]
        unknown = next((phone for word in words for phone in word if phone not in PHONES), None)
        if unknown is not None or not all(words):
            raise TextError(f"{phonemes!r}: {unknown or 'an empty word'} is not an ARPAbet phone such as AH0 or T")
        return tuple(words)
    if alphabet == "x-sampa":
        phonemes = _X_SAMPA_PIECE.sub(lambda match: _X_SAMPA[match[0]], phonemes)
    elif alphabet != "ipa":
        raise TextError(f"{alphabet!r} is not an alphabet of phonemes: use one of {', '.join(ALPHABETS)}")
    found = tuple(_word(word) for word in phonemes.strip("/[] ").split())
    if not found:
        raise TextError(f"{phonemes!r} holds no phonemes: write the pronunciation in {alphabet}")
    return found


def inline(words: tuple[Phones, ...], respelling: str = "") -> str:
    """Writes words in the notation; a respelling is kept for a single word only, as it cannot be divided."""
    if len(words) == 1 and respelling:
        return f"{{{' '.join(words[0])}|{respelling}}}"
    return " ".join(f"{{{' '.join(word)}}}" for word in words)


def inlined(text: str) -> tuple[Phones, ...]:
    """Lists the phones of each word of a text that is written in the notation."""
    return tuple(tuple(match["phones"].split()) for match in INLINE.finditer(text))


def respelled(text: str) -> str:
    """Replaces every notation in a text by letters that sound similar: `{T AH0 M EY1 T OW0}` is "tuh-may-toh"."""
    return INLINE.sub(lambda match: match["respelling"] or respell(tuple(match["phones"].split())), text)


def respell(phones: Phones) -> str:
    """Writes phones as English letters, syllables joined by hyphens."""
    syllables = [""]
    sounded = False  # whether the syllable has its vowel
    for at, phone in enumerate(phones):
        vowel = phone[-1].isdigit()
        name = phone.rstrip("012")
        opens = not vowel and sounded and at + 1 < len(phones) and phones[at + 1][-1].isdigit()
        if opens or (vowel and sounded):
            syllables.append("")
            sounded = False
        syllables[-1] += _LETTERS.get(name, name.lower())
        sounded = sounded or vowel
    return "-".join(syllables)


def _word(word: str) -> Phones:
    """Converts one IPA word. A mark of stress belongs to the next vowel."""
    phones: list[str] = []
    stress = ""
    at = 0
    while at < len(word):
        if word[at] in _STRESS:
            stress = _STRESS[word[at]]
            at += 1
        elif word[at] in _SILENT:
            at += 1
        elif match := _IPA_PIECE.match(word, at):
            for name in _IPA[match[0]]:
                phones.append(name + (stress or "0") if name in VOWELS else name)
                stress = "" if name in VOWELS else stress
            at = match.end()
        else:
            raise TextError(f"{word!r}: {word[at]!r} is no sound of English that the phone front-end knows")
    vowels = [place for place, phone in enumerate(phones) if phone[-1] in "012"]
    if vowels and not any(phones[place][-1] in "12" for place in vowels):
        first = next((place for place in vowels if phones[place] not in ("AH0", "ER0")), vowels[0])
        phones[first] = phones[first][:-1] + "1"
    return tuple(phones)
