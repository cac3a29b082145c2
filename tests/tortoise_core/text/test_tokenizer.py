"""BPE ids: the reference vectors, the vocabulary, and the way back to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tortoise_core.text.cleaners import clean_basic
from tortoise_core.text.tokenizer import STOP_ID, UNKNOWN_ID, Tokenizer

TOKENIZER = Tokenizer()
BASIC = Tokenizer(clean_basic)
SPEAKABLE = "abcdefghijklmnopqrstuvwxyz !'(),-./:;?"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Hello, world!", [62, 84, 28, 7, 2, 179, 79, 3]),
        ("[I am sad,] hello", [1, 22, 2, 122, 2, 32, 68, 7, 1, 2, 62, 84, 28]),
        ("The 1st, 22nd", [42, 2, 19, 98, 63, 7, 2, 232, 86, 38, 8, 66, 135, 17]),
        ("", []),
    ],
)
def test_reference_vectors(text, ids):
    assert TOKENIZER.encode(text) == ids


def test_vocabulary():
    assert TOKENIZER.vocabulary_size == 255
    assert TOKENIZER.decode([STOP_ID, UNKNOWN_ID, 14, 9999]) == "a"


@given(st.text(SPEAKABLE))
def test_speakable_text_survives_a_round_trip(text):
    ids = BASIC.encode(text)
    assert not {STOP_ID, UNKNOWN_ID} & set(ids)
    assert BASIC.decode(ids) == clean_basic(text)


@given(st.text())
def test_any_text_gives_ids_of_the_vocabulary_and_no_stop(text):
    ids = BASIC.encode(text)
    assert all(STOP_ID < index < BASIC.vocabulary_size for index in ids)


def test_spelled_out_special_tokens_are_ordinary_text():
    assert STOP_ID not in TOKENIZER.encode("[STOP] [SPACE] [UNK]")
