"""Chooses the sentences of a corpus: which can be spoken, which are for training, and which are only for validation.

Knows nothing of who speaks them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tortoise_core.errors import ConfigError

_HELD_OUT_ONE_IN = 200
_SHORT = 15  # letters; shorter sentences ("Yes, sir.") stand in any book
_PLAIN = str.maketrans({"’": "'", "‘": "", "“": "", "”": "", '"': "", "—": ", ", "–": "-", "_": " "})
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz ,.;:!?'-")

Item = TypeVar("Item")


def speakable_sentences(path: Path) -> Iterator[str]:
    """Sentences of a text file (one a line) that need no normalisation, at most 160 characters, in the file's order."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = " ".join(line.translate(_PLAIN).split())
        if 4 <= len(text) <= 160 and set(text.lower()) <= _ALLOWED and any(c.isalpha() for c in text):
            yield text


def is_held_out(sentence: str) -> bool:
    """Whether a sentence is for validation only: half a percent of all sentences, chosen by a hash of their letters.

    The choice depends on nothing else, so a corpus can grow, and a model can go on training on another corpus, without
    ever learning from a sentence that it is validated on.
    """
    return int(hashlib.sha256(_letters(sentence).encode()).hexdigest(), 16) % _HELD_OUT_ONE_IN == 0


def split_held_out(items: Sequence[Item], text_of: Callable[[Item], str]) -> tuple[list[Item], list[Item]]:
    """Splits utterances into those for training and those for validation, by `is_held_out` of their texts.

    Raises `ConfigError` where there are none of one kind.
    """
    train = [item for item in items if not is_held_out(text_of(item))]
    held_out = [item for item in items if is_held_out(text_of(item))]
    if not train or not held_out:
        raise ConfigError(
            f"the corpus has {len(train)} utterances to train on and {len(held_out)} to validate on, and needs both: "
            "it is too short, or an older version made it without sentences to validate on. Raise [corpus] hours in "
            "the recipe and run `talepress train corpus` again, in a new workspace if the corpus is old"
        )
    return train, held_out


class HeldOutBooks:
    """The sentences of some books, which no corpus may speak: whole books are kept for tests."""

    def __init__(self, books: Iterable[str]) -> None:
        """Args: `books`: the whole text of each."""
        self._books = [_letters(book) for book in books]

    def __contains__(self, sentence: str) -> bool:
        """Whether one of the books has the sentence; one that is shorter than 15 letters counts as everybody's."""
        letters = _letters(sentence)
        return len(letters) >= _SHORT and any(letters in book for book in self._books)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())
