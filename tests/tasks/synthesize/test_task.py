"""The task that Prefect runs does the job, and has no memory of its own: what is done is known by its takes."""

from tasks.synthesize import task
from tasks.synthesize.task import synthesize


def test_the_job_is_done_and_prefect_keeps_nothing_of_it(monkeypatch):
    monkeypatch.setattr(task, "run_job", lambda job: ("spoken", job))
    assert synthesize.fn("a job") == ("spoken", "a job")
    assert (synthesize.name, synthesize.persist_result, synthesize.retries) == ("synthesize", False, 0)
