"""`talepress drain`: nothing begins, and what is under way is waited for where that is wanted."""

import pytest

from flows.cli import drain as _drain
from flows.operate import drain as draining


@pytest.fixture
def box(home, monkeypatch):
    """Pools that note whether they are paused, and runs that end one by one."""
    done = []
    runs = [["a", "b"], ["a", "b"], ["b"], []]
    monkeypatch.setattr("flows.cli.launch.use_server", lambda settings: done.append("server"))
    monkeypatch.setattr(draining, "pause", done.append)
    monkeypatch.setattr(draining, "under_way", lambda: runs.pop(0) if len(runs) > 1 else runs[0])
    monkeypatch.setattr(_drain, "LOOK_SECONDS", 0.0)
    return done


def test_a_box_runs_empty(box, talepress):
    ended = talepress("drain")
    assert (ended.code, box) == (0, ["server", True])
    assert ended.err.splitlines()[1:] == ["under way: a, b", "under way: b", "nothing is under way"]
    assert "talepress drain --resume" in ended.err.splitlines()[0]


def test_nobody_has_to_wait(box, talepress):
    ended = talepress("drain", "--no-wait")
    assert ended.err.splitlines()[1:] == ["under way: a, b"]
    assert talepress("drain", "--no-wait", "--json").json == {"paused": True, "under_way": ["a", "b"]}


def test_runs_begin_again_and_nobody_waits_for_them(box, talepress):
    ended = talepress("drain", "--resume")
    assert (box, ended.err) == (["server", False], "runs begin again\n")
    assert talepress("drain", "--resume", "--json").json == {"paused": False, "under_way": []}


def test_programs_get_one_object_at_the_end(box, talepress):
    assert talepress("drain", "--json").json == {"paused": True, "under_way": []}
