"""Which token is spoken while each code sounds."""

import numpy as np
import pytest

from tortoise_core.corpus.alignment import align_codes, plain_phone
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


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        *(("AX", "ah"), ("IH1", "ah"), ("uh", "ah"), ("AH0", "ah"), ("AO2", "aa"), ("AA1", "aa")),
        *(("axr", "er"), ("ER0", "er"), ("IY1", "iy"), ("t", "t")),
    ],
)
def test_vowels_that_readers_confuse_count_as_one(name, plain):
    assert plain_phone(name) == plain


def spoken(symbols, names, codes=None):
    """The token of each code, where a phone of the teacher lasts as long as one code."""
    phones = [Phone(name, (number + 1) * 1024 / 24_000) for number, name in enumerate(names)]
    found = align_codes(symbols, [s[0].isalpha() for s in symbols], phones, len(names) if codes is None else codes)
    return None if found is None else found.tolist()


def test_a_phone_that_one_of_the_two_has_alone_belongs_to_its_neighbour():
    assert spoken(["K", "AE1", "T", "S"], ["k", "ae", "ae", "t", "s"]) == [0, 0, 1, 2, 3]
    assert spoken(["K", "AE1", "L", "T", "S"], ["k", "ae", "t", "s"]) == [0, 1, 3, 4]
    assert spoken(["K", "AE1", "T", "S", "T", "S"], ["k", "ae", "b", "d", "s", "t", "s"]) == [0, 1, 2, 2, 3, 4, 5]


def test_codes_behind_the_last_phone_belong_to_the_last_token():
    assert spoken(["N", "OW1", "."], ["n", "ow"], 4) == [0, 1, 1, 1]
    assert spoken(["N", "OW1", "."], ["n", "ow", "pau"], 4) == [0, 1, 2, 2]
    assert spoken(["N", "OW1"], ["n", "ow", "pau"], 4) == [0, 1, 1, 1]  # no mark that the pause could belong to


def test_three_phones_of_four_must_be_alike():
    assert spoken(["K", "AE1", "T", "S"], ["k", "ae", "t", "b"]) is not None
    assert spoken(["K", "AE1", "T", "S", "K"], ["k", "ae", "t", "b", "d"]) is None
    assert spoken([".", " "], ["k"]) is None
    assert spoken(["K"], ["pau"]) is None
