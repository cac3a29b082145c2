"""Kills what a box consists of at random moments of a book's way: `python -m tests.e2e.kills 10 1` (kills each, seed),
or `python -m tests.e2e.kills worker=5,page=2 1`.

A book for each kill goes the whole way of the inbox, with the fake engine: dropped, made, decided on at the page,
published, delivered. Meanwhile SIGKILL comes to a worker, Prefect's server, the process of the book's run, or the page.
Prints a line for each, a tally, and what is wrong; not part of the suite, whose `test_up.py` and `test_schedule.py`
kill at chosen moments.
"""

import itertools
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from flows.run.presence import PROCESS
from tests.e2e.box import Box
from tests.e2e.person import Person

# Each sentence has the book's number in it, so that books share no take.
TEXT = """---
title: Small Book {0}
author: Ann Author
---
## Chapter {0} begins

There were {0} apples on the table. "Good morning to all {0} of you," he said to the people there.

It was late in the evening when he came home to house {0}.

## Chapter {0} goes on

The dragon slept below mountain {0}. Nobody had dared to wake it for {0} years.

The birds of valley {0} sang, and a new day began slowly.

## Chapter {0} ends

This is the end of story {0}, and everybody went home.
"""
TARGETS = ("worker", "server", "run", "page")
AT_ONCE = 2  # books on their way: a kill hits the other one too
FAULT = '{"faults": [{"kind": "silence", "text": "dragon"}], "seconds_per_request": 0.4}'
SETTINGS = {
    "TALEPRESS_SYNTHESIZE__MODEL": FAULT,
    "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1",
    "TALEPRESS_PRODUCTION__TRIES": "20",  # kills that were meant for other books count as well
    "TALEPRESS_INBOX__SETTLE_S": "0",
}
OFTEN = {"inbox": 20, "sweep": 60}  # seconds between looks; a box has 60 and 300
STUCK_SECONDS = 600.0  # after which the command that the messages name is given
LOST_SECONDS = 1200.0
RUN_SECONDS = 4.0  # that a run of so small a book takes
LOOK_SECONDS = 0.5


@dataclass
class Way:
    """One book's way, and what was seen on it."""

    name: str
    target: str = ""
    moment: str = ""
    killed_at: float = 0.0
    is_over: bool = False
    again: int = 0
    commands: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    whole_s: float = 0.0  # from the kill on, or from the drop where there is none
    stages: dict[str, float] = field(default_factory=dict)  # seconds from the drop to: review, decided, whole


class Kills:
    """Sends books on their way through one box."""

    def __init__(self, box):
        self.box = box
        self.ways = []  # that were undisturbed

    def go(self, number, target="", draw=None):
        """Sends one book on its way, and kills the target meanwhile. Returns what was seen."""
        way = Way(f"book {number}", target)
        title = f"Small Book {number}"
        began = time.monotonic()
        source = self._drop(way.name, number)
        killer = threading.Thread(target=self._kill, args=(way, draw, began))
        if target:
            killer.start()
        try:
            self._await(way, began, lambda: self._is_to_be_heard(way.name))
            way.stages["review"] = time.monotonic() - began
            person = Person(next(one["address"] for one in self.box.note["parts"] if one["name"] == "review"))
            said = person.decide(source())
            way.stages["decided"] = time.monotonic() - began
            person.publish(source())
            place = self.box.home / "outbox" / "Ann Author" / title
            self._await(way, began, (place / "done").exists)
            way.again = person.again
            way.wrong += self._faults(way, title, place, said, source())
        except AssertionError as error:
            way.wrong.append(str(error))
        way.is_over = True
        if target:
            killer.join()
        way.stages["whole"] = time.monotonic() - began
        way.whole_s = max(0.0, time.monotonic() - (way.killed_at or began))
        return way

    def _drop(self, name, number):
        """Drops a book with its order, whole at once. Returns what finds out the book's sha256."""
        inbox = self.box.home / "inbox"
        (inbox / f"{name}.toml").write_text('voice = "tone"\nreview = "flagged"\n')
        (inbox / f"{name}.md").write_text(TEXT.format(number), "utf-8")
        (inbox / f"{name}.md.ready").touch()
        query = f"SELECT source_sha256 FROM inbox WHERE name = '{name}.md'"
        return lambda: self.box.rows(query)[0][0]

    def _is_to_be_heard(self, name):
        book = f"SELECT id FROM books JOIN inbox USING (source_sha256) WHERE name = '{name}.md'"
        return ("review",) in self.box.rows(f"SELECT state FROM runs WHERE book_id = ({book})")

    def _await(self, way, began, condition):
        """Waits, and after a long while gives the command that messages name, once."""
        while not condition():
            waited = time.monotonic() - max(began, way.killed_at)
            if waited > STUCK_SECONDS and not way.commands:
                way.commands.append("talepress maintain sweep")
                self.box.command("maintain", "sweep")
            assert waited < LOST_SECONDS, f"{way.name} is not whole after {waited:.0f} s: {self._trace(way)}"
            time.sleep(LOOK_SECONDS)

    def _trace(self, way):
        item = self.box.rows(f"SELECT state, run, message FROM inbox WHERE name = '{way.name}.md'")
        run = self.box.flow_run(item[0][1])["state"] if item and item[0][1] else None
        return item, run

    # ---- the kill ----

    def _kill(self, way, draw, began):
        """Kills the target at a moment that is drawn: of the whole way, of a run's life, or of the decisions."""
        typical = self._typical()
        if way.target in ("worker", "server"):
            time.sleep(draw.uniform(0, typical["whole"]))
        elif way.target == "page":
            while not self._is_to_be_heard(way.name) and not way.is_over:
                time.sleep(0.05)
            time.sleep(draw.uniform(0, 1.5 * (typical["decided"] - typical["review"])))
        pid = 0
        wanted = draw.choice(["book-to-audio", "publish"])
        while not pid and not way.is_over:
            pid = self._pid(way, draw, wanted)
            time.sleep(0.2)
        if way.target == "run":
            time.sleep(draw.uniform(0, RUN_SECONDS))
        if way.is_over:
            way.moment = "too late"
            return
        way.killed_at = time.monotonic()
        item = self.box.rows(f"SELECT state FROM inbox WHERE name = '{way.name}.md'")
        where = item[0][0] if item else "dropped"
        kind = f" of {wanted}" if way.target == "run" else ""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            kind += " (had ended)"
        way.moment = f"{where}{kind} at {way.killed_at - began:.1f} s"

    def _pid(self, way, draw, wanted):
        """The process to kill; 0 while there is none."""
        if way.target == "run":
            return self._run_of(way.name, wanted)
        part = {"server": "Prefect", "page": "review", "worker": draw.choice(["worker gpu 0", "worker desk"])}
        return self.box.pid(part[way.target])

    def _run_of(self, name, flow):
        """The process of a run of that flow that works on the book; 0 where there is none."""
        try:
            runs = self.box.api("POST", "/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}})
        except (OSError, AssertionError):
            return 0  # the server is away
        for run in runs:
            request = run["parameters"].get("request", {})
            process = (run["labels"] or {}).get(PROCESS)
            is_of_flow = ("kinds" in request) == (flow == "publish")
            if process and is_of_flow and request.get("book", "").endswith(f"/{name}.md"):
                return int(process.split()[2])
        return 0

    def _typical(self):
        return {stage: statistics.mean(way.stages[stage] for way in self.ways) for stage in self.ways[0].stages}

    # ---- what must hold ----

    def _faults(self, way, title, place, said, source):
        """What is not as it should be of a book that was delivered."""
        found = []
        if [path.name for path in place.parent.glob(f"{title}*")] != [title]:
            found.append("delivered more than once")
        manifest = json.loads((place / f"{title}.manifest.json").read_text("utf-8"))
        holds = Counter(word["what"] for word in manifest["decisions"])
        if lost := Counter(said) - holds:
            found.append(f"decisions lost: {dict(lost)}")
        book = f"SELECT id FROM books WHERE source_sha256 = '{source}'"
        runs = self.box.rows(
            f"SELECT flow, state, done, message FROM runs WHERE book_id = ({book}) ORDER BY started_at"
        )
        ((spoken,),) = self.box.rows(f"SELECT count(DISTINCT utterance_key) FROM utterances WHERE book_id = ({book})")
        if sum(done for _, _, done, _ in runs) != spoken:
            found.append(f"{spoken} utterances, and spoken were {runs}")
        if not (self.box.home / "inbox" / "done" / f"{way.name}.md").exists():
            found.append("the book is not in done/")
        return found


def counts_of(asked):
    """How often each target is killed: "10" for all, or "worker=5,page=2". Raises `ValueError` for no target."""
    if asked.isdecimal():
        return Counter(dict.fromkeys(TARGETS, int(asked)))
    named = {target: int(count) for target, _, count in (one.partition("=") for one in asked.split(","))}
    if not named.keys() <= set(TARGETS):
        raise ValueError(f"{asked}: what can be killed is {', '.join(TARGETS)}")
    return Counter(named)


def describe(way):
    by = "without a hand" if not way.commands else f"by {', '.join(way.commands)}"
    what = "WRONG: " + "; ".join(way.wrong) if way.wrong else f"whole {by}"
    again = f", pressed again {way.again} times" if way.again else ""
    return f"{way.target or 'nothing':7} {way.moment or '-':45} {what}{again}, {way.whole_s:.0f} s"


def main():
    """Prints a line for every kill and a tally; the exit code says whether all went well."""
    counts = counts_of(sys.argv[1])
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    targets = list(counts.elements())
    draw.shuffle(targets)
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), **SETTINGS)
        box.start()
        try:
            (box.home / "inbox").mkdir(exist_ok=True)
            for door, seconds in OFTEN.items():
                box.look_often(door, seconds)
            kills = Kills(box)
            numbers = itertools.count(1)
            for _ in range(2):
                kills.ways.append(kills.go(next(numbers)))
                print(describe(kills.ways[-1]), kills.ways[-1].stages, flush=True)
            ways = []
            with ThreadPoolExecutor(AT_ONCE) as threads:
                draws = [random.Random(draw.random()) for _ in targets]
                for way in threads.map(kills.go, numbers, targets, draws):
                    ways.append(way)
                    print(describe(way), flush=True)
            verified = box.command("maintain", "verify")
            left = [path.name for path in (box.home / "inbox" / "failed").iterdir()]
        finally:
            logs = box.logs()
            box.end()
    wrong = [way for way in ways if way.wrong]
    for target in counts:
        mine = [way for way in ways if way.target == target]
        whole = sum(not way.wrong and not way.commands for way in mine)
        times = sorted(way.whole_s for way in mine)
        middle = statistics.median(times) if times else 0.0
        figures = f"{whole} whole without a hand, median {middle:.0f} s, longest {times[-1]:.0f} s"
        print(f"{target}: {len(mine)} kills, {figures}")
    print("verify:", verified.returncode, verified.stderr.strip(), "failed/:", left)
    if wrong:
        print(json.dumps(logs, indent=1))
    sys.exit(1 if wrong or verified.returncode or left else 0)


if __name__ == "__main__":
    main()
