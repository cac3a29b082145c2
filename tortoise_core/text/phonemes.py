"""Owns the text front-end of `tortoise_mini`, sentences to phone tokens: its alphabet, words and pauses.

Text should already be normalised (numbers as words), but every text is taken: digits are read, symbols that cannot be
spoken are dropped and can be listed with `PhonemeTokenizer.dropped`. Phonemes inside the text (`notation.py`) are
spoken as they are: "a {T AH0 M EY1 T OW0}". Must not know books, networks, or how one word gets its phones (`g2p.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from unidecode import unidecode

from tortoise_core.errors import TextError
from tortoise_core.text.g2p import ENDINGS, Pronouncer, default_pronouncer, spell
from tortoise_core.text.g2p_context import in_context
from tortoise_core.text.lexicon import PHONES, Phones
from tortoise_core.text.notation import INLINE

STOP = "<stop>"
START = "<start>"
SPACE = " "
PAUSES = (",", ".", "!", "?", ";", "-")
VOCABULARY: Phones = (STOP, START, SPACE, *PAUSES, *PHONES)  # ids are positions: append only, weights depend on them

DASH = "~"  # stands for a dash that is no hyphen while text is split
SILENT = "\"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}" \
    "\N{SINGLE LOW-9 QUOTATION MARK}«»‹›\N{INVERTED EXCLAMATION MARK}\N{INVERTED QUESTION MARK}"  # fmt: skip
# What input characters other than letters, digits and spaces are read as. Quotes shape no sound.
READ_AS = {
    **{mark: mark for mark in ",.!?;"},
    **dict.fromkeys("()[]{}", ","),
    ":": ";",
    **dict.fromkeys("\N{EM DASH}\N{EN DASH}\N{HORIZONTAL BAR}\N{FIGURE DASH}\N{HORIZONTAL ELLIPSIS}", DASH),
    **dict.fromkeys("-\N{HYPHEN}\N{NON-BREAKING HYPHEN}", "-"),
    **dict.fromkeys("'`‘’\N{MODIFIER LETTER APOSTROPHE}", "'"),
    **dict.fromkeys(SILENT, ""),
    "&": " and ", "%": " percent ", "+": " plus ", "=": " equals ", "@": " at ", "°": " degrees ",
    "$": " dollars ", "£": " pounds ", "€": " euros ",
}  # fmt: skip
# Most texts hold nothing but characters that are read as one other: these are read all at once.
_ONE_FOR_ONE = {ord(sign): read for sign, read in READ_AS.items() if len(read) == 1 and sign not in "{}"} | {10: " "}
_QUICKLY_READ = re.compile(rf"[A-Za-z0-9 {re.escape(''.join(map(chr, _ONE_FOR_ONE)))}]*")
PAUSE_STRENGTH = {mark: rank for rank, mark in enumerate((",", ";", "-", ".", "!", "?"))}

PIECE = re.compile(
    rf"(?P<inline>{INLINE.pattern}(?:'(?P<ending>s|d)\b)?)"
    r"|(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)*(?P<ordinal>(?:st|nd|rd|th)\b)?)"
    r"|(?P<dotted>\b[a-zA-Z](?:\.[a-zA-Z])+\b)"
    r"|(?P<word>'?[a-zA-Z]+(?:'[a-zA-Z]+)*'?)"
    r"|(?P<ellipsis>\.(?:\s?\.){2,})"
    r"|(?P<dash>(?:(?<=\s)-+(?=\s))|--+|(?<=[a-zA-Z])-+(?!\w))"
    r"|(?P<pause>[,.!?;~])"
)
_LETTERS = re.compile(r"[a-zA-Z'‘’]+")
_MOST_PHONES = 8  # of a letter, with the space before its word: "w" by its name
LONGEST_NUMBER = 15  # digits; longer ones are read digit by digit


class SpokenItem(NamedTuple):
    """One word or one pause.

    `start` and `end` are character offsets into the text as given; the words of a number share the number's span.
    """

    symbols: Phones
    start: int
    end: int
    is_word: bool


@dataclass(frozen=True)
class _Plain:
    """Text reduced to ASCII with pauses as single marks. `origin[i]` is the source offset of `text[i]`."""

    text: str
    origin: Sequence[int]
    dropped: list[str]


@lru_cache(maxsize=1 << 12)
def _plain_character(character: str) -> str | None:
    """Returns what an input character is read as: ASCII, a space or nothing; None where it cannot be spoken."""
    if character.isascii() and character.isalnum():
        return character
    if character in READ_AS or character.isspace():
        return READ_AS.get(character, " ")
    category = unicodedata.category(character)
    if category in ("Mn", "Cf"):  # accents written apart, joiners and direction marks
        return ""
    spoken = re.sub(r"[^a-zA-Z0-9' ]", "", unidecode(character)) if category[0] in "LN" else ""
    return spoken or None


def _plain(text: str) -> _Plain:
    """Transliterates to ASCII and keeps, for each character that comes out, the offset where it came from."""
    if _QUICKLY_READ.fullmatch(text):
        return _Plain(text.translate(_ONE_FOR_ONE), range(len(text)), [])
    pieces: list[str] = []
    origin: list[int] = []
    dropped: list[str] = []
    inline = {offset for match in INLINE.finditer(text) for offset in range(*match.span())} if "{" in text else ()
    for offset, character in enumerate(text):
        piece = character if offset in inline else _plain_character(character)
        if piece is None:
            dropped.append(character)
            piece = " "
        pieces.append(piece)
        origin.extend([offset] * len(piece))
    return _Plain("".join(pieces), origin, dropped)


def _number_words(digits: str, ordinal: bool) -> list[str]:
    """Reads a number as words. Commas group thousands; several dots (versions, dates) are read part by part."""
    from num2words import num2words  # here: it imports all its languages, and a text may have no numbers

    digits = digits.replace(",", "")
    if digits.count(".") > 1:
        return [word for part in digits.split(".") for word in _number_words(part, False)]
    if len(digits) > LONGEST_NUMBER or (digits.startswith("0") and digits.isdigit() and len(digits) > 1):
        return [num2words(int(digit)) for digit in digits if digit.isdigit()]
    value = float(digits) if "." in digits else int(digits)
    spoken = num2words(value, to="ordinal" if ordinal and isinstance(value, int) else "cardinal")
    return re.findall(r"[a-z]+", spoken)


class PhonemeTokenizer:
    """Turns English text into phone tokens and back.

    A sentence is the phones of each word, `SPACE` between words, and pauses as tokens of their own directly after the
    word they follow: "Yes, I do." is `Y EH1 S , _ AY1 _ D UW1 .`. Start and stop are not added here.

    Args:
        pronouncer: single words to phones; by default the packaged lexicon and letter model, read when first used.
    """

    stop_id = VOCABULARY.index(STOP)
    start_id = VOCABULARY.index(START)
    space_id = VOCABULARY.index(SPACE)
    vocabulary: Phones = VOCABULARY

    def __init__(self, pronouncer: Pronouncer | None = None) -> None:
        self._given_pronouncer = pronouncer
        self._ids = {symbol: index for index, symbol in enumerate(VOCABULARY)}
        self._remembered_form = lru_cache(maxsize=1 << 16)(self._word_form)
        self._remembered_most = lru_cache(maxsize=1 << 16)(self._most_of_word)

    @property
    def _pronouncer(self) -> Pronouncer:
        return self._given_pronouncer or default_pronouncer()

    def encode(self, text: str) -> list[int]:
        """Returns the token ids of a text, each in [2, len(vocabulary)); empty where nothing can be spoken."""
        ids: list[int] = []
        for item in self.items(text):
            if item.is_word and ids:
                ids.append(self.space_id)
            ids += [self._ids[symbol] for symbol in item.symbols]
        return ids

    def most_tokens(self, text: str) -> int:
        """Returns a number that the length of `encode(text)` does not exceed.

        It is far quicker to know, for no word is pronounced: those of the lexicon have a length, others are taken to be
        spelled, each letter as long as the longest name of a letter.
        """
        if not _QUICKLY_READ.fullmatch(text) or any(map(str.isdigit, text)):
            return len(self.encode(text))
        return sum(map(self._remembered_most, text.split()))

    def _most_of_word(self, written: str) -> int:
        """Returns the most tokens that letters and marks between two spaces make."""
        most = len(written)  # a mark makes one pause at most
        for letters in _LETTERS.findall(written):
            phones = None if letters.isupper() else self._pronouncer.listed(letters.lower().replace("’", "'"))
            most += len(phones) + 1 if phones else _MOST_PHONES * len(letters)
        return most

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Returns the symbols of token ids.

        Raises:
            TextError: an id is outside the vocabulary.
        """
        symbols = []
        for index in ids:
            if not 0 <= index < len(VOCABULARY):
                raise TextError(
                    f"token id {index} is not in the phone vocabulary: ids go from 0 to {len(VOCABULARY) - 1}"
                )
            symbols.append(VOCABULARY[index])
        return symbols

    def encode_words(self, text: str) -> list[list[str]]:
        """Returns one list of phones per word, and one list of one mark per pause, in the order of speech."""
        return [list(item.symbols) for item in self.items(text)]

    def word_spans(self, text: str) -> list[int]:
        """Returns, for each token of `encode(text)`, the index of its entry in `encode_words(text)`; -1 for spaces."""
        return [index for _, index in self._symbols(self.items(text))]

    def dropped(self, text: str) -> list[str]:
        """Lists the characters that `encode` cannot speak, in the order of the text."""
        return _plain(text).dropped

    def items(self, text: str) -> list[SpokenItem]:
        """Splits a text into words and pauses with their phones and source offsets."""
        plain = _plain(text)
        letters = INLINE.sub("", plain.text) if "{" in plain.text else plain.text
        shouted = not any(character.islower() for character in letters)
        found: list[tuple[str, int, int]] = []  # spoken form: a word, a pause, or capitals to spell; source span
        for match in PIECE.finditer(plain.text):
            start = plain.origin[match.start()]
            end = plain.origin[match.end() - 1] + 1
            if match.lastgroup == "word":  # nearly all are: quicker than `_forms`
                found.append((self._remembered_form(match[0], shouted), start, end))
            else:
                found.extend((form, start, end) for form in self._forms(match, shouted))
        return self._pronounced(_merge_pauses(_letter_names(found, text)))

    def _forms(self, match: re.Match[str], shouted: bool) -> list[str]:
        """Returns what a matched piece is spoken as: lower-case words, one pause mark, or capitals to be spelled."""
        piece = match.group()
        if match["inline"]:
            return [f"{{{match['phones']}}}{match['ending'] or ''}"]
        if match["number"]:
            return _number_words(piece.removesuffix(match["ordinal"] or ""), bool(match["ordinal"]))
        if match["dotted"]:
            return list(piece.replace(".", "").upper())
        if match["ellipsis"] or match["dash"]:
            return ["-"]
        if match["pause"]:
            return ["-" if piece == DASH else piece]
        return [self._remembered_form(piece, shouted)]

    def _word_form(self, piece: str, shouted: bool) -> str:
        """Decides which apostrophes belong to the word and whether capitals are an acronym."""
        word = piece.lower()
        if word.startswith("'") and not self._pronouncer.knows(word.rstrip("'")):
            word = word[1:]
        if word.endswith("'") and not self._pronouncer.knows(word) and not word.endswith("in'"):
            word = word[:-1]
        letters = piece.strip("'")
        acronym = letters.isupper() and letters.isalpha() and 1 < len(letters) <= 5 and not shouted
        return letters if acronym and not self._pronouncer.knows(word) else word

    def _pronounced(self, forms: list[tuple[str, int, int]]) -> list[SpokenItem]:
        """Looks every form up; from last to first, because some words depend on the sound that follows."""
        items: list[SpokenItem] = []
        pronouncer = self._pronouncer
        following = ""
        for at in range(len(forms) - 1, -1, -1):
            form, start, end = forms[at]
            previous = forms[at - 1][0] if at else ""
            if form in PAUSE_STRENGTH:
                items.append(SpokenItem((form,), start, end, is_word=False))
                following = ""
            elif phones := _phones(form, previous, following, pronouncer):
                items.append(SpokenItem(phones, start, end, is_word=True))
                following = phones[0]
        return items[::-1]

    @staticmethod
    def _symbols(items: list[SpokenItem]) -> list[tuple[str, int]]:
        """Flattens items to (symbol, item index), with spaces (index -1) before every word but the first."""
        symbols: list[tuple[str, int]] = []
        for index, item in enumerate(items):
            if item.is_word and symbols:
                symbols.append((SPACE, -1))
            symbols.extend((symbol, index) for symbol in item.symbols)
        return symbols


def _phones(form: str, previous: str, following: str, pronouncer: Pronouncer) -> Phones:
    """Pronounces one form: phones stand for themselves, capitals are spelled, other words looked up."""
    if form.startswith("{"):
        inside, _, ending = form[1:].partition("}")
        phones = tuple(inside.split(" "))
        return ENDINGS[ending](phones) if ending else phones
    if form.isupper():
        return spell(form)
    return in_context(form, previous, following) or pronouncer.pronounce(form)


def _letter_names(forms: list[tuple[str, int, int]], text: str) -> list[tuple[str, int, int]]:
    """Distinguishes the letter "a" from the article: in "ten a m" and "U S A" letters of its own case stand beside it.

    "a B movie" has the article, and so has "A B movie" where a sentence begins; "A D" and "A M" are letters there too.
    """
    if all(form != "a" for form, _, _ in forms):
        return forms
    written = [text[start:end] if form not in PAUSE_STRENGTH else form for form, start, end in forms]
    alone = [len(piece) == 1 and piece.isalpha() for piece in written] + [False, False]  # -1 and -2 stay outside
    named = list(forms)
    for at, piece in enumerate(written):
        if piece not in ("a", "A"):
            continue
        before = alone[at - 1] and written[at - 1].isupper() == piece.isupper()
        after = alone[at + 1] and written[at + 1].isupper() == piece.isupper()
        begins = at == 0 or forms[at - 1][0] in PAUSE_STRENGTH
        sure = not begins or piece == "a" or alone[at + 2] or written[at + 1 : at + 2] in (["D"], ["M"])
        if before or (after and sure):
            named[at] = ("A", *forms[at][1:])  # capitals are spelled
    return named


def _merge_pauses(forms: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Keeps one pause, the strongest, of every run of pauses, and none before the first word."""
    merged: list[tuple[str, int, int]] = []
    for form, start, end in forms:
        if form not in PAUSE_STRENGTH:
            merged.append((form, start, end))
        elif merged and merged[-1][0] in PAUSE_STRENGTH:
            strongest = max(merged[-1][0], form, key=PAUSE_STRENGTH.__getitem__)
            merged[-1] = (strongest, merged[-1][1], end)
        elif merged:
            merged.append((form, start, end))
    return merged
