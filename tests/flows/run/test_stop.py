"""Where a run looks whether its user has asked for the end, and whose files it leaves alone."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.run import story
from storage.records import RunState
from tasks import stopping
from tasks.package.place import Replace


@pytest.fixture
def stop(monkeypatch):
    """Asks for the end, as a signal does."""
    asked = stopping._Stop()
    monkeypatch.setattr(stopping, "_stop", asked)
    return lambda *_: setattr(asked, "requested", True)


@pytest.fixture
def done(monkeypatch):
    """What a run does, each step in pretence."""
    steps = []
    for name in ("send_logs", "check_audio", "_make_masters", "check_coverage", "_publish"):
        monkeypatch.setattr(story, name, lambda *_, name=name, **__: steps.append(name))
    monkeypatch.setattr(story, "attempt", lambda request: steps.append("asked"))
    monkeypatch.setattr(story, "Tracker", lambda *_: SimpleNamespace(begin=lambda: None))
    return steps


def run(order):
    return story._run_alone(order, "book_to_audio", lambda order: (), Replace.NONE)


def test_a_run_that_is_stopped_before_it_begins_has_no_row(order, done, stop):
    stop()
    with pytest.raises(stopping.Stopped):
        run(order)
    assert done == ["send_logs"]
    assert order.services.database.read(lambda uow: uow.books.exists(order.source)) is False


def test_a_run_that_is_stopped_when_all_is_mastered_publishes_nothing_and_its_row_says_so(
    order, done, stop, monkeypatch
):
    monkeypatch.setattr(story, "_make_masters", stop)
    with pytest.raises(stopping.Stopped):
        run(order)
    assert done == ["send_logs", "asked", "check_audio"]
    (row,) = order.services.database.read(lambda uow: uow.runs.of(order.source))
    assert row.state is RunState.STOPPED


def test_a_run_that_is_stopped_before_it_speaks_begins_no_chapter(order, stop, monkeypatch):
    begun = []
    monkeypatch.setattr(story, "Mastering", lambda *_, **__: begun.append("mastering"))
    stop()
    with pytest.raises(stopping.Stopped):
        story._make_masters(order, order.keyed, SimpleNamespace())
    assert begun == []


@pytest.mark.parametrize("certain", [True, False])
def test_what_others_left_goes_only_where_it_is_certain_that_nobody_else_is_at_work(order, monkeypatch, certain):
    """Without locks, the other folders of the book may be those of a run on another machine."""
    others = order.working_folder.parent / "others"
    others.mkdir(parents=True)

    @contextmanager
    def alone(_):
        yield certain

    def run(order, *_):
        assert others.exists() is not certain
        order.working_folder.mkdir(parents=True)
        return "report"

    monkeypatch.setattr(story, "alone", alone)
    monkeypatch.setattr(story, "_run_alone", run)
    assert story.run_order(order, "book_to_audio", None, Replace.NONE) == "report"
    assert (others.exists(), order.working_folder.exists()) == (not certain, False)
