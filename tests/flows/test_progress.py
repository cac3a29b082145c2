"""Reports of how far a flow is reach whoever listens, and nobody else."""

import threading
from contextvars import copy_context

import pytest

from flows.progress import Pace, Progress, announce, listening

REPORT = Progress("speak", 1, 2)


def test_reports_reach_the_innermost_listener_while_its_block_lasts():
    outer = []
    inner = []
    announce(REPORT)
    with listening(outer.append):
        with listening(inner.append):
            announce(REPORT)
        announce(Progress("master", 0, 3))
    announce(REPORT)
    assert (inner, outer) == ([REPORT], [Progress("master", 0, 3)])


def test_a_block_that_fails_listens_no_more():
    reports = []
    with pytest.raises(ValueError, match="no"), listening(reports.append):
        raise ValueError("no")
    announce(REPORT)
    assert reports == []


def test_another_thread_reports_where_it_was_given_the_context():
    reports = []
    with listening(reports.append):
        for run, arguments in ((announce, (REPORT,)), (copy_context().run, (announce, REPORT))):
            thread = threading.Thread(target=run, args=arguments)
            thread.start()
            thread.join()
    assert reports == [REPORT]


@pytest.mark.parametrize(("share", "left"), [(0.0, None), (0.25, 30.0), (0.5, 10.0), (1.0, 0.0)])
def test_the_rest_takes_as_long_as_what_is_done_did(share, left):
    assert Pace(share, 10.0).seconds_left == left
