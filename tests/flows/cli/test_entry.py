"""The first lines of a process: signals are answered, and a stop has its exit code."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import entry
from tasks import stopping


@pytest.fixture
def entered(monkeypatch):
    """Enters with a command that ends so. Returns what was done, in order."""
    done = []
    monkeypatch.setattr(stopping, "heed_signals", lambda: done.append("signals"))
    monkeypatch.setattr(stopping, "wind_up", lambda: done.append("wound up"))
    monkeypatch.setattr(stopping, "say", done.append)
    threshold = gc.get_threshold()

    def enter(run):
        def main():
            done.append("command")
            run()

        monkeypatch.setattr("flows.cli.main.main", main)
        entry.main()

    yield enter, done
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_signals_are_answered_before_the_command_and_raise_nothing_after_it(entered):
    enter, done = entered
    enter(lambda: None)
    assert done == ["signals", "command", "wound up"]
    assert gc.get_threshold()[0] == 20_000
    assert gc.get_freeze_count() > 0, "as it ends, Python looks through all objects"


def test_a_stop_is_said_and_has_its_own_code(entered):
    enter, done = entered

    def stop():
        raise stopping.Stopped(stopping.STOPPED)

    with pytest.raises(SystemExit) as ended:
        enter(stop)
    assert ended.value.code == 130
    assert done == ["signals", "command", stopping.STOPPED, "wound up"]


def test_other_ends_pass(entered):
    enter, done = entered
    with pytest.raises(SystemExit) as ended:
        enter(lambda: sys.exit(3))
    assert (ended.value.code, done[-1]) == (3, "wound up")


THREADS = """
import resource, threading
from pathlib import Path
from flows.cli import entry
if {shared}:
    entry.share_arenas()

def work(barrier):
    pieces = [bytes(100_000) for _ in range(50)]  # below the size that is given back at once
    barrier.wait()

barrier = threading.Barrier(8)
threads = [threading.Thread(target=work, args=(barrier,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
pools = [line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(" 0 ")]
print(sum(int(line.split("-")[0], 16) % (64 << 20) == 0 and " rw-p " in line for line in pools))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the kernel's list of a process's memory")
def test_threads_share_pools_of_memory():
    def pools(shared):
        script = THREADS.format(shared=shared)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script]
        return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)

    assert pools(shared=True) <= 1 < pools(shared=False)


COMMAND = "from flows.cli.entry import main; main()"
STREAMS = """
import os
from flows.cli import entry
entry.secure_streams()
print(*[os.path.realpath(f"/proc/self/fd/{number}") for number in (0, 2)])
"""


def ended(script, tail, tmp_path, *arguments):
    """Runs Python in a shell that leads its streams elsewhere. Returns its exit code and what it printed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TALEPRESS_HOME": str(tmp_path / "home")}
    shell = ["sh", "-c", f'exec "$@" {tail}', "sh", sys.executable, "-c", script, *arguments]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    return done.returncode, done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(("arguments", "code"), [(["status"], 0), (["make", "nothing.md"], 2)])
def test_a_log_on_a_full_disk_does_not_change_how_a_command_ends(tmp_path, arguments, code):
    assert ended(COMMAND, "2> /dev/full", tmp_path, *arguments)[0] == code


def test_a_command_runs_without_any_stream(tmp_path):
    assert ended(COMMAND, "<&- >&- 2>&-", tmp_path, "status") == (0, "")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no list of a process's files")
def test_no_file_takes_the_place_of_a_closed_stream(tmp_path):
    assert ended(STREAMS, "<&- 2>&-", tmp_path) == (0, f"{os.devnull} {os.devnull}\n")
