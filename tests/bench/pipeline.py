"""What the pipeline costs around the engine: whole books through the flow, in this process, one after another.

`python -m tests.bench.pipeline --engine fake --short 100 1000 10000` makes a book of each length and prints one JSON
list. A process of its own, because Prefect's environment must be set before Prefect is imported; `books` starts it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.books import write_book

PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK_SECONDS = 0.1


def books(
    lengths: Sequence[int], *, engine: str = "fake", short: bool = False, threads: int | None = None
) -> list[dict[str, Any]]:
    """Makes a book of each length (in utterances) in another process, with so many batches in work.

    Returns, for each: `utterances`, `audio_s`, `wall_s` of the flow, `synthesis_s` of it until the last take was
    committed, `engine_s` of that with the engine at work, `cpu_s` of the process, `rss_growth` in bytes.
    """
    command = [sys.executable, "-m", "tests.bench.pipeline", "--engine", engine, *map(str, lengths)]
    environment = dict(os.environ)
    if threads is not None:
        environment["TALEPRESS_EXECUTION__THREADS"] = str(threads)
    command += ["--short"] if short else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def waiting_ms(row: dict[str, Any]) -> float:
    """Milliseconds for each utterance in which the engine had nothing to do, from the first batch to the last row."""
    return 1000 * (row["synthesis_s"] - row["engine_s"]) / row["utterances"]


def outside_ms(row: dict[str, Any]) -> float:
    """Milliseconds of wall time for each utterance, over the whole run, that the engine did not work."""
    return 1000 * (row["wall_s"] - row["engine_s"]) / row["utterances"]


def marginal_ms(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Milliseconds of wall time that a further utterance costs between each two lengths."""
    return [
        1000 * (longer["wall_s"] - shorter["wall_s"]) / (longer["utterances"] - shorter["utterances"])
        for shorter, longer in itertools.pairwise(rows)
    ]


@dataclass
class _Memory:
    """Resident memory of this process, looked at ten times a second."""

    first: int
    most: int


@contextmanager
def _watched_memory() -> Iterator[_Memory]:
    seen = _Memory(_resident(), 0)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            seen.most = max(seen.most, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


def _measure(lengths: Sequence[int], folder: Path, *, short: bool) -> list[dict[str, Any]]:
    from flows.run.server import prefect_server, prepare_environment, settle

    prepare_environment(folder / "prefect", start_timeout_s=300, verbose=False)
    rows = []
    with prefect_server(300):
        from flows.book_to_audio import book_to_audio
        from flows.order.request import Request

        warm = write_book(folder / "warm.md", 20, short=short)
        book_to_audio(Request(book=str(warm), out=str(folder / "warm"), force=True))
        for length in lengths:
            book = write_book(folder / f"book{length}.md", length, short=short)
            began = time.perf_counter()
            worked = time.process_time()
            with _watched_memory() as memory:
                state = book_to_audio(
                    Request(book=str(book), out=str(folder / f"out{length}"), force=True), return_state=True
                )
            report = state.result()
            rows.append(
                {
                    "utterances": report.utterances,
                    "audio_s": report.edition.seconds,
                    "wall_s": time.perf_counter() - began,
                    "synthesis_s": report.work.synthesis_seconds,
                    "engine_s": report.work.engine_seconds,
                    "cpu_s": time.process_time() - worked,
                    "rss_growth": memory.most - memory.first,
                }
            )
            settle(state.state_details.flow_run_id)
    return rows


def _add_voice(folder: Path) -> None:
    """A voice for the fake engine, which the embedded model's do not fit."""
    import numpy as np
    import soundfile

    from flows.services import open_services, read_settings
    from tasks.voices.enrol import enrol_voice

    clip = folder / "clip.wav"
    soundfile.write(clip, 0.3 * np.sin(np.arange(4 * 24_000) * 0.03), 24_000)
    settings = read_settings()
    with open_services(settings) as services:
        voice = enrol_voice(services.engine, services.store, "tone", [clip], settings.voices)
        with services.database.unit_of_work() as uow:
            uow.voices.add(voice)
            uow.commit()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lengths", type=int, nargs="+")
    parser.add_argument("--engine", choices=("fake", "tortoise"), default="fake")
    parser.add_argument("--short", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talepress-bench-") as name:
        folder = Path(name)
        os.environ["TALEPRESS_HOME"] = str(folder / "home")
        os.environ["TALEPRESS_STITCH__PAUSES__PARAGRAPH"] = "0.3"
        os.environ.pop("PREFECT_API_URL", None)
        if chosen.engine == "fake":
            os.environ["TALEPRESS_PROFILE"] = "test"
            _add_voice(folder)
        print(json.dumps(_measure(chosen.lengths, folder, short=chosen.short)))


if __name__ == "__main__":
    main()
