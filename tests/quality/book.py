"""What `make quality` measures of a long read: how many takes are spoken again, and how steady the reader is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from configs.settings import load_settings
from flows.cli.console import ExitCode
from flows.services import Services, open_services
from storage.records import ChosenTake
from tasks.qa.checks import rms_dbfs, window_levels_dbfs
from tests.quality.judge import Judge, Spoken
from tests.quality.material import write_wavs
from tortoise_core.audio.constants import OUTPUT_RATE_HZ

TALEPRESS = "from flows.cli.main import main; main()"
CHAPTERS = "1-5"  # of The Time Machine: over a thousand utterances
NEIGHBOURS_DB = 3.0
SAME_VOICE = 0.75  # similarity of an utterance to the whole chapter
SPEECH_DBFS = -45.0  # a window of 20 ms below this is a pause
SAMPLED = 12  # utterances, from all over a chapter, that stand for the whole of it
LONG_ENOUGH_S = 1.0  # of a level, and of knowing who speaks


def book(source: Path, voice: str, judge: Judge, out: Path) -> dict[str, Any]:
    """`talepress make` of many chapters, in a data folder that is kept: what was rendered is not rendered again."""
    home = out / "home"
    made = _talepress(home, "make", str(source), "--out", str(out / "books"), "--voice", voice, "--chapters", CHAPTERS)
    with open_services(load_settings(storage={"data_dir": str(home)}, synthesize={"voice": voice})) as services:
        with services.database.snapshot() as uow:
            [summary] = uow.books.summaries()
            keyed = uow.books.keyed(summary.source_sha256)
            takes = uow.takes.of({item.key for item in keyed})
            chapter = uow.takes.chosen(summary.source_sha256, 0)
        again = sum(len(takes[item.key]) > 1 for item in keyed)
        return {
            "book": summary.title,
            "utterances": len(keyed),
            "spoken_again_share": round(again / len(keyed), 4),
            "flagged_share": round(made["flagged"] / len(keyed), 4),
            "reasons": _reasons([take.reasons for item in keyed for take in takes[item.key]]),
            "chapter": _steadiness(services, chapter, judge, out / "chapter"),
        }


def speech_level(audio: np.ndarray, sample_rate: int) -> float:
    """RMS in dBFS of what is not a pause. Shape: (samples,)."""
    levels = window_levels_dbfs(audio, sample_rate)
    loud = levels[levels > SPEECH_DBFS]
    return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if len(loud) else rms_dbfs(audio)


def beyond_neighbours(levels: Sequence[float]) -> list[float]:
    """How far each level is from the mean of those beside it, in dB; without the first and the last."""
    values = np.asarray(levels)
    return list(np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2))


def _steadiness(services: Services, chapter: Sequence[ChosenTake], judge: Judge, out: Path) -> dict[str, Any]:
    """Voice and level of a chapter's utterances before mastering, and whether the words are right."""
    takes = []
    for chosen in chapter:
        with services.store.open(chosen.take.audio_sha256) as file:
            takes.append(soundfile.read(file, dtype="float32")[0])
    wavs = write_wavs(out, takes)
    whole = out / "whole.wav"  # not quite: the judge hears it anew for each utterance
    sample = takes[:: max(1, len(takes) // SAMPLED)]
    soundfile.write(whole, np.concatenate(sample), OUTPUT_RATE_HZ, subtype="PCM_16")
    rows = [Spoken(wav, chosen.utterance.spoken, whole) for wav, chosen in zip(wavs, chapter, strict=True)]
    report = judge("chapter", rows)
    long_enough = [len(take) >= LONG_ENOUGH_S * OUTPUT_RATE_HZ for take in takes]
    alike = [row["sim"] for row, enough in zip(report["rows"], long_enough, strict=True) if enough]
    levels = [speech_level(take, OUTPUT_RATE_HZ) for take, enough in zip(takes, long_enough, strict=True) if enough]
    apart = beyond_neighbours(levels)
    return {
        "utterances": len(takes),
        "of at least 1 s": len(alike),
        "wer": report["wer"],
        "dnsmos_p808": report["dnsmos_p808"],
        "least similarity to the whole": round(min(alike), 3),
        f"below {SAME_VOICE}": int(sum(value < SAME_VOICE for value in alike)),
        "standard deviation of level, dB": round(float(np.std(levels)), 2),
        "furthest from its neighbours, dB": round(max(apart), 2),
        f"beyond {NEIGHBOURS_DB:g} dB": int(sum(value > NEIGHBOURS_DB for value in apart)),
    }


def _reasons(reasons: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """How often each check found something, by the words before its figures."""
    kinds = [re.split(r"[:\d]", reason)[0].removesuffix(" of ") for own in reasons for reason in own]
    return dict(sorted(Counter(kinds).items()))


def _talepress(home: Path, *arguments: str) -> dict[str, Any]:
    """Runs a command as a user would, and reads its JSON."""
    done = subprocess.run(
        [sys.executable, "-c", TALEPRESS, *arguments, "--json"],
        env={**os.environ, "TALEPRESS_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in {ExitCode.DONE, ExitCode.FLAGGED}:
        raise SystemExit(f"talepress {' '.join(arguments)} ended with code {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report
