"""Which utterances a retrial speaks again."""

from dataclasses import replace

import pytest

from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.order.retrial import chosen_again
from flows.services import open_services, read_settings
from tasks.errors import BadInputError
from tests.flows.order.spoken import speak

DOUBTS = {(0, 1): "silence: -80 dBFS", (1, 0): "misspelled: -2.1 nats a character", (1, 2): "silence: -80 dBFS"}


@pytest.fixture
def order(voiced_home, book, tmp_path):
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order, DOUBTS)
        yield order


def again(order, **asked):
    retrial = Retrial(book=order.request.book, **asked)
    found = chosen_again(replace(order, request=retrial))
    return [(item.utterance.chapter_index, item.utterance.index) for item in found]


def test_all_that_are_doubtful_are_spoken_again_where_nothing_else_is_said(order):
    assert again(order) == list(DOUBTS)
    assert again(replace(order, chapters=(1,))) == [(1, 0), (1, 2)]


@pytest.mark.parametrize(
    ("reason", "places"), [("silence", [(0, 1), (1, 2)]), ("misspelled", [(1, 0)]), ("clipping", []), ("rejected", [])]
)
def test_of_a_reason_those_that_are_doubted_for_it(order, reason, places):
    assert again(order, reason=reason) == places


def test_places_are_spoken_again_doubtful_or_not_and_in_reading_order(order):
    assert again(order, only="2:1,1:1") == [(0, 0), (1, 0)]
    with pytest.raises(BadInputError, match="--only 2:99: the last run had no such utterance"):
        again(order, only="1:1,2:99")
    with pytest.raises(BadInputError, match="nonsense"):
        again(order, reason="nonsense")
