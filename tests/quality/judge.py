"""The judge of `make quality`: an independent program that transcribes and rates recordings (`speech_report`)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nltk.metrics.distance import edit_distance

WORST = 10
MEANS = {"dnsmos_ovrl": "ovrl", "dnsmos_sig": "sig", "dnsmos_p808": "p808", "speaker_sim": "sim"}


@dataclass(frozen=True)
class Spoken:
    """A recording to be judged: what should be heard, and a clip of who should be heard."""

    wav: Path
    text: str
    reference: Path

    @property
    def digest(self) -> str:
        """Of all that the verdict depends on."""
        parts = (self.wav.read_bytes(), self.text.encode(), self.reference.read_bytes())
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class Judge:
    """Runs `speech_report`, one process a core, and keeps its verdicts: the same sounds are not judged twice."""

    def __init__(self, program: Path, folder: Path, processes: int | None = None) -> None:
        if not program.is_file():
            raise SystemExit(f"{program}: there is no such program; set SPEECH_REPORT to the path of speech_report")
        self._program = program
        self._folder = folder
        self._processes = processes or os.cpu_count() or 1
        self._ready = False

    def __call__(self, name: str, rows: Sequence[Spoken]) -> dict[str, Any]:
        """Figures of some recordings: WER and CER in percent, DNSMOS, similarity; `rows` has those of each."""
        verdicts = [self._folder / "verdicts" / f"{row.digest}.json" for row in rows]
        unknown = [index for index, verdict in enumerate(verdicts) if not verdict.exists()]
        if unknown:
            print(f"judging {name} ...", file=sys.stderr, flush=True)
            verdicts[0].parent.mkdir(parents=True, exist_ok=True)
            if not self._ready:  # the program's first run ever installs what it needs: not twice at once
                self._judge(name, rows, verdicts, [unknown[:1]])
                self._ready = True
            rest = [index for index in unknown if not verdicts[index].exists()]
            shares = (rest[first :: self._processes] for first in range(self._processes))
            self._judge(name, rows, verdicts, [share for share in shares if share])
        return summary([json.loads(verdict.read_text("utf-8")) for verdict in verdicts])

    def _judge(
        self, name: str, rows: Sequence[Spoken], verdicts: Sequence[Path], shares: Sequence[Sequence[int]]
    ) -> None:
        """Judges the rows with these numbers, a process for each share, and writes their verdicts."""
        running = []
        for number, share in enumerate(shares):
            report = self._folder / f"{name}-{number}.json"
            manifest = report.with_suffix(".tsv")
            lines = (
                f"{r.wav.resolve()}\t{r.text}\t{r.reference.resolve()}\n" for r in (rows[index] for index in share)
            )
            manifest.write_text("".join(lines), "utf-8")
            command = [sys.executable, str(self._program), str(manifest), "--out", str(report)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # they are as many as there are cores
            running.append((subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment), report, share))
        for process, report, share in running:
            if process.wait():
                raise SystemExit(
                    f"{self._program} failed on {report.with_suffix('.tsv')}: its own message stands above"
                )
            for index, row in zip(share, json.loads(report.read_text("utf-8"))["rows"], strict=True):
                verdicts[index].write_text(json.dumps(row), "utf-8")


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `speech_report` says of all recordings together, from what it says of each."""
    kept = [row for row in rows if row["ref"]]
    words = [len(row["ref"].split()) for row in kept]
    wrong = sum(row["wer"] * count for row, count in zip(kept, words, strict=True))
    wrong_letters = sum(edit_distance(row["ref"], row["heard"]) for row in kept)
    figures: dict[str, Any] = {
        "utterances": len(rows),
        "seconds": round(sum(row["seconds"] for row in rows), 1),
        "wer": round(100 * wrong / sum(words), 2),
        "cer": round(100 * wrong_letters / sum(len(row["ref"]) for row in kept), 2),
    }
    for name, key in MEANS.items():
        values = [row[key] for row in rows if key in row]  # too short a recording has no MOS
        figures[name] = round(sum(values) / len(values), 3) if values else None
    worst = sorted(rows, key=lambda row: -row["wer"])[:WORST]
    return {**figures, "worst": worst, "rows": list(rows)}
