"""What a run's row says at its end, whatever the end is. tests/flows/test_book_to_audio.py tells the whole story."""

from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.report import Work
from flows.order.request import Request
from flows.run import endings, story
from flows.services import open_services, read_settings
from storage.records import Edition, EditionFile, RunState
from tasks import stopping
from tasks.errors import TalepressError
from tasks.package.edition import Published
from tasks.package.place import Replace

EDITION = Edition((EditionFile("m4b", "/out/a.m4b", "0" * 64, 1),), 1.0, ())


@pytest.fixture
def order(voiced_home, book, tmp_path):
    with open_services(read_settings()) as services:
        yield prepare(services, Request(book=str(book), out=str(tmp_path / "out")))


@pytest.fixture
def run_id(order):
    return story._open(order, "book_to_audio")


def row(order, run_id):
    with order.services.database.snapshot() as uow:
        return uow.runs.get(run_id)


@pytest.mark.parametrize(
    ("error", "stopped", "state", "message"),
    [
        (TalepressError("the disk\n is full"), False, RunState.FAILED, "the disk is full"),
        (KeyError(), False, RunState.FAILED, "KeyError"),
        (stopping.Stopped(), True, RunState.STOPPED, endings.STOPPED_BY_USER),
        (TalepressError("a batch was cut short"), True, RunState.STOPPED, endings.STOPPED_BY_USER),
    ],
    ids=["failed", "failed without a word", "stopped", "failed because it was stopped"],
)
def test_the_row_says_why_a_run_ended_early(order, run_id, monkeypatch, error, stopped, state, message):
    monkeypatch.setattr(stopping, "requested", lambda: stopped)
    with pytest.raises(type(error)), story._recorded(order, run_id):
        assert order.working_folder.is_dir()
        raise error
    assert (row(order, run_id).state, row(order, run_id).message) == (state, message)


def test_a_run_that_is_stopped_from_outside_says_so_unless_it_has_ended(order, run_id):
    story._record_stop(order.services, run_id)
    assert (row(order, run_id).state, row(order, run_id).message) == (RunState.STOPPED, endings.STOPPED_BY_USER)
    with order.services.database.unit_of_work() as uow:
        uow.runs.finish(run_id, RunState.DONE, "0 flagged takes")
        uow.commit()
    story._record_stop(order.services, run_id)
    assert row(order, run_id).state is RunState.DONE


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FLAGGED])
def test_the_row_and_the_report_of_what_was_published_say_the_same(order, run_id, monkeypatch, state):
    report = SimpleNamespace(state=state, flagged=("a", "b"))
    monkeypatch.setattr(story, "publish", lambda *_: ("key", Published(EDITION, ())))
    monkeypatch.setattr(story, "check_edition", lambda *_: ())
    monkeypatch.setattr(story, "outcome", lambda *_, **__: report)
    monkeypatch.setattr(story, "replace", lambda told, **_: told)
    tracker = SimpleNamespace(work=Work())
    assert story._publish(order, (), tracker, run_id, Replace.NONE) is report
    assert (row(order, run_id).state, row(order, run_id).message) == (state, "2 flagged takes")
    with order.services.database.snapshot() as uow:
        assert uow.editions.find("key") == uow.editions.latest(order.source) == EDITION


def test_a_run_that_waits_for_a_person_publishes_nothing_and_says_what_for(order, run_id, monkeypatch):
    report = SimpleNamespace(state=RunState.REVIEW)
    monkeypatch.setattr(story, "unpublished", lambda *_: EDITION)
    monkeypatch.setattr(story, "outcome", lambda *_, **__: report)
    story._hold(order, (), SimpleNamespace(work=Work()), run_id, "1 doubtful take is to be heard")
    assert (row(order, run_id).state, row(order, run_id).message) == (RunState.REVIEW, "1 doubtful take is to be heard")
    with order.services.database.snapshot() as uow:
        assert uow.editions.latest(order.source) is None
