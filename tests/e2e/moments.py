"""Stops make, say and plan at random moments, and counts what the user would see: `python -m tests.e2e.moments 30`.

The engine is the fake one, each command a process of its own, all against one Prefect server. Not part of the suite,
which stops commands at chosen moments (`test_stopping.py`): this looks for those that nobody has thought of.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from flows.run import server as _server
from tests.e2e.conftest import RUN, Talepress
from tests.e2e.test_kill import database
from tests.e2e.test_stopping import END_SECONDS, STOPPED, WORD, WORD_SECONDS
from tests.flows.samples import BOOK, add_voice

COMMANDS = {
    "make": (["make", "book.md", "--out", "out", "--json"], 30.0),
    "say": (["say", "It rained. " * 60, "--out", "said.wav"], 12.0),
    "plan": (["plan", "book.md"], 4.0),
}
SLOW = {"TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 0.5}', "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1"}
BEGUN = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tasks import stopping
stopping.heed_signals()
os.write(2, b"begun\\n")
"""


def write_book(talepress, number):
    """Writes the book anew, in other words, so that there is something to speak again."""
    words = BOOK.replace(" was ", f" was, said {number}, ").replace(". ", f", all {number} of them. ")
    (talepress.folder / "book.md").write_text(words, "utf-8")


def stop_once(talepress, name, delay_s, number):
    """Runs a command and stops it after so long. Returns what happened in a word, and a line with the figures."""
    arguments, _ = COMMANDS[name]
    process = subprocess.Popen(
        [sys.executable, "-c", f"{BEGUN}\n{RUN}", *arguments],
        cwd=talepress.folder,
        env={**talepress.environment, **SLOW},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "begun\n"
    time.sleep(delay_s)
    if process.poll() is not None:
        process.communicate()
        return "ended before", f"{name} had ended within {delay_s:.1f} s"
    sent = time.monotonic()
    process.send_signal(number)
    lines = []
    word_s = None
    for line in process.stderr:
        lines.append(line.rstrip("\n"))
        if line.rstrip("\n") == WORD:
            word_s = time.monotonic() - sent
    code = process.wait()
    end_s = time.monotonic() - sent
    figures = f"{name} {signal.Signals(number).name} at {delay_s:.1f} s: code {code}, word {word_s}, end {end_s:.2f} s"
    late = word_s is None or word_s > WORD_SECONDS or end_s > END_SECONDS
    untidy = any("Traceback" in line for line in lines) or (code == 130 and lines[-1] != STOPPED)
    if code == 0 and not untidy and end_s < END_SECONDS:
        return "finished all the same", figures
    if code != 130 or late or untidy:
        return "WRONG", figures + "\n" + "\n".join(lines)
    return "stopped", figures


def main():
    """Prints a line for every moment and a tally; the exit code says whether all went well."""
    count = int(sys.argv[1])
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    tally = Counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ.update(_server.environment_defaults(root / "prefect", start_timeout_s=800, verbose=False))
        with _server.prefect_server(start_timeout_s=800):
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            talepress = Talepress(root / "home", root, environment)
            add_voice(talepress.home)
            books = 1
            write_book(talepress, books)
            for _ in range(count):
                name = draw.choice(["make", "make", "say", "plan"])
                delay_s = draw.uniform(0, COMMANDS[name][1])
                what, line = stop_once(talepress, name, delay_s, draw.choice([signal.SIGINT, signal.SIGTERM]))
                tally[what] += 1
                print(f"{what}: {line}", flush=True)
                if name == "make" and what in ("ended before", "finished all the same"):
                    books += 1
                    write_book(talepress, books)
            finished = talepress(*COMMANDS["make"][0])
            whole = finished.code == 0 and database(talepress, "PRAGMA integrity_check") == [("ok",)]
            states = database(talepress, "SELECT state, message, count(*) FROM runs GROUP BY 1, 2")
            print(
                dict(tally),
                "books:",
                books,
                "the last one finished:",
                whole,
                "runs:",
                states,
            )
    sys.exit(0 if whole and not tally["WRONG"] else 1)


if __name__ == "__main__":
    main()
