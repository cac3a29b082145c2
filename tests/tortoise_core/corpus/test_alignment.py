"""Which token is spoken while each code sounds."""

import numpy as np

from tortoise_core.corpus.alignment import align_codes
from tortoise_core.corpus.teachers import Phone


def test_codes_know_the_token_being_spoken():
    symbols = ["N", "OW1", ",", " ", "N", "OW1", "."]
    phones = [Phone(n, e) for n, e in [("pau", 0.1), ("n", 0.2), ("ow", 0.4), ("pau", 0.6), ("n", 0.7), ("ow", 0.9)]]
    spoken = align_codes(symbols, [s[0].isalpha() for s in symbols], phones, 21)
    seconds = (np.arange(21) + 0.5) * 1024 / 24000
    expected = [0 if t < 0.2 else 1 if t < 0.4 else 2 if t < 0.6 else 4 if t < 0.7 else 5 for t in seconds]
    assert spoken.tolist() == expected


def test_other_readings_of_a_vowel_are_forgiven_and_other_words_are_not():
    symbols = ["DH", "AH0", "K", "AE1", "T"]
    phones = [Phone(n, 0.1 * (i + 1)) for i, n in enumerate(["dh", "iy", "k", "ae", "t"])]
    assert align_codes(symbols, [True] * 5, phones, 12) is not None
    phones = [Phone(n, 0.1 * (i + 1)) for i, n in enumerate(["w", "uh", "m", "b", "ey"])]
    assert align_codes(symbols, [True] * 5, phones, 12) is None
