"""Owns the import of nltk's Punkt, without SciPy. Must not know what is split with it.

Importing any of nltk imports SciPy's statistics where they are installed, for one test of collocations that we do not
use. That takes a second, a tenth of the plan of a long novel; nltk does without where the import fails.
"""

from __future__ import annotations

import sys

_UNUSED = "scipy.stats"
_is_hidden = _UNUSED not in sys.modules

if _is_hidden:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # Python's own way to make an import fail
try:
    from nltk.tokenize.punkt import PunktLanguageVars, PunktSentenceTokenizer, PunktToken, PunktTrainer
finally:
    if _is_hidden:
        del sys.modules[_UNUSED]

__all__ = ["PunktLanguageVars", "PunktSentenceTokenizer", "PunktToken", "PunktTrainer"]
