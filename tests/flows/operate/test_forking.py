"""Processes of runs are forked from one that has imported what they import."""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from flows.operate import forking
from flows.run.deployments import POOLS

pytestmark = pytest.mark.skipif(not forking.CAN_FORK, reason="runs are forked on Linux alone")
CODE = 3


class Started:
    """Takes the place of the executor, which is told of the process."""

    handle = None

    def started(self, handle):
        self.handle = handle


def note_and_end(environment, folder):
    """What a run does here: it notes what it was given, and ends with a code of its own."""
    (folder / "given.json").write_text(json.dumps([dict(environment), os.getpid()]))
    sys.exit(CODE)


def wait_for_file(_, folder):
    (folder / "parent").write_text(str(os.getppid()))
    while not (folder / "end").exists():
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a run's process that does what a function says. Returns it when it has ended, and the flow run."""

    def begin(function, meanwhile=None, **environment):
        monkeypatch.setattr(forking, "_become_run", function)
        flow_run = FlowRun(flow_id=uuid4(), name="book")
        channel = SimpleNamespace(register=lambda found: (4711, "token") if found == flow_run.id else None)
        starter = forking.ForkingStarter(environment, tmp_path, channel)
        started = Started()

        async def both():
            tasks = [starter.start(flow_run, started)]
            if meanwhile:
                tasks.append(asyncio.to_thread(meanwhile, started))
            await asyncio.gather(*tasks)

        asyncio.run(both())
        return started.handle, flow_run

    return begin


def test_a_run_gets_its_environment_and_its_code_comes_back(start, tmp_path):
    handle, flow_run = start(note_and_end, VOICE="joe", NOTHING=None)
    environment, pid = json.loads((tmp_path / "given.json").read_text())
    assert handle.returncode == CODE
    assert pid == handle.pid != os.getpid()
    assert environment["VOICE"] == "joe"
    assert "NOTHING" not in environment
    assert environment["PREFECT__FLOW_RUN_ID"] == str(flow_run.id)
    assert (environment["PREFECT__CONTROL_PORT"], environment["PREFECT__CONTROL_TOKEN"]) == ("4711", "token")
    assert environment["PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS"] == "false"


def test_a_run_that_is_killed_ends_by_that_signal(start, tmp_path):
    def kill(started):
        wait_until((tmp_path / "parent").exists)
        os.kill(started.handle.pid, signal.SIGKILL)

    handle, _ = start(wait_for_file, kill)
    assert handle.returncode == -signal.SIGKILL


def test_a_run_outlives_the_process_that_forked_it_and_is_waited_for(start, tmp_path):
    alive = []

    def kill_the_server(started):
        parent = tmp_path / "parent"
        wait_until(lambda: parent.exists() and parent.read_text())
        os.kill(int(parent.read_text()), signal.SIGKILL)
        time.sleep(3 * forking.LOOK_SECONDS)
        alive.append(started.handle.is_alive())
        (tmp_path / "end").touch()

    handle, _ = start(wait_for_file, kill_the_server)
    assert alive == [True]
    assert not handle.is_alive()
    again, _ = start(note_and_end)  # another one has taken its place
    assert again.returncode == CODE


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_process_becomes_prefects_engine(tmp_path):
    program = "import sys; from flows.operate.forking import _become_run; from pathlib import Path; import os\n"
    program += "_become_run({**os.environ, 'PREFECT__FLOW_RUN_ID': 'none'}, Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "PREFECT_LOGGING_LEVEL": "INFO"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Invalid flow run id" in done.stderr
    assert "found in sys.modules" not in done.stderr


def test_a_forked_process_has_the_runs_environment_and_no_other(monkeypatch, tmp_path):
    done = []
    environ = {"OURS": "1"}
    monkeypatch.setattr(forking, "os", SimpleNamespace(environ=environ, chdir=done.append))
    monkeypatch.setattr(forking.gc, "freeze", lambda: done.append("frozen"))
    monkeypatch.setattr(forking.runpy, "run_module", lambda name, run_name: done.append((name, run_name, [*sys.argv])))
    monkeypatch.setattr(sys, "argv", ["worker"])
    with warnings.catch_warnings():
        forking._become_run({"A": "b"}, tmp_path)
    assert (done, environ) == (
        ["frozen", tmp_path, ("prefect.engine", "__main__", ["prefect.engine"])],
        {"A": "b"},
    )


def test_what_runs_of_a_pool_import_is_named_before_they_start(monkeypatch):
    named = []
    monkeypatch.setattr(forking._FORKING, "set_forkserver_preload", named.append)
    for pool in ("gpu", "desk", "theirs"):
        forking.prepare(pool)
    assert named == [list(forking.PRELOADED["gpu"]), list(forking.PRELOADED["desk"]), list(forking._EVERY_RUN)]
    assert "torch" in named[0]


@pytest.mark.parametrize("pool", POOLS)
def test_what_is_imported_before_is_there_and_leaves_no_thread_and_no_gpu_in_use(pool):
    assert [name for name in forking.PRELOADED[pool] if importlib.util.find_spec(name) is None] == []
    program = (
        "import os, sys, torch\n"
        "def refuse(*_, **__): raise AssertionError('a child could not use the GPU any more')\n"
        "torch._C._cuda_init = torch._C._cuda_getDeviceCount = torch.cuda.is_available = refuse\n"
        f"for name in {forking.PRELOADED[pool]!r}: __import__(name)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr[-2000:]) == ("1", "")
