"""Tasks are submitted a bounded number at a time, and no result is lost after an error."""

import threading
import time
from functools import partial

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.run.window import gather

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
        for result in gather(submit, partial(next, iter(jobs), None), in_flight=in_flight):
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

        for result in gather(submit, lambda: jobs.pop() if jobs else None, in_flight=2):
            seen.append(result)
            if result:
                jobs.append(result - 1)
        return seen

    assert countdown() == [3, 2, 1, 0]
