"""Finds the language of a book: the one that it declares, held against its text. Must not know files or models."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from storage.records import Book
from tasks.errors import UnreadableBookError

_PIECES = 9  # of the text, from all over the book
_PIECE_CHARS = 1500
_MIN_LETTERS = 200  # in fewer, no language can be told
_SURE_SHARE = 0.7  # of the pieces in one language: then the text is believed against the book's own word
_ENGLISH_WORDS = frozenset(
    ("the", "and", "of", "to", "that", "was", "he", "she", "it", "with", "his", "her", "had", "you", "this", "not")
)
_ENGLISH_SHARE = 0.16  # of all words; no other language comes near
_WORD = re.compile(r"[^\W\d_]+")
_UNKNOWN = frozenset({"", "und", "mul", "zxx", "mis", "unknown", "none"})
# ISO 639-2 codes that books use in place of the two letters of BCP 47, and languages that detectors take for others.
_SHORT = {
    **{"eng": "en", "fre": "fr", "fra": "fr", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "dut": "nl"},
    **{"nld": "nl", "por": "pt", "rus": "ru", "chi": "zh", "zho": "zh", "jpn": "ja", "lat": "la", "pol": "pl"},
}
_NAMES = {
    **{"en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "nl": "Dutch", "la": "Latin"},
    **{"pt": "Portuguese", "ru": "Russian", "zh": "Chinese", "ja": "Japanese", "pl": "Polish", "sv": "Swedish"},
}


def book_language(book: Book) -> str:
    """Returns the language of a book (BCP 47), "" when unknown.

    The declared language holds unless most of the text is surely in another one: then it is the text's. A book that
    declares none, and is too short to tell, is in no known language.
    """
    declared = _normal(book.language)
    detected, share = _detected(book)
    contradicted = detected and detected != primary_language(declared) and share >= _SURE_SHARE
    return detected if contradicted or not declared else declared


def require_language(book: Book, name: str, spoken: Collection[str]) -> None:
    """Raises `UnreadableBookError` for a book in a known language that is not in `spoken` (primary subtags)."""
    language = book_language(book)
    if not language or primary_language(language) in spoken:
        return
    declared = primary_language(_normal(book.language))
    why = "as it says itself" if declared == primary_language(language) else "by its text"
    if declared and declared != primary_language(language):
        why += f", though it says {declared}"
    speaks = " and ".join(_NAMES.get(code, code) for code in sorted(spoken))
    raise UnreadableBookError(
        f"{name} is in {_NAMES.get(primary_language(language), language)} ({why}), and the model speaks {speaks} only; "
        "with --force it is read all the same"
    )


def primary_language(tag: str) -> str:
    """Returns the language of a BCP 47 tag without region or script: "en" of "en-GB"."""
    return _normal(tag).split("-")[0]


def _normal(tag: str) -> str:
    """Returns a tag in BCP 47's form, "" for one that names no language."""
    first, *rest = tag.strip().replace("_", "-").split("-")
    first = first.lower()
    return "" if first in _UNKNOWN else "-".join([_SHORT.get(first, first), *rest])


def _detected(book: Book) -> tuple[str, float]:
    """Returns the language that most of the text is in, "" when unknown, and its share of the pieces looked at."""
    pieces = list(_sample(book))
    if sum(sum(map(str.isalpha, piece)) for piece in pieces) < _MIN_LETTERS:
        return "", 0.0
    found = Counter("en" if _is_english(piece) else _detector().classify(piece)[0] for piece in pieces)
    language, times = found.most_common(1)[0]
    return language, times / len(pieces)


def _sample(book: Book) -> Iterator[str]:
    """Takes pieces of the text from places that are evenly spread over the book."""
    texts = [block.text for chapter in book.chapters for block in chapter.blocks]
    total = sum(map(len, texts))
    step = max(total // _PIECES, _PIECE_CHARS)
    piece = ""
    wanted = 0  # the place, in characters from the start, where the next piece begins
    passed = 0
    for text in texts:
        passed += len(text) + 1
        if passed > wanted:
            piece += text[: _PIECE_CHARS * 2] + " "
        if len(piece) >= _PIECE_CHARS:
            yield piece
            piece = ""
            wanted += step
    if sum(map(str.isalpha, piece)) >= _MIN_LETTERS:
        yield piece


def _is_english(text: str) -> bool:
    """Tells whether a text is plainly English: this saves loading the detector for most books."""
    words = _WORD.findall(text.lower())
    return sum(word in _ENGLISH_WORDS for word in words) >= _ENGLISH_SHARE * max(len(words), 1)


@lru_cache(maxsize=1)
def _detector() -> LanguageIdentifier:
    """Loads the detector's model, about 5 MB, which takes about a second."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
