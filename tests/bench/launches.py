"""How much the engine may ask of a GPU, counted at the published sizes, for `docs/numbers.md` and the tests that count.

`tests/tortoise_core/inference/test_launches.py` holds the engine to it; `launches.py` beside it says what counts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The most operations and waits of one piece of work."""

    work: str
    before: str  # what it took when it was first counted, at 469e640
    operations: int
    waits: int  # for the device


DECODING = Budget("a code of 64 rows (every step alike; one wait in 8)", "478 to 540, changing; 2 waits", 415, 0)
SEATING = Budget("64 rows of 4 texts take their seats, the texts' pass included", "1,797; 83 waits", 400, 0)
RANKING = Budget("CLVP rates 256 candidates", "8 x 2,450 (texts again each time)", 955, 1)
DENOISING = Budget("a guided evaluation of 64 unequal utterances", "36,665; 9 to 11 waits", 815, 0)
VOCODING = Budget("UnivNet on 64 unequal utterances", "64 x 231; 64 waits", 480, 2)
BUDGETS = (DECODING, SEATING, RANKING, DENOISING, VOCODING)
