"""Phonemes inside texts: other alphabets in, phones and respellings out."""

from __future__ import annotations

import pytest

from tortoise_core.errors import TextError
from tortoise_core.text.notation import INLINE, inline, phones_of, respell, respelled
from tortoise_core.text.phonemes import PhonemeTokenizer

TOMATO = ("T", "AH0", "M", "EY1", "T", "OW0")


@pytest.mark.parametrize(
    ("alphabet", "phonemes", "expected"),
    [
        ("ipa", "təˈmeɪtoʊ", " ".join(TOMATO)),
        ("ipa", "/təˈmɑːtəʊ/", "T AH0 M AA1 T OW0"),
        ("ipa", "hɚˈmaɪ.ə.ni", "HH ER0 M AY1 AH0 N IY0"),
        ("ipa", "tʃɜːtʃ", "CH ER1 CH"),
        ("ipa", "dʒəˈræf", "JH AH0 R AE1 F"),
        ("ipa", "lɛd", "L EH1 D"),
        ("ipa", "əˌbaʊt", "AH0 B AW2 T"),
        ("x-sampa", 't@"meItoU', " ".join(TOMATO)),
        ("x-sampa", "r{t", "R AE1 T"),
        ("x-sampa", "TIN", "TH IH1 NG"),
        ("arpabet", " ".join(TOMATO), " ".join(TOMATO)),
    ],
)
def test_one_word(alphabet, phonemes, expected):
    assert phones_of(alphabet, phonemes) == (tuple(expected.split()),)


def test_several_words():
    assert phones_of("ipa", "sənt dʒɒn") == (("S", "AH1", "N", "T"), ("JH", "AA1", "N"))
    assert phones_of("arpabet", "S IH1 N | JH AH0 N") == (("S", "IH1", "N"), ("JH", "AH0", "N"))


@pytest.mark.parametrize(
    ("alphabet", "phonemes", "message"),
    [
        ("ipa", "tǃa", "'ǃ'"),
        ("ipa", "  ", "no phonemes"),
        ("arpabet", "T QQ1", "QQ1"),
        ("arpabet", "T AH0 |", "an empty word"),
        ("kirshenbaum", "t@", "use one of ipa, x-sampa, arpabet"),
    ],
)
def test_mistakes_are_named(alphabet, phonemes, message):
    with pytest.raises(TextError, match=message.replace("|", r"\|")):
        phones_of(alphabet, phonemes)


@pytest.mark.parametrize(
    ("phones", "letters"),
    [
        (" ".join(TOMATO), "tuh-may-toh"),
        ("L EH1 D", "lehd"),
        ("M AY0 N UW1 T", "migh-noot"),
        ("S T R EH1 NG K TH", "strehngkth"),
        ("CH AE1 P T ER0", "chap-ter"),
    ],
)
def test_respelling(phones, letters):
    assert respell(tuple(phones.split())) == letters


def test_both_front_ends_are_served():
    text = f"A {inline((TOMATO,))}'s {inline((('L', 'EH1', 'D'),), 'led')} pipe."
    tokenizer = PhonemeTokenizer()
    said = " ".join("_" if symbol == " " else symbol for symbol in tokenizer.decode(tokenizer.encode(text)))
    assert said == "AH0 _ T AH0 M EY1 T OW0 Z _ L EH1 D _ P AY1 P ."
    assert respelled(text) == "A tuh-may-toh's led pipe."


def test_braces_that_hold_no_phones_are_brackets_as_before():
    assert not INLINE.search("{not phones} {T QQ}")
    tokenizer = PhonemeTokenizer()
    assert tokenizer.encode("a {b} c") == tokenizer.encode("a (b) c")


def test_phonemes_do_not_make_the_rest_a_shout():
    tokenizer = PhonemeTokenizer()
    assert tokenizer.encode_words("the {L EH1 D|led} FBI")[2] == tokenizer.encode_words("the led FBI")[2]
    assert tokenizer.encode_words("{L EH1 D|led} CHAPTER")[1] == tokenizer.encode_words("CHAPTER")[0]
