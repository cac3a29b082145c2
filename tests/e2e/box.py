"""A box in production for tests: the real `talepress up` with the fake engine in a data folder of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.e2e.conftest import ROOT, RUN
from tests.flows.samples import BOOK, add_voice

# A suite that a shell runs in the background ignores Ctrl-C, and what it starts would inherit that.
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
START_SECONDS = 280
RUN_SECONDS = 200
SERVER_BUSY = 503
BUSY_TRIES = 10
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Box:
    """Starts and ends `talepress up`, and asks Prefect's server and our database."""

    def __init__(self, folder, **environment):
        self.folder = folder
        self.home = folder / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
        self.environment = {
            **kept,
            "TALEPRESS_HOME": str(self.home),
            "TALEPRESS_PROFILE": "test",
            "TALEPRESS_PRODUCTION__PORT": "0",
            "TALEPRESS_REVIEW__PORT": str(free_port()),
            "TALEPRESS_EXECUTION__SERVER_START_TIMEOUT_S": str(START_SECONDS),
            "PREFECT_WORKER_QUERY_SECONDS": "3",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "10",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        self.lines = []
        self.process = None
        self.books = 0
        add_voice(self.home)

    def command(self, *arguments, **environment):
        """Runs another command in the data folder, to its end."""
        return subprocess.run(
            [sys.executable, "-c", RUN, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def start(self):
        """Starts `up`, and waits until it is ready."""
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", HEED_CTRL_C + RUN, "up"],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True).start()
        self.wait_until(lambda: any(line.startswith("ready") for line in self.lines), START_SECONDS)

    def _read(self, stream):
        self.lines.extend(line.rstrip("\n") for line in stream)

    def end(self, number=signal.SIGTERM):
        """Ends `up` by a signal. Returns its exit code and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(60)
        return code, time.monotonic() - began

    def wait_until(self, condition, seconds=RUN_SECONDS):
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.lines
            assert time.monotonic() < deadline, (self.lines, self.logs())
            time.sleep(0.5)

    def logs(self):
        """The last lines of all parts, for a failed test's report."""
        return {path.name: path.read_text()[-3000:] for path in (self.home / "logs").glob("*.log")}

    @property
    def note(self):
        return json.loads((self.home / "up.json").read_text())

    def pid(self, part):
        return next(one["pid"] for one in self.note["parts"] if one["name"] == part)

    def run_processes(self):
        """Yields the processes of runs that are under way: the children of those that the workers fork them from."""
        workers = {one["pid"] for one in self.note["parts"] if one["name"].startswith("worker")}
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        for pid, parent in parents.items():
            if parents.get(parent) in workers:
                yield pid

    def api(self, method, path, body=None):
        """Asks Prefect's server."""
        request = urllib.request.Request(
            self.note["api"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        for _ in range(BUSY_TRIES):
            try:
                with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                if error.code != SERVER_BUSY:
                    raise
                time.sleep(2)  # as Prefect's own client does
        raise AssertionError(f"{path}: the server stays busy")

    def deployment(self, name):
        return self.api("GET", f"/deployments/name/{name}/{name}")

    def look_often(self, door, seconds):
        """Has what is due by the clock, such as the look at the inbox, be due every so many seconds."""
        deployment = self.deployment(door)
        for schedule in deployment["schedules"]:
            path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
            self.api("PATCH", path, {"schedule": {"interval": seconds}, "active": True})

    def book(self, name="book", text=BOOK):
        path = self.folder / f"{name}.md"
        path.write_text(text, "utf-8")
        return path

    def fresh_book(self):
        """A book of which nothing has been spoken yet."""
        self.books += 1
        text = re.sub(r"(\w)\.(\s)", rf"\1, said number {self.books}.\2", BOOK)
        return self.book(f"book{self.books}", text.replace("Small Book", f"Small Book {self.books}"))

    def submit(self, deployment, environment=None, **parameters):
        """Starts a run of a deployment, as Prefect's page does. Returns its id."""
        path = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        body = {"parameters": parameters, "job_variables": {"env": environment or {}}}
        return self.api("POST", path, body)["id"]

    def make(self, book, environment=None, **options):
        """Starts a run that makes a book. Returns its id."""
        request = {"book": str(book), "out": str(self.folder / "out"), **options}
        return self.submit("book-to-audio", environment, request=request)

    def flow_run(self, flow_run_id):
        return self.api("GET", f"/flow_runs/{flow_run_id}")

    def state(self, flow_run_id):
        return self.flow_run(flow_run_id)["state"]["type"]

    def wait(self, flow_run_id, *states, seconds=RUN_SECONDS):
        """Waits until a flow run is in one of the states; returns the run. Without states: until it has ended."""
        self.wait_until(lambda: self.state(flow_run_id) in (states or ENDED), seconds)
        return self.flow_run(flow_run_id)

    def set_state(self, flow_run_id, kind, name):
        """Sets a run's state, as the buttons of Prefect's page do."""
        body = {"state": {"type": kind, "name": name}, "force": False}
        return self.api("POST", f"/flow_runs/{flow_run_id}/set_state", body)

    def rows(self, query):
        """Asks our database."""
        path = self.home / "talepress.db"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(path)) as database:
            return database.execute(query).fetchall()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
