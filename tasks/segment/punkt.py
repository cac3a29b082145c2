"""Owns nltk's Punkt as it is used here: imported without SciPy, and quick on whole books.

Importing any of nltk imports SciPy where it is installed, for a test of collocations and a parser that we do not use.
That takes up to a second, a tenth of the plan of a long novel; nltk does without where the import fails. Importing this
module costs a third of a second all the same: whoever needs it imports it then. Must not know what is split with it.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_UNUSED = frozenset({"scipy", "scipy.sparse", "scipy.stats"})


class _Without(MetaPathFinder):
    """Has this thread's imports of what is unused fail, where it is not imported already; other threads' go on."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuses an unused module; leaves the others to the next finder."""
        if fullname in _UNUSED and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not needed here", name=fullname)
        return None


_without = _Without()
sys.meta_path.insert(0, _without)
try:
    from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer, PunktToken, PunktTrainer
finally:
    sys.meta_path.remove(_without)


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


def learn(sample: str) -> PunktParameters:
    """Learns abbreviations, sentence starters and collocations of a text."""
    trainer = PunktTrainer(lang_vars=_BookLanguage(), token_cls=_Token)
    trainer.train(sample)
    return trainer.get_params()


def tokenizer(params: PunktParameters) -> PunktSentenceTokenizer:
    """Makes what finds the sentences of a text, by what was learned."""
    return PunktSentenceTokenizer(params, lang_vars=_BookLanguage(), token_cls=_Token)
