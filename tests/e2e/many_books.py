"""Drops many small books into the inbox at once: `python -m tests.e2e.many_books 500 100` (books, minutes at most).

The engine is the fake one. Prints what a book costs, the memory of every process and the size of Prefect's database
while they are made, and what is wrong: a book that is not delivered once, an order that was not kept, memory that
grows, a database over its bar. Not part of the suite: 500 books take hours.
"""

import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.box import Box
from tests.e2e.kills import TEXT

LOOK_SECONDS = 10.0
BOOK_SECONDS = 120.0  # that a book may take on a busy machine
MOST_DATABASE_MB = 100.0
MOST_GROWTH = 1.25  # of a process's memory, between the second quarter of the time and the last
RUN = "runs"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


class Watch:
    """Samples the memory and the processor time of a box's processes."""

    def __init__(self, box):
        self._box = box
        self.memory_mb = {}  # by process: samples
        self.database_mb = []

    def sample(self):
        """Takes a sample of every process, and of Prefect's database."""
        runs = [(RUN, pid) for pid in self._box.run_processes()]
        for name, pid in [*self._processes().items(), *runs]:
            try:
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except OSError:
                continue  # it is being started again
            self.memory_mb.setdefault(name, []).append(resident * PAGE_MB)
        files = (self._box.home / "prefect").glob("prefect.db*")
        self.database_mb.append(sum(file.stat().st_size for file in files) / 2**20)

    def processor_s(self):
        """Seconds of processor time by process, those of its ended children among them."""
        spent = {}
        for name, pid in self._processes().items():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent[name] = sum(int(ticks) for ticks in fields[11:15]) / TICKS
        return spent

    def grown(self):
        """The processes whose memory grows, each with what it was and what it is, in MB."""
        found = []
        for name, samples in self.memory_mb.items():
            if name == RUN:
                continue  # each is another one, at another moment of its life
            quarter = max(1, len(samples) // 4)
            before = statistics.mean(samples[quarter : 2 * quarter] or samples[:1])
            after = statistics.mean(samples[-quarter:])
            if after > MOST_GROWTH * before:
                found.append((name, round(before), round(after)))
        return found

    def _processes(self):
        return {
            "up": self._box.process.pid,
            **{one["name"]: one["pid"] for one in self._box.note["parts"] if one["pid"]},
        }


def drop(box, count):
    """Drops the books, the first one first."""
    inbox = box.home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "defaults.toml").write_text('voice = "tone"\n')
    for number in range(1, count + 1):
        (inbox / f"book {number:04}.md").write_text(TEXT.format(number), "utf-8")


def delivered(box):
    return len(list((box.home / "outbox").glob("*/*/done")))


def faults(box, count):
    """What is not as it should be of what was made."""
    found = []
    if (made := delivered(box)) != count:
        found.append(f"{made} of {count} are delivered")
    if odd := box.rows("SELECT name, state, attempt, message FROM inbox WHERE state != 'delivered' OR attempt != 1"):
        found.append(f"in the inbox: {odd[:5]}")
    if twice := box.rows("SELECT book_id, count(*) FROM runs GROUP BY 1 HAVING count(*) != 1"):
        found.append(f"runs of one book: {twice[:5]}")
    runs = box.rows(
        "SELECT name FROM runs JOIN books ON books.id = book_id JOIN inbox USING (source_sha256) ORDER BY started_at"
    )
    if runs != sorted(runs):
        found.append(f"out of order: {[a for (a,), (b,) in itertools.pairwise(runs) if a > b][:5]}")
    return found


def main():
    """Prints figures while books are made, and at the end; the exit code says whether all is well."""
    count = int(sys.argv[1])
    longest_s = float(sys.argv[2]) * 60 if len(sys.argv) > 2 else count * BOOK_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), TALEPRESS_INBOX__SETTLE_S="1")
        box.start()
        try:
            watch = Watch(box)
            before = watch.processor_s()
            began = time.monotonic()
            drop(box, count)
            while delivered(box) < count and time.monotonic() - began < longest_s:
                time.sleep(LOOK_SECONDS)
                watch.sample()
                if len(watch.database_mb) % 30 == 0:
                    memory = {name: round(samples[-1]) for name, samples in watch.memory_mb.items()}
                    print(f"{time.monotonic() - began:6.0f} s: {delivered(box)} books, MB {memory}", flush=True)
            wall_s = time.monotonic() - began
            made = max(1, delivered(box))
            spent = {name: seconds - before.get(name, 0.0) for name, seconds in watch.processor_s().items()}
            kept = box.wait(box.submit("maintain"))
            watch.sample()
            wrong = faults(box, count) + [f"memory of {name}: {a} MB, then {b} MB" for name, a, b in watch.grown()]
            if kept["state"]["type"] != "COMPLETED":
                wrong.append(f"maintain: {kept['state']}")
            if watch.database_mb[-1] > MOST_DATABASE_MB:
                wrong.append(f"Prefect's database has {watch.database_mb[-1]:.0f} MB")
        finally:
            box.end()
    print(f"{made} books in {wall_s:.0f} s, {wall_s / made:.1f} s each")
    print("processor seconds a book:", {name: round(seconds / made, 2) for name, seconds in spent.items()})
    for name, samples in watch.memory_mb.items():
        print(f"memory of {name}: {samples[0]:.0f} MB at first, {samples[-1]:.0f} at last, {max(samples):.0f} at most")
    print(f"Prefect's database: {max(watch.database_mb):.1f} MB at most, {watch.database_mb[-1]:.1f} after maintain")
    print("wrong:", wrong or "nothing")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
