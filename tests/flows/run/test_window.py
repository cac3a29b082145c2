"""Tasks are submitted a bounded number at a time, and no result is lost after an error."""

import threading
import time
from functools import partial

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.run.window import MOST_LOSSES, JobLostError, gather
from tasks import stopping

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.timeout(900)]


@task(cache_policy=NO_CACHE)
def work(job):
    return job()


@flow
def gathered(jobs, in_flight, futures=None):
    results = []
    error = None

    def submit(job):
        future = work.submit(job)
        if futures is not None:
            futures.append(future)
        return future

    try:
        for result in gather(submit, partial(next, iter(jobs), None), lambda: in_flight):
            results.append(result)
    except ValueError as raised:
        error = str(raised)
    return results, error


def test_every_result_comes_and_no_more_run_at_once_than_allowed():
    running = 0
    most = 0
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=20)

    def job():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()  # two at a time, or nobody gets past
        with lock:
            running -= 1
        return 1

    results, error = gathered([job] * 6, 2)
    assert (results, error, most) == ([1] * 6, None, 2)


def test_after_an_error_nothing_new_starts_and_what_was_under_way_is_not_lost():
    started = []
    futures = []

    def good():
        started.append("good")
        while len(futures) < 2:
            time.sleep(0.01)
        futures[1].wait(60)  # until the other has failed
        time.sleep(0.5)  # and has been noticed
        return "good"

    def bad():
        started.append("bad")
        raise ValueError("broken")

    def late():
        started.append("late")
        return "late"

    results, error = gathered([good, bad, late, late], 2, futures)
    assert sorted(started) == ["bad", "good"]
    assert (results, error) == (["good"], "broken")


def test_no_jobs_no_results():
    assert gathered([], 2) == ([], None)


def test_what_is_done_with_a_result_may_make_new_jobs():
    @flow
    def countdown():
        jobs = [3]
        seen = []

        def submit(job):
            return work.submit(lambda: job)

        for result in gather(submit, lambda: jobs.pop() if jobs else None, lambda: 2):
            seen.append(result)
            if result:
                jobs.append(result - 1)
        return seen

    assert countdown() == [3, 2, 1, 0]


class Answer:
    """A future of whoever runs jobs: it has ended already, with a result or an error."""

    def __init__(self, outcome):
        self.outcome = outcome

    def add_done_callback(self, told):
        told(self)

    def result(self, raise_on_failure):
        assert raise_on_failure is False, "Prefect would raise its own error in place of the job's"
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class Failed(Answer):
    """One that Prefect tells of: its error is a result."""

    def result(self, raise_on_failure):
        return self.outcome


def test_a_job_that_was_lost_is_submitted_again_but_not_for_ever():
    lost = JobLostError("the worker is gone")
    answers = iter([lost, "second", lost, "first"])
    submitted = []

    def submit(job):
        submitted.append(job)
        return Answer(next(answers))

    jobs = iter(["first", "second"])
    assert sorted(gather(submit, partial(next, jobs, None), lambda: 2)) == ["first", "second"]
    assert submitted == ["first", "second", "first", "first"]

    tries = []

    def submit_deadly(job):
        assert len(tries) <= MOST_LOSSES, "it is given out for ever"
        tries.append(job)
        return Answer(lost)

    with pytest.raises(JobLostError, match="is gone"):
        list(gather(submit_deadly, partial(next, iter(["deadly", "next"]), None), lambda: 1))
    assert tries == ["deadly"] * (1 + MOST_LOSSES)


def test_of_several_errors_the_first_is_raised():
    answers = iter([Failed(ValueError("first")), Answer("done"), Failed(TypeError("second"))])
    results = gather(lambda job: next(answers), partial(next, iter("abc"), None), lambda: 3)
    assert next(results) == "done"
    with pytest.raises(ValueError, match="first"):
        next(results)


def test_waiting_ends_when_nobody_is_left_to_run_what_was_submitted(monkeypatch):
    monkeypatch.setattr("flows.run.window.LOOK_SECONDS", 0.01)

    class Silence(Answer):
        def add_done_callback(self, told):
            """It never ends."""

    asked = []

    def in_flight():
        asked.append(None)
        if len(asked) > 5:
            raise TimeoutError("nobody is there")
        return 1

    with pytest.raises(TimeoutError, match="nobody"):
        list(gather(lambda job: Silence(None), partial(next, iter(["job"]), None), in_flight))


@pytest.mark.parametrize("last", [Answer("b"), Answer(JobLostError("the worker is gone"))], ids=["done", "lost"])
def test_once_the_user_asks_for_the_end_nothing_is_submitted_any_more_and_what_is_done_is_kept(monkeypatch, last):
    stop = stopping._Stop()
    monkeypatch.setattr(stopping, "_stop", stop)
    submitted = []
    answers = {"a": Answer("a"), "b": last}
    results = gather(lambda job: submitted.append(job) or answers[job], partial(next, iter("abc"), None), lambda: 2)
    assert next(results) == "a"
    stop.requested = True
    kept = []
    with pytest.raises(stopping.Stopped):
        for result in results:
            kept.append(result)
    assert (submitted, kept) == (["a", "b"], ["b"] if last.outcome == "b" else [])


def test_a_job_that_was_stopped_in_its_own_process_stops_the_others_after_theirs():
    answers = iter([Answer(stopping.Stopped()), Answer("b"), Answer("c")])
    kept = []
    with pytest.raises(stopping.Stopped):
        for result in gather(lambda job: next(answers), partial(next, iter("abc"), None), lambda: 2):
            kept.append(result)
    assert kept == ["b"]


def test_a_job_that_is_lost_after_another_has_failed_is_not_submitted_again():
    submitted = []
    answers = {"a": Failed(ValueError("broken")), "b": Answer(JobLostError("the worker is gone"))}
    with pytest.raises(ValueError, match="broken"):
        list(gather(lambda job: submitted.append(job) or answers[job], partial(next, iter("ab"), None), lambda: 2))
    assert submitted == ["a", "b"]
