"""Runs of a book: one that lives is not doubled, one whose process is gone gives way."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from storage.errors import BookBusyError, NotFoundError
from storage.records import RunState
from storage.repository.runs import INTERRUPTED
from storage.schema import RunRow
from tests.storage.builders import SOURCE, make_book, make_script


@pytest.fixture(autouse=True)
def book(uow):
    uow.books.save(make_book(), make_script(make_book()))


def dead_process() -> str:
    """The name of a process that was, and is no more."""
    code = "from storage.processes import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_a_run_from_start_to_finish(uow):
    before = datetime.now(UTC)
    run_id = uow.runs.start(SOURCE, "book_to_audio", {"voice": "slt", "chapters": [0, 1]}, total=5)
    run = uow.runs.get(run_id)
    assert (run.source_sha256, run.flow, run.state) == (SOURCE, "book_to_audio", RunState.RUNNING)
    assert (run.done, run.total, run.message, run.finished_at) == (0, 5, "", None)
    assert run.request == {"voice": "slt", "chapters": [0, 1]}
    assert run.interrupted is False
    assert before <= run.started_at <= datetime.now(UTC)

    uow.runs.progress(run_id, 3, 6)
    run = uow.runs.get(run_id)
    assert (run.done, run.total) == (3, 6)
    assert run.heartbeat_at > run.started_at

    uow.runs.finish(run_id, RunState.FLAGGED, "2 flagged")
    run = uow.runs.get(run_id)
    assert (run.state, run.message, run.interrupted) == (RunState.FLAGGED, "2 flagged", False)
    assert run.finished_at >= run.heartbeat_at


def test_runs_of_a_book_latest_first(uow):
    ids = []
    for _ in range(3):
        ids.append(uow.runs.start(SOURCE, "retry_failed", {}))
        uow.runs.finish(ids[-1], RunState.DONE)
    assert [run.id for run in uow.runs.of(SOURCE)] == ids[::-1]


def test_two_living_runs_of_one_book_are_refused(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    with pytest.raises(BookBusyError, match=run_id):
        uow.runs.start(SOURCE, "book_to_audio", {})


def test_an_interrupted_run_is_recognised_and_gives_way(uow):
    killed = uow.runs.start(SOURCE, "book_to_audio", {})
    uow._session.get(RunRow, killed).process = dead_process()
    assert uow.runs.get(killed).interrupted is True
    following = uow.runs.start(SOURCE, "book_to_audio", {})
    assert uow.runs.get(following).interrupted is False
    run = uow.runs.get(killed)
    assert (run.state, run.message, run.interrupted) == (RunState.FAILED, INTERRUPTED, False)


def test_a_run_on_another_machine_counts_as_interrupted_after_a_long_silence(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    row = uow._session.get(RunRow, run_id)
    row.process = "elsewhere 1234 1 2"
    assert uow.runs.get(run_id).interrupted is False
    row.heartbeat_at = datetime.now(UTC) - timedelta(hours=1)
    assert uow.runs.get(run_id).interrupted is True


def test_a_long_run_on_another_machine_keeps_its_book_as_long_as_it_beats(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    row = uow._session.get(RunRow, run_id)
    row.process = "elsewhere 1234 1 2"
    row.started_at = datetime.now(UTC) - timedelta(hours=9)
    for refused in (lambda: uow.runs.start(SOURCE, "book_to_audio", {}), lambda: uow.books.remove(SOURCE)):
        with pytest.raises(BookBusyError):
            refused()
    assert uow.runs.close_interrupted() == ()
    assert uow.runs.get(run_id).interrupted is False


def test_a_beat_says_that_a_run_lives_and_wakes_no_dead_one(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    before = uow.runs.get(run_id).heartbeat_at
    uow.runs.beat(run_id)
    uow._session.expire_all()
    assert uow.runs.get(run_id).heartbeat_at > before
    uow.runs.finish(run_id, RunState.DONE)
    ended = uow.runs.get(run_id)
    uow.runs.beat(run_id)
    uow._session.expire_all()
    assert uow.runs.get(run_id) == ended


def test_a_run_that_was_taken_over_learns_it_at_its_next_batch(uow):
    silent = uow.runs.start(SOURCE, "book_to_audio", {})
    uow._session.get(RunRow, silent).process = dead_process()
    uow.runs.start(SOURCE, "book_to_audio", {})
    with pytest.raises(BookBusyError, match="taken the book over"):
        uow.runs.progress(silent, 1, 2)


def test_unknown_runs_and_impossible_ends(uow):
    with pytest.raises(NotFoundError, match="'nope'"):
        uow.runs.get("nope")
    with pytest.raises(NotFoundError, match="f" * 64):
        uow.runs.start("f" * 64, "book_to_audio", {})
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    with pytest.raises(ValueError, match="running"):
        uow.runs.finish(run_id, RunState.RUNNING)


def test_rows_of_runs_whose_process_is_gone_are_closed(uow):
    alive = uow.runs.start(SOURCE, "book_to_audio", {})
    assert uow.runs.close_interrupted() == ()
    uow.runs._session.get(RunRow, alive).process = dead_process()
    assert uow.runs.close_interrupted() == (SOURCE,)
    run = uow.runs.get(alive)
    assert (run.state, run.message) == (RunState.FAILED, INTERRUPTED)
    assert run.finished_at is not None
    assert uow.runs.close_interrupted() == ()


def test_a_book_that_was_moved_is_where_it_lies_now_for_every_run_that_was_asked_for_it(uow):
    other = make_book("c" * 64)
    uow.books.save(other, make_script(other))
    moved = "/in/a.epub"
    runs = []
    for source, book in ((SOURCE, moved), (SOURCE, "/elsewhere/a.epub"), (SOURCE, moved), (other.source_sha256, moved)):
        runs.append(uow.runs.start(source, "book_to_audio", {"book": book, "out": "/out"}))
        uow.runs.finish(runs[-1], RunState.DONE)
    uow.runs.move_book(SOURCE, moved, "/done/a.epub")
    uow._session.expire_all()
    assert [uow.runs.get(run).request for run in runs] == [
        {"book": book, "out": "/out"} for book in ("/done/a.epub", "/elsewhere/a.epub", "/done/a.epub", moved)
    ]


def test_a_run_that_is_started_twice_under_one_name_is_one_run(uow):
    """A server may cut the connection in the commit of the first."""
    for _ in range(2):
        assert uow.runs.start(SOURCE, "book_to_audio", {}, heeded=7, run_id="drawn") == "drawn"
    assert [run.id for run in uow.runs.of(SOURCE)] == ["drawn"]
    assert uow._session.get(RunRow, "drawn").heeded == 7
    with pytest.raises(BookBusyError, match="drawn"):
        uow.runs.start(SOURCE, "book_to_audio", {}, run_id="another")


def test_what_happens_to_a_run_happens_to_no_other(uow):
    other = "c" * 64
    uow.books.save(make_book(other), make_script(make_book(other)))
    runs = [uow.runs.start(source, "book_to_audio", {}) for source in (SOURCE, other)]
    before = uow.runs.get(runs[1])
    uow.runs.beat(runs[0])
    uow.runs.progress(runs[0], 1, 2)
    uow._session.get(RunRow, runs[0]).process = "elsewhere 1234 1 2"
    uow._session.get(RunRow, runs[0]).heartbeat_at = datetime.now(UTC) - timedelta(hours=1)
    assert uow.runs.close_interrupted() == (SOURCE,)
    uow._session.expire_all()
    assert uow.runs.get(runs[1]) == before
    assert [run.id for run in uow.runs.of(other)] == runs[1:]


def test_a_run_that_failed_by_itself_is_not_told_that_another_took_its_book(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.runs.finish(run_id, RunState.FAILED, "the disk is full")
    uow.runs.progress(run_id, 1, 2)
    assert (uow.runs.get(run_id).message, uow.runs.get(run_id).done) == ("the disk is full", 1)


def test_the_end_of_a_run_is_the_last_that_was_heard_of_it(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.runs.finish(run_id, RunState.STOPPED)
    run = uow.runs.get(run_id)
    assert run.heartbeat_at == run.finished_at > run.started_at
