"""Progress of a run: listeners hear of every batch, the artifact is not written too often."""

from uuid import uuid4

import pytest

from flows.order.report import Work
from flows.progress import listening
from flows.run import tracker as _tracking
from flows.run.tracker import Tracker
from storage.records import Take, Verdict
from tasks.synthesize.render import SpokenBatch

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
    tracker = Tracker("run", "progress-x", total=8)
    tracker.begin()
    for pause in (0.0, 0.4, 0.4, 0.4):
        artifact["now"] += pause
        tracker.spoken(2, SpokenBatch((TAKE,), 0.5), "Chapter One")
    assert artifact["updates"] == [25.0, 100.0]
    tracker.finish()
    assert artifact["updates"][-1] == 100.0


def test_a_chapter_is_announced_when_it_is_begun_and_stays_while_the_engine_is_idle(artifact):
    heard = []
    with listening(heard.append):
        tracker = Tracker("run", "progress-x", total=4)
        tracker.begin()
        tracker.speaking("Chapter One")
        tracker.speaking("Chapter One")
        tracker.spoken(2, SpokenBatch((TAKE,), 0.5), "")
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
        tracker = Tracker("run", "progress-x", total=4)
        tracker.begin()
        tracker.spoken(2, SpokenBatch((TAKE,), 0.5), "Chapter One")
        tracker.spoken(2, SpokenBatch((TAKE, TAKE), 0.75), "Chapter Two")
    tracker.finish()
    assert [(report.done, report.total, report.detail) for report in heard] == [
        (0, 4, ""),
        (2, 4, "Chapter One"),
        (4, 4, "Chapter Two"),
    ]
    assert tracker.work == Work(
        takes=3, utterances=1, take_seconds=6.0, synthesis_seconds=0.0, engine_seconds=1.25
    )  # on a clock that stands still
