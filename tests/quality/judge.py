"""The judge of `make quality`: an independent program that transcribes and rates recordings (`speech_report`)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spoken:
    """A recording to be judged: what should be heard, and a clip of who should be heard."""

    wav: Path
    text: str
    reference: Path


class Judge:
    """Runs `speech_report` and keeps its reports: the same sounds are not judged twice."""

    def __init__(self, program: Path, folder: Path) -> None:
        if not program.is_file():
            raise SystemExit(f"{program}: there is no such program; set SPEECH_REPORT to the path of speech_report")
        self._program, self._folder = program, folder

    def __call__(self, name: str, rows: Sequence[Spoken]) -> dict[str, Any]:
        """Figures of some recordings: WER and CER in percent, DNSMOS, similarity; `rows` has those of each."""
        self._folder.mkdir(parents=True, exist_ok=True)
        manifest = self._folder / f"{name}.tsv"
        report = manifest.with_suffix(".json")
        lines = "".join(f"{row.wav.resolve()}\t{row.text}\t{row.reference.resolve()}\n" for row in rows)
        manifest.write_text(lines, "utf-8")
        digest = hashlib.sha256(lines.encode())
        for row in rows:
            digest.update(row.wav.read_bytes() + row.reference.read_bytes())
        judged = manifest.with_suffix(".sha256")
        if not judged.exists() or judged.read_text("utf-8") != digest.hexdigest():
            print(f"judging {name} ...", file=sys.stderr, flush=True)
            command = [sys.executable, str(self._program), str(manifest), "--out", str(report)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            judged.write_text(digest.hexdigest(), "utf-8")
        figures: dict[str, Any] = json.loads(report.read_text("utf-8"))
        return figures
