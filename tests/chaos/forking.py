"""Runs commands quickly: a process that has imported everything forks itself for each, so that a try costs no start.

The commands are the real ones, with the fake engine, all against one Prefect server. Knows nothing of what is done to
them.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import ssl
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from tests.e2e.conftest import ROOT

CLONE_NEWPID = 0x20000000  # <sched.h>
# What a command imports on its way; Prefect imports the last four in functions.
PRELOADED = (
    "flows.cli.main",
    "flows.run.deployments",
    "flows.book_to_audio",
    "flows.run.reach",
    "torch",
    "fastapi",
    "prefect.flow_engine",
    "prefect.task_engine",
    "anyio._backends._asyncio",
)
LOOK_SECONDS = 0.02
ENDING = (signal.SIGINT, signal.SIGTERM)


class Command:
    """A command that runs: its process, and what it has printed so far."""

    def __init__(self, pid, folder, number):
        self.pid = pid
        self.code = None  # negative: ended by that signal
        self.cpu_seconds = 0.0
        self._ended = threading.Event()
        self._err = folder / f"{number}.err"

    @property
    def err(self):
        return self._err.read_text("utf-8", "replace") if self._err.exists() else ""  # it comes with its first moment

    def note_end(self, code, cpu_seconds):
        self.code = code
        self.cpu_seconds = cpu_seconds
        self._ended.set()

    def wait(self, seconds):
        """Waits for the end at most so long. Returns whether it has come."""
        return self._ended.wait(seconds)


class Forker:
    """The process that forks, seen from outside."""

    def __init__(self, environment):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.forking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**environment, "PYTHONPATH": str(ROOT)},
        )
        self._commands = {}
        self._begun = []
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        self.count = 0

    def start(self, folder, *arguments, new_pids=False, **environment):
        """Starts a command in a folder, on request in a PID namespace of its own."""
        self.count += 1
        asked = {
            "arguments": list(map(str, arguments)),
            "environment": environment,
            "folder": str(folder),
            "number": self.count,
            "new_pids": new_pids,
        }
        with self._news:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            assert self._news.wait_for(lambda: self._begun, 300), "the forking process is gone"
            command = Command(self._begun.pop(), folder, self.count)
            self._commands[command.pid] = command
        return command

    def end(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def _listen(self):
        for line in self._process.stdout:
            news = json.loads(line)
            if news["what"] == "begun":
                with self._news:
                    self._begun.append(news["pid"])
                    self._news.notify()
                continue
            while news["pid"] not in self._commands:  # ended before `start` has put it down
                with self._news:
                    pass
            self._commands.pop(news["pid"]).note_end(news["code"], news["cpu"])


def _say(**news):
    os.write(1, (json.dumps(news) + "\n").encode())


def _serve():
    """Forks for each line on standard input, until it is closed. Returns what to become, in a child alone."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # a real command answers them from its first moment
    for module in PRELOADED:
        __import__(module)
    ssl.SSLContext.load_default_certs = lambda *_: None  # nothing speaks TLS here, and each client would read them all
    gc.collect()
    gc.freeze()  # or each child's first collection copies all of the memory that it shares
    waiting = ""
    while True:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if ready:
            text = os.read(0, 65536).decode()
            if not text:
                return None
            *lines, waiting = (waiting + text).split("\n")
            for line in lines:
                asked = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    return asked
                _say(what="begun", pid=pid)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                pid, status, usage = ended
                cpu = usage.ru_utime + usage.ru_stime
                _say(what="ended", pid=pid, code=os.waitstatus_to_exitcode(status), cpu=cpu)


def _in_new_pids():
    """Forks into a new PID namespace; the parent ends as the child does."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWPID):
        raise OSError(ctypes.get_errno(), "unshare")
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


def _set_clock(offset):
    """Has our own modules read a clock that is wrong by so many seconds as the file says, where it is there.

    (libfaketime would do so for all, but `time.sleep` fails under it when the clock moves.)
    """

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            wrong_by = float(offset.read_text()) if offset.exists() else 0.0
            return datetime.now(tz) + timedelta(seconds=wrong_by)

    for name, module in list(sys.modules.items()):
        if name.startswith(("storage", "flows", "tasks")) and getattr(module, "datetime", None) is datetime:
            module.datetime = Moved


def _become(asked):
    """Runs a command in this process, as its console script does."""
    os.setsid()
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{asked['number']}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    if asked["new_pids"]:
        _in_new_pids()
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.cli import launch
    from flows.cli import main as command
    from flows.cli.entry import main
    from tortoise_core.inference.fake import FakeEngine

    speak = FakeEngine.speak

    def logged(self, requests):
        with Path("spoken.log").open("a") as log:
            log.writelines(f"{request.text}\n" for request in requests)
        return speak(self, requests)

    FakeEngine.speak = logged
    _set_clock(Path("clock"))
    launch.prepare_environment = lambda *_, **__: None  # Prefect is imported already, and has its environment
    sys.argv = ["talepress", *asked["arguments"]]
    run = command.main

    def run_answering():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        run()

    command.main = run_answering
    with temporary_settings({PREFECT_API_URL: os.environ["PREFECT_API_URL"]}):
        main()


if __name__ == "__main__":
    to_become = _serve()
    if to_become is not None:
        _become(to_become)
