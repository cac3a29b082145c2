"""A book that worker processes of a Dask cluster speak is the book that threads speak, though one of them dies."""

import os

import pytest

from flows.order.request import Request
from storage.records import RunState
from tests.flows.run.dask import spoken
from tests.flows.run.test_workers import takes_of
from tests.flows.samples import add_voice

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("prefect_server", "voiced_home"),
    pytest.mark.timeout(900),
]


DRAGON = "The dragon slept"


@pytest.fixture
def make(book, tmp_path, monkeypatch):
    from flows.book_to_audio import book_to_audio

    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", "2")
    return lambda out: book_to_audio(Request(book=str(book), out=str(tmp_path / out)))


def test_a_worker_that_dies_costs_its_batch_and_the_edition_is_that_of_threads(make, tmp_path, monkeypatch):
    with monkeypatch.context() as cluster:
        cluster.setenv("TALEPRESS_EXECUTION__RUNNER", "dask")
        cluster.setenv("TALEPRESS_EXECUTION__DASK_WORKERS", "2")
        cluster.setenv(spoken.LOG, str(tmp_path / "spoken"))
        cluster.setenv(spoken.DEADLY, DRAGON)
        cluster.setattr("tasks.synthesize.task.run_job", spoken.run_job)
        elsewhere = make("elsewhere")
        noted = spoken.noted()
    assert (elsewhere.state, elsewhere.rendered) == (RunState.DONE, 10)
    assert str(os.getpid()) not in {process for process, _ in noted}
    assert len({process for process, text in noted if DRAGON in text}) == 2  # who died, and another
    texts = [text for _, text in noted]
    assert len(set(texts)) == 10
    assert len(texts) <= 14, texts  # the batch of two in which the worker died, and the one that waited there

    monkeypatch.setenv("TALEPRESS_HOME", str(tmp_path / "other"))
    add_voice(tmp_path / "other")
    assert takes_of(make("here")) == takes_of(elsewhere)
