"""Joins words that a line's end has cut in two: decides whether their hyphen was the typesetter's or the author's.

Must not know files or blocks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from tortoise_core.text.lexicon import default_lexicon

_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_CUT = re.compile(r"([^\W\d_]+)[-‐]$")
_REST = re.compile(r"[^\W\d_]+")


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
            elif self._is_one_word(cut[1], rest[0], in_compound=joined[-1][: cut.start()].endswith(("-", "‐"))):
                removed.append(joined[-1][-1])
                joined[-1] = joined[-1][:-1]
                joined.append(line)
            else:
                joined.append(line)
        return "".join(joined), "".join(removed)

    def _is_one_word(self, start: str, rest: str, *, in_compound: bool) -> bool:
        """Tells whether the hyphen is the typesetter's: in "for-" + "ward", not in "well-" + "known".

        Within a compound, "mother-in-" + "law", words on both sides keep it even where they would make another word.
        """
        if rest[0].isupper():
            return False
        word = (start + rest).lower()
        compound = f"{start}-{rest}".lower()
        if word in self._words:
            return True
        if compound in self._words:
            return False
        lexicon = default_lexicon()
        two_words = start.lower() in lexicon and rest.lower() in lexicon
        return not two_words or (word in lexicon and not in_compound)
