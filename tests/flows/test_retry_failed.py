"""Which utterances a retry speaks: those without a usable take, and those that are asked for."""

from dataclasses import replace

import pytest

from flows.book_to_audio import unspoken
from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.publish import nothing_to_speak
from flows.retry_failed import retry_failed, unspoken_or_asked_for
from flows.run import story
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.errors import BadInputError
from tasks.package.place import Replace
from tests.flows.order.spoken import speak

SILENT = "silence: -80 dBFS"
LONG = "too long: 9 s"


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """Three chapters; two takes are doubtful, and one utterance of the last chapter has none."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order, {(1, 0): SILENT, (0, 0): LONG})
        with services.database.unit_of_work() as uow:
            (lost,) = uow.takes.of([order.keyed[-1].key]).values()
            uow.takes.mark_lost([lost[0].key])
            uow.commit()
        yield order


def places(order, **asked):
    asked_for = replace(order, request=Retrial(book=order.request.book, out=order.request.out, **asked))
    found = unspoken_or_asked_for(asked_for)
    return [(item.utterance.chapter_index, item.utterance.index) for item in found]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({}, [(0, 0), (1, 0)]),
        ({"reason": "silence"}, [(1, 0)]),
        ({"reason": "rejected"}, []),
        ({"only": "1:2"}, [(0, 1)]),
    ],
)
def test_what_is_asked_for_is_spoken_with_what_is_missing_in_reading_order(order, asked, first):
    last = order.keyed[-1].utterance
    assert places(order, **asked) == [*first, (last.chapter_index, last.index)]


def test_what_is_missing_and_asked_for_is_spoken_once(order):
    last = order.keyed[-1].utterance
    assert places(order, only=f"{last.chapter_index + 1}:{last.index + 1}") == [(last.chapter_index, last.index)]


def test_only_the_orders_chapters_are_spoken(order):
    assert [item.key for item in unspoken(order)] == [order.keyed[-1].key]
    assert unspoken(replace(order, chapters=(0, 1))) == ()


def test_what_is_not_spoken_is_not_published(order):
    with pytest.raises(BadInputError, match=rf"1 of {len(order.keyed)} utterances are not spoken yet"):
        nothing_to_speak(order)
    assert nothing_to_speak(replace(order, chapters=(0, 1))) == ()


def test_a_form_that_names_the_book_alone_retries_what_was_made_last_in_place_of_it(order, monkeypatch):
    with order.services.database.unit_of_work() as uow:
        asked = {**order.record, "chapters": "2-3"}
        uow.runs.finish(uow.runs.start(order.source, "book_to_audio", asked), RunState.FLAGGED)
        uow.commit()
    monkeypatch.setattr(story, "run_request", lambda *given: given)
    request, *others = retry_failed.fn(Retrial(book=order.request.book, reason="silence"))
    assert others == ["retry_failed", unspoken_or_asked_for, Replace.SAME_READING]
    assert (request.chapters, request.out, request.reason) == ("2-3", str(order.out), "silence")
