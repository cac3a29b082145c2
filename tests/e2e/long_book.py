"""Makes long books with the real command, and compares them: `python -m tests.e2e.long_book 200 5000 20000`.

Time must grow as the book does, memory and Prefect's own database hardly. The engine is the fake one, which does not
sleep. Not part of the suite: twenty thousand utterances take some tens of minutes. Knows nothing of how a run works.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.bench.books import write_book
from tests.e2e.conftest import ROOT, RUN
from tests.flows.samples import add_voice

CHAPTER_UTTERANCES = 20
MOST_GROWTH_MB = 150
MOST_STATUS_SECONDS = 0.2
MOST_PREFECT_MB = 50
UNEVEN = 1.2  # cost of an utterance between two lengths, the dearest against the cheapest
# The second look is measured: the first one imports.
STATUS = """
import io, sys, time
from contextlib import redirect_stdout, suppress
from flows.cli.entry import main
for _ in range(2):
    began = time.process_time()
    with suppress(SystemExit), redirect_stdout(io.StringIO()) as shown:
        main()
assert "book.md" in shown.getvalue() or "A Book of" in shown.getvalue(), shown.getvalue()
print(time.process_time() - began)
"""


@dataclass(frozen=True)
class Made:
    """What a book of so many utterances took."""

    utterances: int
    cpu_s: float  # of the command with all its children, Prefect's server among them
    wall_s: float
    resident_mb: float  # of the command itself, at most
    status_s: float  # of CPU
    prefect_mb: float

    def __str__(self) -> str:
        return (
            f"{self.utterances} utterances: {self.cpu_s:.0f} s of CPU, {self.wall_s:.0f} s, at most "
            f"{self.resident_mb:.0f} MB; status {self.status_s:.3f} s; Prefect's database {self.prefect_mb:.1f} MB"
        )


def make(folder: Path, utterances: int) -> Made:
    """Makes a book in a library of its own."""
    folder.mkdir()
    home = folder / "home"
    add_voice(home)
    book = write_book(folder / "book.md", utterances, short=True, chapter_utterances=CHAPTER_UTTERANCES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
    environment = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "TALEPRESS_HOME": str(home),
        "TALEPRESS_PROFILE": "test",
        "TALEPRESS_STITCH__PAUSES__PARAGRAPH": "0.1",
    }

    def command(code: str, *arguments: object) -> str:
        whole = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(whole, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(command(RUN, "make", book, "--out", folder / "out", "--voice", "tone", "--force", "--json"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert report["utterances"] == utterances, report["utterances"]
    return Made(
        utterances=utterances,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        wall_s=report["wall_seconds"],
        resident_mb=report["memory"]["resident_bytes"] / 1e6,
        status_s=float(command(STATUS, "status")),
        prefect_mb=sum(path.stat().st_size for path in (home / "prefect").glob("*.db*")) / 1e6,
    )


def misses(books: list[Made]) -> list[str]:
    """Says which bars the books miss, the shortest first."""
    each_ms = [
        1000 * (longer.cpu_s - shorter.cpu_s) / (longer.utterances - shorter.utterances)
        for shorter, longer in pairwise(books)
    ]
    growth_mb = books[-1].resident_mb - books[0].resident_mb
    print(f"CPU of a further utterance: {', '.join(f'{ms:.1f} ms' for ms in each_ms)}; memory: {growth_mb:+.0f} MB")
    missed = {
        "the cost of an utterance is not even": max(each_ms) > UNEVEN * min(each_ms),
        f"memory grows by more than {MOST_GROWTH_MB} MB": growth_mb > MOST_GROWTH_MB,
        f"status works for more than {MOST_STATUS_SECONDS} s": books[-1].status_s > MOST_STATUS_SECONDS,
        f"Prefect's database is larger than {MOST_PREFECT_MB} MB": books[-1].prefect_mb > MOST_PREFECT_MB,
    }
    return [bar for bar, is_missed in missed.items() if is_missed]


def main() -> None:
    """Prints a line for each book, and which bars are missed; exits with 1 when one is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("utterances", type=int, nargs="*", default=[200, 5000, 20_000])
    options = parser.parse_args()
    books = []
    with tempfile.TemporaryDirectory(prefix="talepress-long-") as folder:
        for utterances in options.utterances:
            books.append(make(Path(folder) / str(utterances), utterances))
            print(books[-1], flush=True)
    missed = misses(books)
    print("\n".join(f"MISSED: {bar}" for bar in missed) or "all bars are reached")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
