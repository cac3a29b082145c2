"""Makes and publishes many hours with the real commands: `python -m tests.e2e.long_audio --hours 30 --chapters 400`.

The engine is the fake one, whose speech is as long as real speech. Prints of `make` and of `publish` how long it took,
the most memory of each kind of process, and how busy the encoders (ffmpeg) kept the processors while they ran; exits
with 1 where a process held more than 500 MB of its own: pages of libraries, which the system can drop, are
shown beside it and not held against it. A folder that is named (`--in`) stays, and is gone on with by the next call.
Not part of the suite. Knows nothing of what is in the files: `tests.bench.publishing` looks at that.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench.publishing import epub
from tests.e2e.conftest import ROOT, RUN
from tests.flows.samples import add_voice

KINDS = "m4b,mp3,opus,flac,acx,captions,readalong,library,feed"
MOST_MB = 500
LOOK_SECONDS = 0.2
CORES = len(os.sched_getaffinity(0))
COMMAND = "talepress"
PYTHONS = {"flows.run.server": "server", "spawn_main": "listener", "resource_tracker": "tracker"}  # by their arguments


@dataclass
class Watch:
    """What a command and the processes that it started took, as far as looks from outside see it."""

    own_mb: dict[str, float] = field(default_factory=dict)  # the most that one process of each kind held of its own
    resident_mb: dict[str, float] = field(default_factory=dict)  # the most with files that are mapped
    spent_s: dict[tuple[str, int], float] = field(default_factory=dict)  # processor time by process
    encoding_s: float = 0.0  # by the clock, while an encoder was running

    def look(self, command: psutil.Process, since_s: float) -> None:
        """Takes a sample; `since_s` is how long ago the last one was."""
        has_encoder = False
        for process in [command, *command.children(recursive=True)]:
            try:
                kind = COMMAND if process == command else _kind(process)
                memory = process.memory_info()
                times = process.cpu_times()
            except psutil.Error:
                continue  # it has ended meanwhile
            self.own_mb[kind] = max(self.own_mb.get(kind, 0.0), (memory.rss - memory.shared) / 1e6)
            self.resident_mb[kind] = max(self.resident_mb.get(kind, 0.0), memory.rss / 1e6)
            self.spent_s[kind, process.pid] = times.user + times.system
            has_encoder |= kind == "ffmpeg"
        self.encoding_s += since_s if has_encoder else 0.0

    def __str__(self) -> str:
        memory = ", ".join(
            f"{kind} {own:.0f} MB ({self.resident_mb[kind]:.0f} resident)" for kind, own in self.own_mb.items()
        )
        spent: defaultdict[str, float] = defaultdict(float)
        for (kind, _), seconds in self.spent_s.items():
            spent[kind] += seconds
        processor = ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in spent.items())
        busy = spent["ffmpeg"] / (self.encoding_s * CORES) if self.encoding_s else 0.0
        return (
            f"  memory at most: {memory}\n  processor: {processor}\n"
            f"  an encoder ran for {self.encoding_s:.0f} s; together they kept {busy:.0%} of {CORES} processors busy"
        )


def _kind(process: psutil.Process) -> str:
    """Names what a process is: the program, or what Python does in it."""
    words = process.cmdline()
    program = Path(words[0]).name if words else process.name()
    if program.startswith("python"):
        return next((kind for word in words for sign, kind in PYTHONS.items() if sign in word), program)
    return "ffmpeg" if program.startswith("ffmpeg") else program


def watched(home: Path, *arguments: object) -> tuple[dict[str, Any], Watch]:
    """Runs a command to its end. Returns what it reports, and what it took. Fails with what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
    environment = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "TALEPRESS_HOME": str(home),
        "TALEPRESS_PROFILE": "test",
        "TALEPRESS_PACKAGE__FEED_URL": "https://example.org/",
    }
    watch = Watch()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as report:
        began = time.monotonic()
        command = [sys.executable, "-c", RUN, *map(str, arguments), "--json"]
        running = subprocess.Popen(command, env=environment, stdout=report)
        looked = time.monotonic()
        while running.poll() is None:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            if psutil.pid_exists(running.pid):
                watch.look(psutil.Process(running.pid), now - looked)
            looked = now
        report.seek(0)
        printed = report.read()
    if running.returncode:
        raise SystemExit(f"{arguments[0]} ended with {running.returncode}: {printed}")
    print(f"{arguments[0]}: {time.monotonic() - began:.0f} s\n{watch}", flush=True)
    return json.loads(printed), watch


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.long_audio", description=__doc__)
    parser.add_argument("--hours", type=float, default=30.0)
    parser.add_argument("--chapters", type=int, default=400)
    parser.add_argument("--as", dest="kinds", default=KINDS, help="kinds of files to publish")
    parser.add_argument("--in", dest="folder", type=Path, help="where the library is, or is made; it stays there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talepress-hours-") as passing:
        folder = chosen.folder or Path(passing)
        book = folder / "book.epub"
        if not book.exists():
            add_voice(folder / "home")
            epub(book, chosen.hours, chosen.chapters)
        made, making = watched(folder / "home", "make", book, "--out", folder / "out", "--voice", "tone", "--force")
        _, publishing = watched(folder / "home", "publish", book, "--as", chosen.kinds, "--out", folder / "out")
        print(f"{made['utterances']} utterances, {made['audio_seconds'] / 3600:.2f} hours")
        for place in ("home", "out"):
            sizes = [path.stat().st_size for path in (folder / place).rglob("*") if path.is_file()]
            print(f"{place}: {len(sizes)} files, {sum(sizes) / 1e9:.2f} GB")
    most_mb = max(max(watch.own_mb.values()) for watch in (making, publishing))
    print(f"{'MISSED' if most_mb > MOST_MB else 'reached'}: a process holds {most_mb:.0f} MB at most; bar {MOST_MB}")
    return 1 if most_mb > MOST_MB else 0


if __name__ == "__main__":
    sys.exit(main())
