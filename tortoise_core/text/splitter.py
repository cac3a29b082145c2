"""Owns the splitting of long text into chunks as the published reading script does it (spec 2), oddities included.

It is for plain text given to the model directly. Must not know books: these are segmented elsewhere, with their
structure.
"""

from __future__ import annotations

import re

from tortoise_core.errors import TextError

SENTENCE_MARKS = "!?."
NOTHING_TO_SAY = re.compile(r"[\s.,;:!?]*")


def split_text(text: str, desired_length: int = 200, max_length: int = 300) -> list[str]:
    """Splits a text into chunks of about `desired_length` and at most `max_length` characters.

    They end at sentence ends where possible. Chunks of punctuation only are dropped; nothing else is lost but white
    space around chunks.

    Raises:
        TextError: not 1 <= desired_length <= max_length.
    """
    if not 1 <= desired_length <= max_length:
        raise TextError(
            f"cannot split text into chunks of {desired_length} of at most {max_length} characters: "
            "the desired length must be at least 1 and not above the maximum"
        )
    chunks = _Walk(normalize(text), desired_length, max_length).chunks()
    return [chunk for chunk in map(str.strip, chunks) if not NOTHING_TO_SAY.fullmatch(chunk)]


def normalize(text: str) -> str:
    """Makes every run of white space one space, and curly double quotes straight."""
    return re.sub(r"\s+", " ", text).replace("“", '"').replace("”", '"')


class _Walk:
    """A walk over the characters of the text; the current chunk goes from `start` to `position`, inclusive."""

    def __init__(self, text: str, desired: int, limit: int) -> None:
        self.text = text
        self.desired = desired
        self.limit = limit
        self.position = -1
        self.start = 0
        self.in_quote = False
        self.split: int | None = None  # last position in the current chunk where it may end

    @property
    def length(self) -> int:
        """Counts the characters of the current chunk."""
        return self.position - self.start + 1

    def chunks(self) -> list[str]:
        """Walks over the whole text and returns its chunks."""
        chunks = []
        while self.position < len(self.text) - 1:
            if self._chunk_ends():
                chunks.append(self.text[self.start : self.position + 1])
                self.start = self.position + 1
                self.split = None
        return [*chunks, self.text[self.start :]]

    def _chunk_ends(self) -> bool:
        """Takes at least one step, and decides whether the chunk ends at the new position."""
        character = self._step(1)
        if self.length >= self.limit:
            self._back_to_a_good_place()
            return True
        if not self.in_quote and self._is_boundary(character):
            while self.position < len(self.text) - 1 and self.length < self.limit and self._ahead(1) in SENTENCE_MARKS:
                self._step(1)
            self.split = self.position
            return self.length >= self.desired
        if self.in_quote and self._ahead(1) == '"' and self._ahead(2) in "\n ":
            self._step(1)
            self._step(1)
            self.split = self.position
        return False

    def _is_boundary(self, character: str) -> bool:
        """Decides whether a sentence ends at the current character."""
        return character in "!?\n" or (character == "." and self._ahead(1) in "\n ")

    def _back_to_a_good_place(self) -> None:
        """Goes back to the last possible end of the chunk, or else to a space."""
        if self.split is not None and self.length > self.desired / 2:
            while self.position > self.split:
                self._step(-1)
            return
        while self.text[self.position] not in "!?.\n " and self.position > 0 and self.length > self.desired:
            self._step(-1)

    def _step(self, direction: int) -> str:
        """Moves by one and returns the character there.

        Published quirk: going back, too, the open-quote flag is toggled by the character of the new position.
        """
        self.position += direction
        character = self.text[self.position]
        if character == '"':
            self.in_quote = not self.in_quote
        return character

    def _ahead(self, distance: int) -> str:
        """Reads the character that far ahead.

        Published quirk: the last one reads as the empty string, which is `in` any string, so that every search finds
        what it looks for at the end of the text.
        """
        position = self.position + distance
        return self.text[position] if position < len(self.text) - 1 else ""
