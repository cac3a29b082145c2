"""A book whose takes are spoken by other processes is the same book."""

import json
import multiprocessing
import os
from itertools import count
from pathlib import Path

import pytest

from flows.order.request import Request
from storage.records import RunState
from tasks.synthesize.render import run_job
from tests.flows.samples import add_voice
from tortoise_core.inference.fake import FakeEngine

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


def run_job_and_say_where(job):
    """Runs in a worker: the batch, and the process that spoke it."""
    return run_job(job), os.getpid()


@pytest.fixture
def make(book, tmp_path, monkeypatch):
    from flows.book_to_audio import book_to_audio

    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", "2")
    return lambda out: book_to_audio(Request(book=str(book), out=str(tmp_path / out)))


@pytest.fixture
def spoken_elsewhere(monkeypatch):
    """Two workers get the batches by turns; this process may not speak. Returns the processes that did."""
    spoke = []

    def refuse(*arguments):
        raise AssertionError("the flow's process loads no engine to speak with")

    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as one, context.Pool(1) as other:
        turn = count()

        def elsewhere(job):
            batch, process = (one, other)[next(turn) % 2].apply(run_job_and_say_where, (job,))
            spoke.append(process)
            return batch

        monkeypatch.setattr("tasks.synthesize.task.run_job", elsewhere)
        monkeypatch.setattr("tasks.synthesize.render.get_speaker", refuse)
        monkeypatch.setattr(FakeEngine, "speak", refuse)
        yield spoke


def takes_of(report):
    """The key and the audio of every utterance's take, from the edition's manifest."""
    files = {file.kind: Path(file.path) for file in report.edition.files}
    manifest = json.loads(files["manifest"].read_text("utf-8"))
    rows = [row for chapter in manifest["chapters"] for row in chapter["utterances"]]
    return [(row["take"], row["audio_sha256"]) for row in rows], files["m4b"].read_bytes()


def test_two_other_processes_make_the_same_edition(make, spoken_elsewhere, monkeypatch, tmp_path):
    elsewhere = make("elsewhere")
    assert (elsewhere.state, elsewhere.rendered) == (RunState.DONE, 10)
    assert elsewhere.work.engine_seconds > 0  # it came with the takes: no engine here could tell
    assert len(set(spoken_elsewhere)) == 2
    assert os.getpid() not in spoken_elsewhere

    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALEPRESS_PROFILE", "test")
    monkeypatch.setenv("TALEPRESS_HOME", str(tmp_path / "other"))
    add_voice(tmp_path / "other")
    here = make("here")
    assert here.rendered == 10
    assert takes_of(here) == takes_of(elsewhere)
