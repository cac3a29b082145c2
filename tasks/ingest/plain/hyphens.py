"""Joins words that a line's end has cut in two: decides whether their hyphen was the typesetter's or the author's.

Must not know files or blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tasks.patterns import regexp
from tortoise_core.text.lexicon import default_lexicon

_WORD = regexp(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_CUT = regexp(r"(?P<chain>[^\W\d_][-‐])?(?P<start>[^\W\d_]+)[-‐]$")  # in "mother-in-" a chain has begun
_REST = regexp(r"[^\W\d_]+")


class Rejoiner:
    """Joins the lines of a book's paragraphs; the book's own words are the first witness for each hyphen."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word.lower().replace("‐", "-") for word in _WORD.findall(self._text))

    def join(self, lines: Sequence[str]) -> tuple[str, str]:
        """Joins lines to one. Returns it, and the hyphens that were left out."""
        joined = [lines[0]]
        removed = []
        for line in lines[1:]:
            cut = _CUT.search(joined[-1]) if joined[-1].endswith(("-", "‐")) else None
            rest = _REST.match(line)
            if cut is None or rest is None:
                joined.append(" " + line)
            elif self._is_one_word(cut["start"], rest[0], in_chain=cut["chain"] is not None):
                removed.append(joined[-1][-1])
                joined[-1] = joined[-1][:-1]
                joined.append(line)
            else:
                joined.append(line)
        return "".join(joined), "".join(removed)

    def _is_one_word(self, start: str, rest: str, *, in_chain: bool) -> bool:
        """Tells whether the hyphen is the typesetter's: in "for-" + "ward", not in "well-" + "known".

        Args:
            in_chain: a hyphen stands before `start` too, as in "one-to-" + "one".
        """
        if rest[0].isupper():
            return False
        lexicon = default_lexicon()
        are_words = start.lower() in lexicon and rest.lower() in lexicon
        if in_chain and are_words:
            return False
        word = (start + rest).lower()
        compound = f"{start}-{rest}".lower()
        if word in self._words:
            return True
        if compound in self._words:
            return False
        return word in lexicon or not are_words
