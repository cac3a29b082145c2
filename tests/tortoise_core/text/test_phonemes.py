"""The phone front-end: sentences in, tokens out."""

import subprocess
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tortoise_core.errors import TextError
from tortoise_core.text.g2p import spell
from tortoise_core.text.phonemes import PAUSES, VOCABULARY, PhonemeTokenizer

TOKENIZER = PhonemeTokenizer()


def spoken(text: str) -> str:
    """Return the symbols of a text in one line, word boundaries as `_`."""
    return " ".join("_" if symbol == " " else symbol for symbol in TOKENIZER.decode(TOKENIZER.encode(text)))


def test_alphabet_is_what_the_weights_were_trained_with():
    assert len(VOCABULARY) == len(set(VOCABULARY)) == 78
    assert (TOKENIZER.stop_id, TOKENIZER.start_id, TOKENIZER.space_id) == (0, 1, 2)
    assert VOCABULARY[3:9] == (",", ".", "!", "?", ";", "-")
    assert VOCABULARY[9] == "B"
    assert VOCABULARY[32:36] == ("ZH", "AA0", "AA1", "AA2")
    assert VOCABULARY[-1] == "UW2"


def test_sentence_layout():
    assert spoken("Yes, I do.") == "Y EH1 S , _ AY1 _ D UW1 ."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't", "D OW1 N T"),
        ("don’t", "D OW1 N T"),
        ("o'clock", "AH0 K L AA1 K"),
        ("John's", "JH AA1 N Z"),
        ("the dogs' bone", "DH AH0 _ D AO1 G Z _ B OW1 N"),
        ("'tis", "T IH1 Z"),
        ("‘Tis", "T IH1 Z"),
        ("'yes'", "Y EH1 S"),
        ("well-known", "W EH1 L _ N OW1 N"),
        ("café", "K AH0 F EY1"),
        ("cafe\u0301", "K AH0 F EY1"),
        ("soft\u00adly", "S AO1 F T L IY0"),
        ("U.S.A.", "Y UW1 _ EH1 S _ EY1 ."),
        ("the XKCD fan", "DH IY0 _ EH1 K S K EY1 S IY1 D IY1 _ F AE1 N"),
        ("CHAPTER ONE", "CH AE1 P T ER0 _ W AH1 N"),
        ("salt & pepper", "S AO1 L T _ AE1 N D _ P EH1 P ER0"),
    ],
)
def test_words(text, expected):
    assert spoken(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the apple", "DH IY0 _ AE1 P AH0 L"),
        ("the pear", "DH AH0 _ P EH1 R"),
        ("a pear", "AH0 _ P EH1 R"),
        ("plan A.", "P L AE1 N _ EY1 ."),
        ("ten a m sharp", "T EH1 N _ EY1 _ EH1 M _ SH AA1 R P"),
        ("the U S A today", "DH AH0 _ Y UW1 _ EH1 S _ EY1 _ T AH0 D EY1"),
        ("A B C song", "EY1 _ B IY1 _ S IY1 _ S AO1 NG"),
        ("A D ten", "EY1 _ D IY1 _ T EH1 N"),
        ("the A C unit", "DH IY0 _ EY1 _ S IY1 _ Y UW1 N AH0 T"),
        ("a B movie", "AH0 _ B IY1 _ M UW1 V IY0"),
        ("A B movie", "AH0 _ B IY1 _ M UW1 V IY0"),
        ("plan B a week", "P L AE1 N _ B IY1 _ AH0 _ W IY1 K"),
        ("B. A song", "B IY1 . _ AH0 _ S AO1 NG"),
        ("to go to", "T AH0 _ G OW1 _ T UW1"),
        ("to read", "T AH0 _ R IY1 D"),
        ("he read", "HH IY1 _ R EH1 D"),
        ("a present", "AH0 _ P R EH1 Z AH0 N T"),
        ("I will, present", "AY1 _ W IH1 L , _ P R EH1 Z AH0 N T"),
        ("to present", "T AH0 _ P R IY0 Z EH1 N T"),
    ],
)
def test_neighbours_decide(text, expected):
    assert spoken(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", "seven"),
        ("1,984", "one thousand nine hundred and eighty four"),
        ("1,2", "one, two"),
        ("3.5", "three point five"),
        ("21st", "twenty first"),
        ("007", "zero zero seven"),
        ("1.2.3", "one two three"),
        ("1234567890123456", "one two three four five six seven eight nine zero one two three four five six"),
    ],
)
def test_digits_are_read(text, expected):
    assert TOKENIZER.encode(text) == TOKENIZER.encode(expected)


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        ("yes?! no", "?"),
        ("“yes!” no", "!"),
        ("yes (no) yes", ",,"),
        ("yes (no).", ",."),
        ("yes — no", "-"),
        ("yes -- no", "-"),
        ("yes - no", "-"),
        ("yes-no", ""),
        ("yes... no", "-"),
        ("yes… no", "-"),
        ("yes: no; yes", ";;"),
        ("… yes", ""),
    ],
)
def test_pauses(text, pauses):
    assert "".join(mark for [mark, *_] in TOKENIZER.encode_words(text) if mark in PAUSES) == pauses


def test_encode_words_and_spans_agree_with_encode():
    text = "The well-known dog, 21, said: “No!”"
    words = TOKENIZER.encode_words(text)
    symbols = TOKENIZER.decode(TOKENIZER.encode(text))
    spans = TOKENIZER.word_spans(text)
    assert len(spans) == len(symbols)
    for index, word in enumerate(words):
        assert [symbol for symbol, span in zip(symbols, spans, strict=True) if span == index] == word
    assert {symbol for symbol, span in zip(symbols, spans, strict=True) if span == -1} == {" "}


def test_items_point_into_the_source():
    text = "Café, don’t 21"
    assert [text[item.start : item.end] for item in TOKENIZER.items(text)] == ["Café", ",", "don’t", "21", "21"]


def test_dropped_lists_what_is_not_spoken():
    assert TOKENIZER.dropped("a ☃ b ♪ “c” – d's…") == ["☃", "♪"]
    assert spoken("☃") == ""


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60) | st.text(alphabet="abzAZ019'-.,!? \n’—é", max_size=60))
def test_any_text_gives_valid_tokens(text):
    ids = TOKENIZER.encode(text)
    assert all(TOKENIZER.space_id <= index < len(VOCABULARY) for index in ids)
    assert len(TOKENIZER.word_spans(text)) == len(ids)
    symbols = TOKENIZER.decode(ids)
    assert [TOKENIZER.vocabulary.index(symbol) for symbol in symbols] == ids
    assert not symbols or (symbols[0] != " " and symbols[-1] != " ")
    marks = [symbol in PAUSES for symbol in symbols if symbol != " "]
    assert not any(left and right for left, right in pairwise(marks)), symbols


@pytest.mark.parametrize("index", [-1, len(VOCABULARY)])
def test_decode_refuses_foreign_ids(index):
    with pytest.raises(TextError, match=f"token id {index} is not in the phone vocabulary"):
        TOKENIZER.decode([index])


def test_one_endless_word_takes_bounded_time():
    started = time.process_time()
    ids = TOKENIZER.encode("blorpta" * 1500)
    assert len(ids) > 5000
    assert time.process_time() - started < 10.0


def test_endless_clitics_do_not_overflow():
    assert TOKENIZER.encode("x" + "'s" * 5000)
    assert TOKENIZER.encode("Q'" * 5000)


def test_import_reads_no_data():
    code = (
        "import sys, tortoise_core.text.phonemes, tortoise_core.text.lexicon as lexicon;"
        "sys.exit(lexicon.dictionary.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ("&", " and "), ("%", " percent "), ("+", " plus "), ("=", " equals "), ("@", " at "), ("°", " degrees "),
        ("$", " dollars "), ("£", " pounds "), ("€", " euros "), ("()[]{},", ", "), (";:", "; "),
        ("!", "! "), ("?", "? "),
        ("—–―‒…", " -- "), ("-‐‑", "-"), ("'`‘’ʼ", "'"), ("\"“”„‚«»‹›¡¿\u0301\u200d", ""), ("☃|~_\t\u00a0", " "),
    ],
)  # fmt: skip
def test_what_every_sign_is_read_as(signs, said):
    for sign in signs:
        assert TOKENIZER.encode_words(f"we{sign}re") == TOKENIZER.encode_words(f"we{said}re"), sign


@pytest.mark.parametrize(("weak", "strong"), list(pairwise([",", ";", " - ", ".", "!", "?"])))
def test_the_stronger_of_two_pauses_is_kept_whatever_their_order(weak, strong):
    for marks in (weak + strong, strong + weak):
        (_, (mark,), _) = TOKENIZER.encode_words(f"we{marks} go")
        assert mark == strong.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("blorpt BLORPT", "blorpt blorpt"),  # six letters are a word that somebody shouts
        ("the THE cat", "the the cat"),
        ("IT WAS XKCD", "it was xkcd"),
        ("q.e.d. and", "Q E D. and"),
        ("1,000 2,00", "one thousand two, zero zero"),
        ("12,345.5", "twelve thousand three hundred and forty five point five"),
        ("0 0.5 00", "zero zero point five zero zero"),
        ("100000000000012", "one hundred trillion and twelve"),
        ("1.5th", "one point five"),
        ("3RD", "three rd"),
        ("singin' 'bout it", "singin' 'bout it"),
        ("yes-- no", "yes -- no"),
        ("yes . . . no", "yes -- no"),
        ("yes .. no", "yes . no"),
    ],
)  # fmt: skip
def test_shapes_of_words_and_numbers(text, said):
    written, expected = ([word for word in TOKENIZER.encode_words(one) if word[0] not in ".,"] for one in (text, said))
    assert written == expected


def test_capitals_are_spelled_up_to_five_of_them():
    said = [TOKENIZER.encode_words(f"{word} are")[0] for word in ("QZ", "BLORP", "BLORPT")]
    assert [tuple(phones) == spell(word) for phones, word in zip(said, ("QZ", "BLORP", "BLORPT"), strict=True)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("text", ["The dog’s (own) bone: gone…", "XKCD blorpt, W W", "", "1,984 dogs", "café “x”"])
def test_no_text_has_more_tokens_than_are_told(text):
    most = TOKENIZER.most_tokens(text)
    assert len(TOKENIZER.encode(text)) <= most <= 10 * len(text)


def test_tokens_are_told_by_the_words_without_pronouncing_any():
    class Listed:
        def listed(self, word):
            return {"cat": ("K", "AE1", "T"), "dog's": ("D",)}.get(word)

    told = [PhonemeTokenizer(Listed()).most_tokens(text) for text in ("cat", "Cat, cat", "CAT", "dog’s", "xy")]
    assert told == [3 + 4, 4 + 4 + 3 + 4, 3 + 24, 5 + 2, 2 + 16]
