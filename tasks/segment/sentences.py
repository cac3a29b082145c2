"""Splits text into sentences with nltk's Punkt, trained on the book itself. Must not know blocks, limits or speech.

No nltk data is downloaded: the book teaches its own abbreviations and sentence starters, our list adds the common ones.
Method: Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tasks.normalise.rules.abbreviations import GENERAL, MONTHS, MORE_ABBREVIATIONS, TITLES
from tasks.normalise.rules.base import STARTERS, words
from tasks.normalise.rules.references import BEFORE_NUMBER, BIBLE_ABBREVIATIONS
from tasks.segment.punkt import PunktLanguageVars, PunktSentenceTokenizer, PunktToken, PunktTrainer

_TRAINING_CHARS = 1_000_000  # Punkt learns little from more, and training time grows with it
_VOWEL = re.compile(r"[aeiouy]")
_INSIDE_SENTENCE = re.compile(r"(\w[\w.]*)\.(?=[,;:]|\s+[a-z])")
_TITLE_END = re.compile(rf"(?<!\w)(?:{'|'.join(TITLES)}|St|Dr)\.$")
_INITIAL_END = re.compile(r"(?:^|[\s(\"“‘'.])(?!I\.)[A-Z]\.$")
_NUMBERED_END = re.compile(rf"(?<!\w)(?:{'|'.join([*BEFORE_NUMBER, *MONTHS, *BIBLE_ABBREVIATIONS])})\.$")
_LABEL = re.compile(r"\(?(?:\d{1,3}|[IVXLC]+|[a-z])[.)]$")  # "1." before an item of a list
_STUTTER = re.compile(r"(\w+)\s?(?:…|\.\.\.)$")
# Abbreviations and letters that Punkt takes for parts of a name, before a word that begins sentences.
_ENDING = r"etc|&c|[aApP]\.[mM]|Co|Inc|Ltd|Bros|Jr|Sr|Esq|U\.S|U\.K|U\.S\.A|Ph\.D|M\.D|D\.C|B\.C|A\.D"
_HIDDEN_END = re.compile(
    rf"(?:(?<![\w.])(?:{_ENDING})\.[\"'”’)]*|(?<=[a-z] )(?!I\.)[A-Z]\.)\s+(?=[\"“‘(]*(?:{STARTERS})[\s,'’])"
    r"|—[\"”’]\s+(?=[\"“‘]?[A-Z])"
)
_STARTER = re.compile(rf"(?:{STARTERS})[\s,'’]")
_INTERJECTIONS = words("hm hmm mm mmm sh shh ssh pst psst br brr tsk pff pfft grr zzz")
_INNER_END = re.compile(r"[.!?…—][^\w\s]{0,9}\s+\S")
# A run that is no word of any language: Punkt takes quadratic time over it, and has nothing to find in it.
_NO_WORDS = re.compile(r"\S{400}")
# Whether a sentence goes on is seen at its end. No more is searched: "No. 1 No. 1 ..." grows without end.
_TAIL_CHARS = 64
_OPENING = "\"'“‘([{«—–-… "


class _BookLanguage(PunktLanguageVars):
    """Punkt's English with an ellipsis as a possible end of a sentence.

    Its two big patterns are compiled by `re`: nltk runs them through a wrapper with a wall-clock limit, which a busy
    machine could exceed, and which takes ten times as long. Both are linear.
    """

    sent_end_chars = (".", "?", "!", "…")

    def __init__(self) -> None:
        parts = {
            "NonWord": self._re_non_word_chars,
            "MultiChar": self._re_multi_char_punct,
            "WordStart": self._re_word_start,
            "SentEndChars": self._re_sent_end_chars,
        }
        self._re_word_tokenizer = re.compile(self._word_tokenize_fmt % parts, re.VERBOSE)
        self._re_period_context = re.compile(self._period_context_fmt % parts, re.VERBOSE)


class _Token(PunktToken):
    """Punkt's token, its patterns compiled by `re` for the same reasons: they are tried on every word of the book."""

    _RE_ELLIPSIS = re.compile(PunktToken._RE_ELLIPSIS.pattern)
    _RE_NUMERIC = re.compile(PunktToken._RE_NUMERIC.pattern)
    _RE_INITIAL = re.compile(PunktToken._RE_INITIAL.pattern)
    _RE_ALPHA = re.compile(PunktToken._RE_ALPHA.pattern)


class SentenceSplitter:
    """Finds the sentences of one book's blocks."""

    def __init__(self, texts: Iterable[str]) -> None:
        sample = _sample([text for text in texts if not _NO_WORDS.search(text)])
        trainer = PunktTrainer(lang_vars=_BookLanguage(), token_cls=_Token)
        trainer.train(sample)
        params = trainer.get_params()
        # Learned pairs of words that a full stop does not part; in a book with a refrain they glue sentences together,
        # and what they are good for (initials, "No. 5") is decided below.
        params.clear_collocations()
        inside = {match[1].lower() for match in _INSIDE_SENTENCE.finditer(sample)}
        # A short book makes Punkt take rare last words for abbreviations; ask for evidence.
        params.abbrev_types = {
            word for word in params.abbrev_types if word in inside or "." in word or not _VOWEL.search(word)
        }
        params.abbrev_types -= _INTERJECTIONS
        listed = (TITLES, GENERAL, BEFORE_NUMBER, MONTHS, MORE_ABBREVIATIONS)
        params.abbrev_types |= {word.lower() for group in listed for word in group} - {"no", "art", "mar", "sec", "sun"}
        self._tokenizer = PunktSentenceTokenizer(params, lang_vars=_BookLanguage(), token_cls=_Token)

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
        for start, end in self._tokenizer.span_tokenize(text):
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
