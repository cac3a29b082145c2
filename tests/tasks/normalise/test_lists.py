"""Each word of the rules' lists does in a sentence what its list is for, and a word that is in none does not."""

from pathlib import Path

import pytest

from tasks.normalise.normalise import normalise
from tasks.normalise.rules.base import Context

CONTEXTS = {"us": Context(), "gb": Context(british=True)}


def _lists():
    lines = Path(__file__).with_name("lists.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("context", "sentence", "said", "words"), _lists())
def test_every_word_of_a_list(context, sentence, said, words):
    pairs = [word.partition("=") for word in words.split("|")]
    found = {word: normalise(sentence.replace("{}", word), CONTEXTS[context]) for word, _, _ in pairs}
    assert found == {word: said.replace("{}", other or word) for word, _, other in pairs}
