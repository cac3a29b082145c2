"""Splits text into sentences with nltk's Punkt, trained on the book itself. Must not know blocks, limits or speech.

No nltk data is downloaded: the book teaches its own abbreviations and sentence starters, our list adds the common ones.
Method: Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from tasks.normalise.rules.abbreviations import GENERAL, MONTHS, MORE_ABBREVIATIONS, TITLES
from tasks.normalise.rules.base import STARTERS, words
from tasks.normalise.rules.references import BEFORE_NUMBER, BIBLE_ABBREVIATIONS
from tasks.patterns import regexp

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

_TRAINING_CHARS = 1_000_000  # Punkt learns little from more, and training time grows with it
_VOWEL = regexp(r"[aeiouy]")
_INSIDE_SENTENCE = regexp(r"(\w[\w.]*)\.(?=[,;:]|\s+[a-z])")
_TITLE_END = regexp(rf"(?<!\w)(?:{'|'.join(TITLES)}|St|Dr)\.$")
_INITIAL_END = regexp(r"(?:^|[\s(\"“‘'.])(?!I\.)[A-Z]\.$")
_NUMBERED_END = regexp(rf"(?<!\w)(?:{'|'.join([*BEFORE_NUMBER, *MONTHS, *BIBLE_ABBREVIATIONS])})\.$")
_LABEL = regexp(r"\(?(?:\d{1,3}|[IVXLC]+|[a-z])[.)]$")  # "1." before an item of a list
_STUTTER = regexp(r"(\w+)\s?(?:…|\.\.\.)$")
# Abbreviations and letters that Punkt takes for parts of a name, before a word that begins sentences.
_ENDING = r"etc|&c|[aApP]\.[mM]|Co|Inc|Ltd|Bros|Jr|Sr|Esq|U\.S|U\.K|U\.S\.A|Ph\.D|M\.D|D\.C|B\.C|A\.D"
_HIDDEN_END = regexp(
    rf"(?:(?<![\w.])(?:{_ENDING})\.[\"'”’)]*|(?<=[a-z] )(?!I\.)[A-Z]\.)\s+(?=[\"“‘(]*(?:{STARTERS})[\s,'’])"
    r"|—[\"”’]\s+(?=[\"“‘]?[A-Z])"
)
_STARTER = regexp(rf"(?:{STARTERS})[\s,'’]")
_INTERJECTIONS = words("hm hmm mm mmm sh shh ssh pst psst br brr tsk pff pfft grr zzz")
_INNER_END = regexp(r"[.!?…—][^\w\s]{0,9}\s+\S")
# A run that is no word of any language: Punkt takes quadratic time over it, and has nothing to find in it.
_NO_WORDS = regexp(r"\S{400}")
# Whether a sentence goes on is seen at its end. No more is searched: "No. 1 No. 1 ..." grows without end.
_TAIL_CHARS = 64
_OPENING = "\"'“‘([{«—–-… "


class SentenceSplitter:
    """Finds the sentences of one book's blocks. Punkt learns from them when the first text has an end inside."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sample = _sample([text for text in texts if not _NO_WORDS.search(text)])

    @cached_property
    def _punkt(self) -> PunktSentenceTokenizer:
        """Punkt, as the book has taught it."""
        from tasks.segment import punkt  # here: nltk takes a third of a second, and most single texts do without it

        params = punkt.learn(self._sample)
        # Learned pairs of words that a full stop does not part; in a book with a refrain they glue sentences together,
        # and what they are good for (initials, "No. 5") is decided below.
        params.clear_collocations()
        inside = {match[1].lower() for match in _INSIDE_SENTENCE.finditer(self._sample)}
        # A short book makes Punkt take rare last words for abbreviations; ask for evidence.
        params.abbrev_types = {
            word for word in params.abbrev_types if word in inside or "." in word or not _VOWEL.search(word)
        }
        params.abbrev_types -= _INTERJECTIONS
        listed = (TITLES, GENERAL, BEFORE_NUMBER, MONTHS, MORE_ABBREVIATIONS)
        params.abbrev_types |= {word.lower() for group in listed for word in group} - {"no", "art", "mar", "sec", "sun"}
        return punkt.tokenizer(params)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Finds the sentences of `text` as `[start, end)`, in order; all that is outside of them is whitespace."""
        if _NO_WORDS.search(text) or not _INNER_END.search(text):
            return [(0, len(text))]
        spans: list[tuple[int, int]] = []
        for start, end in self._parts(text):
            before_start, before_end = spans[-1] if spans else (0, 0)
            if spans and _belongs_together(
                text[max(before_start, before_end - _TAIL_CHARS) : before_end], text[start:end]
            ):
                spans[-1] = (before_start, end)
            else:
                spans.append((start, end))
        return spans

    def _parts(self, text: str) -> Iterator[tuple[int, int]]:
        """Cuts the sentences that Punkt finds further where it does not see an end."""
        for start, end in self._punkt.span_tokenize(text):
            begin = start
            for match in _HIDDEN_END.finditer(text, start, end):
                yield begin, match.start() + len(match[0].rstrip())
                begin = match.end()
            yield begin, end


def _sample(texts: list[str]) -> str:
    """Joins all texts, or evenly spread ones where a book is longer than Punkt needs."""
    total = sum(map(len, texts))
    step = max(1, -(-total // _TRAINING_CHARS))
    return "\n".join(texts[::step])


def _belongs_together(before: str, after: str) -> bool:
    """Whether Punkt split where no reader would: before "he said", after a title or an initial, before a lone quote.

    Args:
        before: the end of a sentence, all of it where it is short.
        after: the sentence that Punkt begins behind it.
    """
    opened = after.lstrip(_OPENING)
    if not any(character.isalnum() for character in after):
        return True
    if opened[:1].islower():
        return True
    stutter = _STUTTER.search(before)
    if _LABEL.match(before) or (stutter and re.match(rf"{stutter[1]}\b", opened)):
        return True
    if _TITLE_END.search(before) or (_INITIAL_END.search(before) and not _STARTER.match(opened)):
        return True
    return bool(_NUMBERED_END.search(before)) and opened[:1].isdigit()
