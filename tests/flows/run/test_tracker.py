"""Progress of a run: listeners hear of every batch, the artifact is not written too often."""

from uuid import uuid4

import pytest

from flows.cli.progress import Forecast
from flows.order.report import Work
from flows.progress import listening
from flows.run import tracker as _tracking
from flows.run.tracker import Tracker
from storage.records import Take, Verdict
from tasks.synthesize.render import SpokenBatch

EIGHT = dict.fromkeys("abcdefgh", 1.0)
FOUR = dict.fromkeys("abcd", 1.0)
TAKE = Take("k", "u", 0, 1, "a" * 64, 24_000, 48_000, Verdict.OK)


@pytest.fixture
def artifact(monkeypatch):
    """Records updates of the progress artifact; the clock stands still unless it is moved."""
    state = {"now": 100.0, "updates": []}
    monkeypatch.setattr(_tracking, "create_progress_artifact", lambda *args, **kwargs: uuid4())
    monkeypatch.setattr(
        _tracking, "update_progress_artifact", lambda id_, progress, description: state["updates"].append(progress)
    )
    monkeypatch.setattr(_tracking.time, "monotonic", lambda: state["now"])
    return state


def test_the_artifact_is_updated_at_most_once_a_second_and_at_the_end(artifact):
    tracker = Tracker("run", "progress-x", EIGHT)
    tracker.begin()
    for pause, finished in zip((0.0, 0.4, 0.4, 0.4), ("ab", "cd", "ef", "gh"), strict=True):
        artifact["now"] += pause
        tracker.spoken(set(finished), SpokenBatch((TAKE,), 0.5), "Chapter One")
    assert artifact["updates"] == [25.0, 100.0]
    tracker.finish()
    assert artifact["updates"][-1] == 100.0


def test_a_chapter_is_announced_when_it_is_begun_and_stays_while_the_engine_is_idle(artifact):
    heard = []
    with listening(heard.append):
        tracker = Tracker("run", "progress-x", FOUR)
        tracker.begin()
        tracker.speaking("Chapter One")
        tracker.speaking("Chapter One")
        tracker.spoken({"a", "b"}, SpokenBatch((TAKE,), 0.5), "")
        tracker.speaking("Chapter Two")
    assert [(report.done, report.detail) for report in heard] == [
        (0, ""),
        (0, "Chapter One"),
        (2, "Chapter One"),
        (2, "Chapter Two"),
    ]


def test_listeners_hear_of_every_batch(artifact):
    heard = []
    with listening(heard.append):
        tracker = Tracker("run", "progress-x", FOUR)
        tracker.begin()
        tracker.spoken({"a", "b"}, SpokenBatch((TAKE,), 0.5), "Chapter One")
        tracker.spoken({"c", "d"}, SpokenBatch((TAKE, TAKE), 0.75), "Chapter Two")
    tracker.finish()
    assert [(report.done, report.total, report.detail) for report in heard] == [
        (0, 4, ""),
        (2, 4, "Chapter One"),
        (4, 4, "Chapter Two"),
    ]
    assert tracker.work == Work(
        takes=3, utterances=1, take_seconds=6.0, synthesis_seconds=0.0, engine_seconds=1.25
    )  # on a clock that stands still


def test_the_time_of_synthesis_is_counted_from_its_beginning_and_so_is_that_of_the_model(artifact):
    tracker = Tracker("run", "progress-x", FOUR)
    tracker.begin()
    for second, finished, engine_seconds in ((7.0, "a", 2.0), (11.0, "bc", 3.0)):
        artifact["now"] = 100.0 + second
        tracker.spoken(set(finished), SpokenBatch((TAKE,), engine_seconds), "Chapter One")
    assert (tracker.work.synthesis_seconds, tracker.work.engine_seconds) == (11.0, 5.0)
    assert artifact["updates"] == [25.0, 75.0], "of what is finished"


def left_after(artifact, expected, batches):
    """Plays batches: at which second each comes back, what it finishes, how long engines worked. Returns forecasts."""
    forecast = Forecast()
    left = []
    with listening(lambda report: left.append(forecast.seconds_left(report, artifact["now"]))):
        tracker = Tracker("run", "progress-x", expected)
        tracker.begin()
        for second, finished, engine_seconds in batches:
            artifact["now"] = 100.0 + second
            tracker.spoken(set(finished), SpokenBatch((TAKE,), engine_seconds), "Chapter One")
    return left[1:]


def test_batches_that_come_back_at_one_moment_do_not_shorten_what_is_to_go(artifact):
    batches = [
        (90.0, "a", 10.0),
        (90.1, "b", 10.0),
        (90.2, "c", 10.0),
        (100.0, "d", 10.0),
    ]  # the model took 60 s to load
    assert left_after(artifact, EIGHT, batches) == [70.0, 60.0, 50.0, 40.0]


def test_short_headings_that_are_spoken_first_do_not_shorten_what_is_to_go(artifact):
    expected = {"a": 1.0, "b": 1.0, "c": 9.0, "d": 9.0}
    assert left_after(artifact, expected, [(5.0, "ab", 4.0), (23.0, "c", 18.0)]) == pytest.approx([36.0, 18.0])


def test_an_utterance_that_is_spoken_again_counts_once_and_its_seconds_twice(artifact):
    assert left_after(artifact, FOUR, [(5.0, "a", 5.0), (10.0, "", 5.0), (15.0, "b", 5.0)]) == [15.0, 30.0, 15.0]


def test_engines_side_by_side_are_forecast_by_the_clock(artifact):
    batches = [(10.0, "a", 10.0), (10.0, "b", 10.0), (20.0, "c", 10.0), (20.0, "d", 10.0)]
    assert left_after(artifact, EIGHT, batches)[-1] == 20.0


def test_an_engine_that_waits_for_the_checks_is_forecast_by_the_clock(artifact):
    batches = [(10.0, "a", 1.0), (20.0, "b", 1.0), (30.0, "c", 1.0), (40.0, "d", 1.0)]
    assert left_after(artifact, EIGHT, batches)[-1] == 30.0


def test_the_artifact_says_how_many_utterances_are_spoken(artifact, monkeypatch):
    made = []
    where = uuid4()

    def note(*given, **named):
        made.append((given, named))
        return where

    monkeypatch.setattr(_tracking, "create_progress_artifact", note)
    monkeypatch.setattr(_tracking, "update_progress_artifact", note)
    tracker = Tracker("run", "progress-x", FOUR)
    tracker.begin()
    tracker.spoken({"a"}, SpokenBatch((TAKE,), 0.5), "Chapter One")
    tracker.finish()
    assert made == [
        ((0.0,), {"key": "progress-x", "description": "0 of 4 utterances spoken"}),
        ((where,), {"progress": 25.0, "description": "1 of 4 utterances spoken"}),
        ((where,), {"progress": 100.0, "description": "1 of 4 utterances spoken"}),
    ]


def test_a_server_that_is_away_gets_no_artifact_and_no_updates(artifact, monkeypatch):
    monkeypatch.setattr(_tracking, "attempt", lambda request: None)
    tracker = Tracker("run", "progress-x", FOUR)
    tracker.begin()
    monkeypatch.setattr(_tracking, "attempt", lambda request: request())
    tracker.spoken({"a"}, SpokenBatch((TAKE,), 0.5), "Chapter One")
    tracker.finish()
    assert artifact["updates"] == []
