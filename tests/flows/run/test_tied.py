"""A process ends with its parent: politely, and by force where it does not listen."""

import os
import signal
import subprocess
import sys
import time

import pytest

CHILD = """
import signal, sys, time
from flows.run.tied import end_with_parent
{before}
end_with_parent(0.2)
print("up", flush=True)
time.sleep(60)
"""


def environment(*folders):
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), *sys.path])}


def begin(before):
    command = [sys.executable, "-c", CHILD.format(before=before)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("", -signal.SIGTERM),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", 7),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", 1),
    ],
    ids=["asked", "asked, and it says something", "forced"],
)
def test_a_process_ends_when_its_parent_does(before, code):
    with begin(before) as child:
        assert child.stdout.readline() == "up\n"
        child.stdin.write("nothing of interest\n")
        child.stdin.flush()
        time.sleep(0.1)
        assert child.poll() is None, "a line on standard input is no end"
        child.stdin.close()
        assert child.wait(timeout=20) == code


def test_a_module_runs_tied_as_if_it_were_run_alone(tmp_path):
    (tmp_path / "spoken.py").write_text("import sys\nprint(__name__, sys.argv[1:])\n")
    command = [sys.executable, "-m", "flows.run.tied", "spoken", "a", "b"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(tmp_path)
    ) as process:
        assert process.stdout.read() == "__main__ ['a', 'b']\n"
        assert process.wait(timeout=20) == 0
