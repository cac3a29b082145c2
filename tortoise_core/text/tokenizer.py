"""Owns the byte-pair encoding of the published model, text to token ids and back (spec 2).

Its vocabulary is package data. Must not know the networks' extra ids (start of text) nor their length limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources

import tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Whitespace

from tortoise_core.text.cleaners import clean_english

STOP = "[STOP]"
UNKNOWN = "[UNK]"
SPACE = "[SPACE]"
STOP_ID = 0
UNKNOWN_ID = 1


class Tokenizer:
    """Cleans and encodes text.

    Args:
        clean: the cleaner applied first; `clean_basic` leaves numbers and abbreviations alone.
    """

    def __init__(self, clean: Callable[[str], str] = clean_english) -> None:
        self.clean = clean
        self._bpe = _published_bpe()

    @property
    def vocabulary_size(self) -> int:
        """Counts the different ids; they begin with 0."""
        return self._bpe.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Encodes the cleaned text. Characters outside the alphabet become `UNKNOWN_ID`, one each.

        Raises:
            TextError: a number in the text cannot be read.
        """
        return self._bpe.encode(self.clean(text).replace(" ", SPACE)).ids

    def decode(self, ids: Sequence[int]) -> str:
        """Decodes ids to text. Stop, unknown and foreign ids are dropped."""
        tokens = "".join(self._bpe.id_to_token(index) or UNKNOWN for index in ids)
        return tokens.replace(SPACE, " ").replace(STOP, "").replace(UNKNOWN, "")


def _published_bpe() -> tokenizers.Tokenizer:
    """Builds the published encoder from the packaged tables."""
    vocabulary = {token: int(index) for index, token in _table("bpe_vocab.tsv")}
    merges = [(left, right) for _, left, right in _table("bpe_merges.tsv")]
    bpe = tokenizers.Tokenizer(BPE(vocab=vocabulary, merges=merges, unk_token=UNKNOWN))
    bpe.add_special_tokens([STOP, UNKNOWN, SPACE])
    bpe.pre_tokenizer = Whitespace()
    return bpe


def _table(name: str) -> list[list[str]]:
    """Reads a packaged table."""
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="ascii")
    return [line.split("\t") for line in text.splitlines()]
