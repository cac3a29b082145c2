"""Long text to chunks of a wanted length, the way the published reading script does it (spec 2), oddities included.

Books are segmented elsewhere, with their structure; this is for plain text given to the model directly.

Must not know books.
"""

from __future__ import annotations

import re

from tortoise_core.errors import TextError

SENTENCE_MARKS = "!?."
NOTHING_TO_SAY = re.compile(r"[\s.,;:!?]*")


def split_text(text: str, desired_length: int = 200, max_length: int = 300) -> list[str]:
    """Chunks of about `desired_length` and at most `max_length` characters, cut at sentence ends where possible.

    Chunks of punctuation only are dropped; nothing else is lost but white space around chunks.

    Raises:
        TextError: not 1 <= desired_length <= max_length.
    """
    if not 1 <= desired_length <= max_length:
        raise TextError(
            f"cannot split text to {desired_length} of at most {max_length} characters: give 1 <= desired <= max"
        )
    chunks = _Walk(normalize(text), desired_length, max_length).chunks()
    return [chunk for chunk in map(str.strip, chunks) if not NOTHING_TO_SAY.fullmatch(chunk)]


def normalize(text: str) -> str:
    """Every run of white space as one space, curly double quotes straight."""
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
        return self.position - self.start + 1

    def chunks(self) -> list[str]:
        chunks = []
        while self.position < len(self.text) - 1:
            if self._chunk_ends():
                chunks.append(self.text[self.start : self.position + 1])
                self.start, self.split = self.position + 1, None
        return [*chunks, self.text[self.start :]]

    def _chunk_ends(self) -> bool:
        """Takes at least one step; whether the chunk should end where that has led."""
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
        return character in "!?\n" or (character == "." and self._ahead(1) in "\n ")

    def _back_to_a_good_place(self) -> None:
        if self.split is not None and self.length > self.desired / 2:
            while self.position > self.split:
                self._step(-1)
            return
        while self.text[self.position] not in "!?.\n " and self.position > 0 and self.length > self.desired:
            self._step(-1)

    def _step(self, direction: int) -> str:
        """Moves by one and returns the character there. Published quirk: going back, too, the character that is landed
        on toggles the open-quote flag, not the one that is left."""
        self.position += direction
        character = self.text[self.position]
        if character == '"':
            self.in_quote = not self.in_quote
        return character

    def _ahead(self, distance: int) -> str:
        """The character that far ahead. Published quirk: the last one is invisible and reads as the empty string,
        which is `in` any string, so that text seems to end with whatever is looked for."""
        position = self.position + distance
        return self.text[position] if position < len(self.text) - 1 else ""
