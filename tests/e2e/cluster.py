"""One book over many worker processes: `python -m tests.e2e.cluster --workers 1 4` compares how fast they speak it,
`--kills 20` kills workers at random moments meanwhile.

The engine is the fake one, which sleeps for as long as a real one would work, so that few cores are enough. Not part of
the suite: it takes as long as the speaking does.
"""

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from flows.run import server as _server
from tests.e2e.conftest import RUN, Talepress
from tests.e2e.test_kill import database
from tests.flows.run.dask import spoken
from tests.flows.samples import add_voice

CHAPTERS = 20
FIRST_KILL_SECONDS = 30.0
BAR = 3.6  # times one process, of four


def write_book(path, utterances):
    lines = ["---", "title: The Long Book", "author: Ann Author", "---", ""]
    for number in range(utterances):
        if number % (utterances // CHAPTERS) == 0:
            lines += [f"## Chapter {number // (utterances // CHAPTERS) + 1}", ""]
        lines += [f"Apple {number} fell.", ""]
    path.write_text("\n".join(lines), "utf-8")
    return path


def workers_of(pid):
    """The worker processes of a command: those that Python's multiprocessing has started."""
    children = psutil.Process(pid).children(recursive=True)
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


class Killer(threading.Thread):
    """Kills a worker of a command now and then, so often that all kills fall into the time that it speaks."""

    def __init__(self, pid, kills, every_s, draw):
        super().__init__(daemon=True)
        self.pid = pid
        self.waits = [FIRST_KILL_SECONDS, *(draw.uniform(0.5, 1.5) * every_s for _ in range(kills - 1))][:kills]
        self.draw = draw
        self.killed = []

    def run(self):
        for wait in self.waits:
            time.sleep(wait)
            try:
                worker = self.draw.choice(workers_of(self.pid))
                os.kill(worker, signal.SIGKILL)
            except (IndexError, psutil.NoSuchProcess, ProcessLookupError):
                continue
            self.killed.append(worker)
            print(f"killed worker {worker}, the {len(self.killed)}th", file=sys.stderr, flush=True)


def make(talepress, workers, options):
    """Makes the book. Returns its report, how often each text was spoken, and the workers that were killed."""
    runner = {"TALEPRESS_EXECUTION__RUNNER": "dask", "TALEPRESS_EXECUTION__DASK_WORKERS": str(workers)}
    process = subprocess.Popen(
        [sys.executable, "-c", f"{spoken.NOTED}\n{RUN}", "make", "book.md", "--out", "out", "--force", "--json"],
        cwd=talepress.folder,
        env={
            **talepress.environment,
            **runner,
            "TALEPRESS_SYNTHESIZE__MODEL": json.dumps({"seconds_per_request": options.seconds}),
            spoken.LOG: str(talepress.folder / "spoken"),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    forecast_s = options.utterances * options.seconds / workers
    killer = Killer(process.pid, options.kills, 0.8 * forecast_s / max(1, options.kills), random.Random(options.draw))
    killer.start()
    out, _ = process.communicate()
    assert process.returncode == 0, out
    lines = (line.split(" ", 1) for line in (talepress.folder / "spoken").read_text().splitlines())
    return json.loads(out), Counter(text for _, text in lines), killer.killed


def measure(root, environment, workers, options):
    """Has so many workers speak the book in a library of its own. Returns the seconds that they took."""
    folder = root / f"workers{workers}"
    folder.mkdir()
    talepress = Talepress(folder / "home", folder, environment)
    add_voice(talepress.home)
    write_book(folder / "book.md", options.utterances)
    report, times, killed = make(talepress, workers, options)
    ((takes, keys),) = database(talepress, "SELECT count(*), count(DISTINCT utterance_key) FROM takes")
    assert takes == keys == len(times), (takes, keys, len(times))
    seconds = report["synthesis_seconds"]
    print(
        f"{workers} workers: {takes} takes in {seconds:.0f} s, of which the engines {report['engine_seconds']:.0f} s; "
        f"{len(killed)} killed; texts by how often they were spoken: {dict(Counter(times.values()))}; "
        f"memory of the flow {report['memory']['resident_bytes'] / 1e6:.0f} MB",
        flush=True,
    )
    return seconds


def main():
    """Prints a line for each number of workers, and how many times faster the last is than the first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--utterances", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=1.0, help="that the engine takes for an utterance")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--draw", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ.update(_server.environment_defaults(root / "prefect", start_timeout_s=800, verbose=False))
        with _server.prefect_server(start_timeout_s=800):
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            took = [measure(root, environment, workers, options) for workers in options.workers]
    for (few, slow), (many, fast) in itertools.pairwise(zip(options.workers, took, strict=True)):
        print(f"{many} workers are {slow / fast:.2f} times as fast as {few}")


if __name__ == "__main__":
    main()
