"""`python -m tests.quality.word_times --book EPUB`: measures word times against pocketsphinx, into docs/quality.md.

Each shipped voice speaks utterances of a held-out book; both aligners time the words of the same takes. pocketsphinx
has an acoustic model of its own, with our pronunciations as its dictionary, so that only the times may differ. Word
times are for any audio, so others speak as well: a voice of flite that training never heard, and the person who reads
in `--recordings`: the folder test/data/librivox of Debian's package pocketsphinx-testdata.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from configs.settings import load_settings
from flows.services import Services, read_settings
from storage.records import WordTime
from tasks.align.pocketsphinx import PocketsphinxTimer
from tasks.align.words import SpellerTimer, WordTimer
from tasks.ingest.book import read_book
from tasks.segment.script import write_script
from tasks.voices.catalogue import shipped_voices
from tasks.voices.latents import unpack_latents
from tests.quality.material import write_wavs
from tests.quality.report import write_report
from tortoise_core.corpus.teachers import teacher_of
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "quality" / "figures.json"
UTTERANCES = 15  # of each voice
SHORTEST = 40  # characters
SKIPPED = 100  # utterances from the start of the book: headings, a preface
STEP = 7  # every so many utterances one is taken
STRANGER = "kal16"  # a voice of flite: diphones, 16 kHz


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.word_times", description=__doc__)
    parser.add_argument("--book", type=Path, required=True, help="a book that training never saw")
    parser.add_argument("--out", type=Path, default=Path("~/.cache/talepress/quality"), help="where the audio is kept")
    parser.add_argument("--recordings", type=Path, required=True, help="WAV files and `transcription`, as Sphinx's are")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    services = Services(read_settings())
    texts = spoken_texts(chosen.book, services)
    timer = SpellerTimer(Path(services.synthesize.model))
    folder = chosen.out.expanduser() / "word_times"
    rows = []
    for number, voice in enumerate(voice.name for voice in shipped_voices()):
        own = texts[number * UTTERANCES : (number + 1) * UTTERANCES]
        wavs = takes(voice, own, services, folder / voice)
        rows.append({"voice": voice, **compared(timer, PocketsphinxTimer(), own, wavs)})
    others = []
    for name, own, wavs in strangers(texts[len(rows) * UTTERANCES :][:UTTERANCES], folder, chosen.recordings):
        others.append({"voice": name, **compared(timer, PocketsphinxTimer(), own, wavs)})
    figures = json.loads(FIGURES.read_text("utf-8"))
    figures["word_times"] = {"shipped": rows, "others": others}
    figures["dates"]["word_times"] = time.strftime("%Y-%m-%d")
    FIGURES.write_text(json.dumps(figures, indent=1), "utf-8")
    write_report(DOCS / "quality.md", figures)
    for row in [*rows, *others]:
        print(row)


def spoken_texts(book: Path, services: Services) -> list[str]:
    """Chooses utterances of a book, as they are spoken: the same ones every time."""
    settings = load_settings()
    front_end = services.front_end
    script = write_script(
        read_book(book, settings.ingest), settings.segment, front_end.token_count, front_end.max_text_tokens
    )
    texts = [utterance.spoken for utterance in script.utterances[SKIPPED:] if len(utterance.spoken) >= SHORTEST]
    return texts[::STEP]


def takes(voice: str, texts: Sequence[str], services: Services, folder: Path) -> list[Path]:
    """Has a voice speak texts into a folder; what lies there already is kept."""
    wavs = [folder / f"{number:03d}.wav" for number in range(len(texts))]
    said = folder / "texts.json"
    if not said.exists() or json.loads(said.read_text("utf-8")) != list(texts):
        engine = load_engine(services.synthesize.model, "cpu", services.precision)
        file = next(shipped.path for shipped in shipped_voices() if shipped.name == voice)
        latents = unpack_latents(file.read_bytes(), voice)
        settings = services.sampling
        results = engine.speak([SpeechRequest(text, latents, settings, seed) for seed, text in enumerate(texts)])
        write_wavs(folder, [result.audio for result in results])
        said.write_text(json.dumps(list(texts)), "utf-8")
    return wavs


def strangers(texts: list[str], folder: Path, recorded: Path) -> Iterator[tuple[str, list[str], list[Path]]]:
    """Yields who is heard besides, what they say and where it lies: a voice of flite, and recordings."""
    teacher = teacher_of(STRANGER)
    yield f"{STRANGER} (flite)", texts, write_wavs(folder / STRANGER, [teacher.speak(text)[0] for text in texts])
    yield recorded.name, *recordings(recorded)


def recordings(folder: Path) -> tuple[list[str], list[Path]]:
    """Finds what recordings say, and them: lines `<s> some words </s> (name)` of the folder's `transcription`."""
    lines = re.findall(r"^<s>(.*)</s>\s*\((.*)\)$", (folder / "transcription").read_text("utf-8"), re.MULTILINE)
    return [text.strip() for text, _ in lines], [folder / f"{name}.wav" for _, name in lines]


def compared(ours: WordTimer, other: WordTimer, texts: Sequence[str], wavs: Sequence[Path]) -> dict[str, Any]:
    """Compares two aligners on the same takes; differences in milliseconds, positive where ours is later.

    Loading the networks is not counted: a run does it once.
    """
    audio, rate = soundfile.read(wavs[0], dtype="float32")
    ours.times(audio, rate, texts[0])
    starts: list[float] = []
    ends: list[float] = []
    left_out = 0
    seconds = 0.0
    spent = 0.0
    for text, wav in zip(texts, wavs, strict=True):
        audio, rate = soundfile.read(wav, dtype="float32")
        begun = time.process_time()
        mine = ours.times(audio, rate, text)
        spent += time.process_time() - begun
        seconds += len(audio) / rate
        theirs = other.times(audio, rate, text)
        if any(word.is_estimated for word in (*mine, *theirs)):
            left_out += 1
            continue
        starts += differences(mine, theirs, "start_sample", rate)
        ends += differences(mine, theirs, "end_sample", rate)
    return {
        "utterances": len(texts) - left_out,
        "not aligned": left_out,
        "words": len(starts),
        "starts: mean": round(float(np.mean(np.abs(starts))), 1),
        "95 %": round(float(np.percentile(np.abs(starts), 95)), 1),
        "bias": round(float(np.mean(starts)), 1),
        "worst": round(float(np.max(np.abs(starts)))),
        "ends: mean": round(float(np.mean(np.abs(ends))), 1),
        "ends: 95 %": round(float(np.percentile(np.abs(ends), 95)), 1),
        "times real time": round(seconds / spent),
    }


def differences(mine: Sequence[WordTime], theirs: Sequence[WordTime], field: str, rate: int) -> list[float]:
    """Subtracts the times of the same words, in milliseconds."""
    assert [(word.start, word.end) for word in mine] == [(word.start, word.end) for word in theirs]
    pairs = zip(mine, theirs, strict=True)
    return [(getattr(a, field) - getattr(b, field)) * 1000 / rate for a, b in pairs]


if __name__ == "__main__":
    main()
