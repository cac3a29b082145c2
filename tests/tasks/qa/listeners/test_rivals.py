"""What a word may be mistaken for: by its letters, or by its phonemes where they are written out."""

import pytest

from tasks.qa.listeners.rivals import rivals


def spoken(*phones):
    return {tuple(own.split()) for own in phones}


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("use", ("Y UW1 Z", "Y UW1 S")),  # of the table of the front-end, and the lexicon's
        ("Content", ("K AA1 N T EH0 N T", "K AH0 N T EH1 N T")),  # of the table of the annotators
        ("{R EH1 D|red}", ("R EH1 D", "R IY1 D")),
    ],
)
def test_a_word_of_several_readings_has_all_of_them(word, readings):
    assert rivals(word) >= spoken(*readings)


def test_a_number_may_be_any_other_of_its_kind():
    assert rivals("two") >= spoken("T UW1", "TH R IY1", "T EH1 N") and len(rivals("Two")) == 28
    assert rivals("third") >= spoken("F ER1 S T", "F IH1 F TH") and not rivals("third") & rivals("two")


@pytest.mark.parametrize("word", ["lamp", "too", "for", "{L AE1 M P}"])
def test_most_words_have_none(word):
    assert rivals(word) == frozenset()
