"""Ctrl-C and SIGTERM are answered at once, end the command within ten seconds, and lose nothing that was finished."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass

import pytest

from tests.e2e.box import is_alive
from tests.e2e.conftest import ROOT, RUN
from tests.e2e.test_kill import LOGGED, database, spoken
from tests.flows.run.dask.spoken import LOG, NOTED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

RECIPE = ROOT / "configs" / "models" / "tortoise_mini.toml"
WORD = "talepress: stopping after what is in work; again to stop now"
STOPPED = "talepress: stopped; the same command continues"
WORD_SECONDS = 5.0  # on a loaded machine; an idle one needs milliseconds
END_SECONDS = 10.0

# Sends the process itself a signal at the n-th call of a function or method, before it does anything.
SIGNAL = """
import importlib, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test's own shell may ignore it
module, owner, name, calls = {module!r}, {owner!r}, {name!r}, {calls}
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
original, count = getattr(place, name), 0
def interrupted(*args, **kwargs):
    global count
    count += 1
    if count == calls:
        os.write(2, b"signal\\n")
        for _ in range({times}):
            os.kill(os.getpid(), {number})
    return original(*args, **kwargs)
setattr(place, name, interrupted)
"""


def signal_at(module, name, calls=1, *, owner="", number=signal.SIGTERM, times=1):
    return SIGNAL.format(module=module, owner=owner, name=name, calls=calls, number=int(number), times=times)


@dataclass
class Stop:
    """How a command took a signal. Times in seconds, from the signal on."""

    code: int
    err: str
    word_s: float
    end_s: float


def stop(talepress, *arguments, before, **environment):
    """Runs a command that sends itself a signal, and watches the clock."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{RUN}", *map(str, arguments)],
        cwd=talepress.folder,
        env={**talepress.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []

    def read():
        lines.extend((time.monotonic(), line.rstrip("\n")) for line in process.stderr)

    reader = threading.Thread(target=read)
    reader.start()
    process.wait(600)
    ended = time.monotonic()
    reader.join()
    process.stdout.close()
    process.stderr.close()
    err = "\n".join(line for _, line in lines)
    times = {line: when for when, line in reversed(lines)}
    assert "signal" in times, f"the moment never came: {err}"
    assert WORD in times, err
    return Stop(process.returncode, err, times[WORD] - times["signal"], ended - times["signal"])


def require_orderly(stopped):
    assert stopped.code == 130, stopped
    assert "Traceback" not in stopped.err, stopped
    assert stopped.err.splitlines()[-1] == STOPPED, stopped
    assert stopped.word_s < WORD_SECONDS, stopped
    assert stopped.end_s < END_SECONDS, stopped


MAKE = ["make", "book.md", "--out", "out", "--json"]
ONE_BY_ONE = {"TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1", "TALEPRESS_EXECUTION__THREADS": "1"}


SLOW = {**ONE_BY_ONE, "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 60}'}


def runs(talepress):
    return database(talepress, "SELECT state, message FROM runs ORDER BY started_at")


def prefect(talepress, what, **filters):
    """What the Prefect server knows of the latest flow run or of its task runs: a list of (state's type, message)."""
    request = urllib.request.Request(
        f"{talepress.environment['PREFECT_API_URL']}/{what}/filter",
        data=json.dumps(filters).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def latest_flow_run(talepress):
    (run,) = prefect(talepress, "flow_runs", sort="START_TIME_DESC", limit=1)
    return run


def test_a_run_that_is_stopped_while_it_speaks_keeps_what_it_has(talepress):
    at = signal_at("storage.repository.takes", "add", 3, owner="Takes", number=signal.SIGTERM)  # Ctrl-C: the next test
    require_orderly(stop(talepress, *MAKE, before=LOGGED + at, **ONE_BY_ONE))
    assert runs(talepress) == [("stopped", "stopped by the user")]
    assert database(talepress, "SELECT count(*) FROM takes") == [(3,)]
    state = latest_flow_run(talepress)["state"]
    assert (state["type"], state["message"]) == ("CANCELLED", "stopped by the user")

    finished = talepress(*MAKE, before=LOGGED, **ONE_BY_ONE)
    assert finished.code == 0, finished.err
    assert len(spoken(talepress)) == 10  # none of the takes was lost


def test_worker_processes_end_with_the_run(talepress):
    at = signal_at("storage.repository.takes", "add", 2, owner="Takes", number=signal.SIGINT)
    log = talepress.folder / "spoken"
    workers = {"TALEPRESS_EXECUTION__RUNNER": "dask", "TALEPRESS_EXECUTION__DASK_WORKERS": "2", LOG: str(log)}
    require_orderly(stop(talepress, *MAKE, before=NOTED + at, **ONE_BY_ONE, **workers))
    assert runs(talepress) == [("stopped", "stopped by the user")]
    spoke = {int(line.split(" ", 1)[0]) for line in log.read_text().splitlines()}
    assert spoke
    deadline = time.monotonic() + END_SECONDS
    while any(is_alive(pid) for pid in spoke):
        assert time.monotonic() < deadline, spoke
        time.sleep(0.1)


def test_a_batch_that_takes_long_is_left_and_spoken_again(talepress):
    at = signal_at("time", "sleep", number=signal.SIGINT)  # the fake engine's sleep of a minute
    at = at.replace("if count == calls:", "if args == (60.0,):")
    require_orderly(stop(talepress, *MAKE, before=LOGGED + at, **SLOW))
    assert runs(talepress) == [("stopped", "stopped by the user")]
    run = latest_flow_run(talepress)
    assert run["state"]["type"] == "CANCELLED"
    tasks = prefect(talepress, "task_runs", flow_runs={"id": {"any_": [run["id"]]}})
    assert {task["state"]["type"] for task in tasks} <= {"COMPLETED", "CANCELLED"}

    finished = talepress(*MAKE, before=LOGGED, **ONE_BY_ONE)
    assert finished.code == 0, finished.err
    assert len(spoken(talepress)) == 11  # the one that was left was asked for twice


def test_a_run_can_be_stopped_before_and_after_it_speaks(talepress):
    private = {"PREFECT_API_URL": "", "TALEPRESS_EXECUTION__SERVER_START_TIMEOUT_S": "800"}
    require_orderly(stop(talepress, *MAKE, before=signal_at("flows.run.server", "require_health"), **private))
    require_orderly(stop(talepress, *MAKE, before=signal_at("flows.order.manuscript", "annotate", 2)))
    assert not (talepress.home / "talepress.db").exists() or runs(talepress) == []

    require_orderly(
        stop(talepress, *MAKE, before=LOGGED + signal_at("storage.repository.masters", "save", owner="Masters"))
    )
    assert runs(talepress) == [("stopped", "stopped by the user")]
    # What comes last is done before one could wait for its end: the book is finished.
    last = stop(talepress, *MAKE, before=LOGGED + signal_at("storage.repository.editions", "save", owner="Editions"))
    assert (last.code, "Traceback" in last.err) == (0, False), last.err
    assert [state for state, _ in runs(talepress)] == ["stopped", "done"]
    assert len(spoken(talepress)) == 10


def test_a_second_signal_ends_the_run_now(talepress):
    at = signal_at("storage.repository.takes", "add", 2, owner="Takes", number=signal.SIGINT, times=2)
    stopped = stop(talepress, *MAKE, before=at, **SLOW | {"TALEPRESS_SYNTHESIZE__MODEL": "sound"})
    assert stopped.code == 130
    assert stopped.end_s < 1.0
    assert stopped.err.splitlines()[-1] == "talepress: stopped at once; the same command continues"
    assert "Traceback" not in stopped.err
    finished = talepress(*MAKE)
    assert finished.code == 0, finished.err


@pytest.mark.parametrize(
    ("command", "at"),
    [
        (["plan", "book.md"], signal_at("flows.actions.plan", "plan")),
        (["bench"], signal_at("tortoise_core.inference.fake", "speak", owner="FakeEngine")),
        (
            ["say", "It rained.", "--out", "x.wav"],
            signal_at("tortoise_core.inference.fake", "speak", owner="FakeEngine"),
        ),
        (["say", "It rained.", "--stream", "--out", "x.wav"], signal_at("flows.actions.stream", "wav_header")),
        (["train", "all", "--config", RECIPE], signal_at("tortoise_core.training.recipe_file", "read_recipe")),
    ],
    ids=["plan", "bench", "say", "stream", "train"],
)
def test_other_commands_end_at_once(talepress, command, at):
    require_orderly(stop(talepress, *command, before=at))
