"""Characters of every kind: which are silent, which are another shape of a plain one, which mark a note."""

import pytest

from tasks.normalise.normalise import normalise
from tasks.normalise.rules.base import Context
from tasks.normalise.rules.characters import is_silent, unspeakable

SILENT = "\\_•·◦▪‣⁂※†‡‖‗⸻"
OF_SILENT_KINDS = "☃¨⊙¤\ue000\u0378\x07\u200b\ud800"  # So, Sk, Sm, Sc, Co, Cn, Cc, Cf, Cs
SPOKEN = "$£€¥¢₹₽₩₪₺₿%&@#+=<>×÷±°§¶©№−/½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒⁄~*^℃℉≤≥⩽⩾≠≈√∞♯♭‰⁻⁺\n\taé1.,;!?'\"()[]"


def test_what_has_words_nowhere_is_silent_and_what_has_them_somewhere_is_not():
    assert {character: is_silent(character) for character in SILENT + OF_SILENT_KINDS} == dict.fromkeys(
        SILENT + OF_SILENT_KINDS, True
    )
    assert {character: is_silent(character) for character in SPOKEN} == dict.fromkeys(SPOKEN, False)


@pytest.mark.parametrize(
    ("characters", "plain"),
    [
        ("“”„‟«»〝〞《》〈〉「」『』", '"'),
        ("‘’‚‛‹›ʼ", "'"),
        ("【〔〖", "("),
        ("】〕〗", ")"),
        ("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    ],
)
def test_marks_of_other_shapes_are_plain_ones(characters, plain):
    def said(mark):
        return normalise(f"He saw {mark}so it was{mark} then.", Context())

    assert {character: said(character) for character in characters} == dict.fromkeys(characters, said(plain))


def test_a_raised_number_is_the_mark_of_a_note_but_for_what_has_powers():
    measures = "sec min miles feet inches yards meters metres sin cos tan log exp"
    assert {word: unspeakable(f"{word}²") for word in measures.split()} == {word: [] for word in measures.split()}
    assert unspeakable("word²") == [(4, 5)] and unspeakable("word.²³") == [(5, 7)]


@pytest.mark.parametrize("sign", "'’ʼ`´")
def test_an_apostrophe_is_one_however_it_was_typed(sign):
    assert normalise(f"I don{sign}t know; it{sign}s Ann{sign}s.", Context()) == "I don't know; it's Ann's."


@pytest.mark.parametrize("text", ["a ´ b", "a ` b", "`a b`", "´a b´", "5´ 6`"])
def test_accents_by_themselves_are_silent_elsewhere(text):
    assert not set(normalise(text, Context())) & set("`´'")
