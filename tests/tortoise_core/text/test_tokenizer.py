"""BPE ids: the reference vectors, the vocabulary, and the way back to text."""

import hashlib
from importlib import resources

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
        ("“Quoted” café naïve — ok…", [194, 28, 188, 2, 183, 132, 2, 27, 14, 22, 76, 2, 8, 8, 2, 166, 9, 9, 9]),
        ("A-b/c:d;e(f)?", [14, 8, 15, 10, 16, 11, 17, 12, 18, 5, 19, 6, 13]),
        ("  leading   and\ttrailing \n", [2, 64, 68, 52, 2, 53, 2, 144, 14, 151, 52, 2]),
        ("[]%&@#*+=<>~_$", [1] * 14),
        ("", []),
    ],
)
def test_reference_vectors(text, ids):
    assert TOKENIZER.encode(text) == ids


def test_vocabulary():
    assert TOKENIZER.vocabulary_size == 255
    assert TOKENIZER.decode(range(2, 40)) == " !'(),-./:;?abcdefghijklmnopqrstuvwxyz"
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


@pytest.mark.parametrize(
    ("table", "digest"),
    [
        ("bpe_vocab.tsv", "5c14eb78238aa3d4c36c9400b8a43095a0df6af9408c29ecdf6118eeb0b8f883"),
        ("bpe_merges.tsv", "440bf101a341d8c653eff4af0f655e75e26aa0c7f43cc60ed7a770cb6e71cd9c"),
    ],
)
def test_the_tables_are_the_published_ones(table, digest):
    content = resources.files("tortoise_core.text").joinpath("data", table).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest
