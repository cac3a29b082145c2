"""Word times come back by take and by what timed them."""

from __future__ import annotations

import pytest

from storage.records import WordTime
from tests.storage.builders import make_take

WORDS = (WordTime(0, 3, 240, 4800), WordTime(4, 9, 4800, 12_000, is_estimated=True))

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


def test_words_come_back_as_they_were_saved_by_take_and_timer(uow):
    take = make_take("u" * 64)
    uow.takes.add([take])
    uow.word_times.save("ears 1", {take.key: WORDS})
    assert uow.word_times.of([take.key, "f" * 64], "ears 1") == {take.key: WORDS}
    assert uow.word_times.of([take.key], "ears 2") == {}
    assert uow.word_times.timed([take.key, "f" * 64], "ears 1") == {take.key}
    assert uow.word_times.timed([take.key], "ears 2") == uow.word_times.timed([], "ears 1") == set()


def test_words_that_are_there_stay(uow):
    take = make_take("u" * 64)
    uow.takes.add([take])
    uow.word_times.save("ears 1", {take.key: WORDS})
    uow.word_times.save("ears 1", {take.key: WORDS[:1]})
    assert uow.word_times.of([take.key], "ears 1") == {take.key: WORDS}


def test_the_words_of_all_takes_of_a_book_come_back(uow):
    takes = [make_take(letter * 64) for letter in "uvw"]
    uow.takes.add(takes)
    uow.word_times.save("ears 1", {take.key: WORDS for take in takes})
    keys = [take.key for take in takes]
    assert uow.word_times.of(keys, "ears 1") == dict.fromkeys(keys, WORDS)
    assert uow.word_times.timed(keys, "ears 1") == set(keys)
