"""Phones of the teachers become ours, and a teacher that is not installed says how to get it."""

import sys

import pytest

from tortoise_core.corpus.teachers import Phone, arpabet, teacher_of
from tortoise_core.errors import ConfigError


def test_ipa_becomes_arpabet_with_pairs_joined_and_marks_given_to_their_neighbours():
    # "^ˈaɪ tʃɔːk, $" one symbol a tenth of a second
    sounds = [(symbol, (i + 1) / 10) for i, symbol in enumerate("^ˈaɪ tʃˈɔːk, $")]
    assert arpabet(sounds) == (
        Phone("pau", 0.1),
        Phone("ay", 0.5),  # the stress mark before it, both halves, the space after it
        Phone("ch", 0.7),
        Phone("ao", 1.0),
        Phone("k", 1.1),
        Phone("pau", 1.4),  # comma, space and end are one silence
    )


def test_symbols_without_a_phone_of_their_own_lengthen_the_one_before():
    assert arpabet([("n", 0.1), ("̩", 0.2)]) == (Phone("n", 0.2),)


def test_a_teacher_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "piper", None)  # Python's way to say that it cannot be imported
    with pytest.raises(ConfigError, match=r"talepress\[train\]"):
        teacher_of("joe")
