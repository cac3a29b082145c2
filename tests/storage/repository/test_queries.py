"""Pieces of SQL that repositories share."""

from dataclasses import replace

import pytest

from storage.errors import NotFoundError
from storage.repository import _queries
from tests.storage.builders import SOURCE, make_book, make_script, make_take


@pytest.mark.parametrize("count", [0, 999, 1000, 1001, 2500])
def test_chunks_hold_everything_once_and_no_more_than_a_statement_does(count):
    values = [str(number) for number in range(count)]
    cut = list(_queries.chunks(iter(values)))
    assert [value for chunk in cut for value in chunk] == values
    assert all(0 < len(chunk) <= 1000 for chunk in cut)


def test_a_book_that_is_not_there_is_named(uow):
    with pytest.raises(NotFoundError, match=SOURCE):
        _queries.book_id(uow._session, SOURCE)
    uow.books.save(make_book(), make_script(make_book()))
    assert _queries.book_id(uow._session, SOURCE) > 0


def test_of_takes_that_are_there_only_lost_ones_are_replaced(uow):
    lost, sound = (make_take(key) for key in ("a", "b"))
    uow.takes.add([lost, sound])
    uow.takes.mark_lost([lost.key])
    uow.takes.add([replace(take, audio_sha256="e" * 64, samples=9) for take in (lost, sound)])
    uow._session.expire_all()
    found = uow.takes.of(["a", "b"])
    assert [found[key][0].audio_sha256 for key in ("a", "b")] == ["e" * 64, sound.audio_sha256]
    assert [found[key][0].samples for key in ("a", "b")] == [9, sound.samples]


def test_many_keys_are_looked_up_in_several_statements(uow):
    takes = [make_take(f"k{number}") for number in range(1500)]
    uow.takes.add(takes)
    found = uow.takes.of(f"k{number}" for number in range(3000))
    assert {key: own[0] for key, own in found.items()} == {take.utterance_key: take for take in takes}
