"""Has all sorts of things happen to runs, and counts what is lost: `python -m tests.chaos --count 100`.

A try is known by its seed, which its line begins with; `--seed 17 --count 1` makes it again. Exit code 0: all survived.
"""

import argparse
import contextlib
import math
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from flows.run import private_server
from flows.run import server as _server
from tasks.errors import TalepressError
from tests.chaos.faults import FAULTS
from tests.chaos.forking import Forker
from tests.chaos.trial import BOOKS, Trial, World
from tests.storage.servers import postgres_cluster

START_SECONDS = 800


class SharedServer:
    """Prefect's server for all tries, kept alive as a command keeps its own."""

    def __init__(self, kept):
        self._kept = kept

    @property
    def pid(self):
        return self._kept._child.pid

    def kill(self):
        self._kept._child.kill()


@contextlib.contextmanager
def opened_world(folder, *, books=BOOKS, with_cluster=False):
    """What tries share, for the length of the block: `books` of the books are made undisturbed, for comparison."""
    folder = Path(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
    environment = {**kept, **_server.environment_defaults(folder / "prefect", start_timeout_s=800, verbose=False)}
    os.environ.update(environment)
    private_server.MOST_RESTARTS = sys.maxsize
    (folder / "prefect").mkdir()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    environment["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    with contextlib.ExitStack() as stack:
        server = private_server.PrivateServer(listener, folder / "server.log")
        stack.callback(server.stop)
        try:
            _server._await_health(server, environment["PREFECT_API_URL"], START_SECONDS)
        except TalepressError:
            print((folder / "server.log").read_text("utf-8", "replace")[-2000:], file=sys.stderr)  # it goes with us
            raise
        server.keep()
        forker = Forker(environment)
        stack.callback(forker.end)
        world = World(forker, SharedServer(server), port)
        if with_cluster:
            world.cluster = stack.enter_context(postgres_cluster())
        for book in range(books):  # undisturbed
            quiet = Trial(world, folder / f"reference-{book}", book, rounds=1)
            quiet.book = book
            quiet._rounds = []
            quiet.needs = set()
            outcome = quiet.run()
            assert not outcome.wrong, outcome.wrong
        yield world


def main():
    """Prints a line for each try and a tally."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first try; the others follow")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no further try is begun")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    for fault in FAULTS:
        if fault.missing():
            print(f"left out: {fault.name}: {fault.missing()}")
    tally = Counter()
    by_fault = Counter()
    survived_by_fault = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="talepress-chaos-") as folder,
        opened_world(folder, with_cluster=not any(f.world == "postgresql" and f.missing() for f in FAULTS)) as world,
    ):
        for seed in range(options.seed, options.seed + options.count):
            if time.monotonic() > deadline:
                break
            outcome = Trial(world, Path(folder) / f"try-{seed}", seed).run()
            tally["tried"] += 1
            tally["survived"] += not outcome.wrong
            tally["takes lost"] += outcome.lost
            tally["spoken twice"] += outcome.twice
            by_fault.update(set(outcome.faults))
            survived_by_fault.update(set(outcome.faults) if not outcome.wrong else ())
            word = "survived" if not outcome.wrong else f"WRONG: {'; '.join(outcome.wrong)}"
            spent = f"{outcome.seconds:.0f} s, {outcome.cpu_seconds:.1f} s of CPU"
            print(f"{seed}: {', '.join(outcome.faults)}: {word} ({spent})", flush=True)
    for name, count in sorted(by_fault.items()):
        print(f"{name}: {survived_by_fault[name]} of {count}")
    print(dict(tally))
    sys.exit(0 if tally["survived"] == tally["tried"] else 1)


if __name__ == "__main__":
    main()
