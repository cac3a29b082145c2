"""The material of `make quality`: sentences of books that no training text contains, spoken by the teachers."""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import load_settings
from tasks.ingest.book import read_book
from tortoise_core.corpus.sentences import HeldOutBooks, speakable_sentences
from tortoise_core.corpus.teachers import SAMPLE_RATE, Teacher, teacher_of

HARD = Path(__file__).with_name("hard.txt")  # one sentence a line: numbers, names, single words, quotes, a long one
# characters
SHORTEST = 30
LONGEST = 130
REFERENCES = 8  # recordings that say who speaks: as many as a voice is enrolled from


# recordings of the best voice and of each other
BEST = 100
OTHERS = 50


def material_arguments(parser: argparse.ArgumentParser) -> None:
    """What every measurement must be told."""
    parser.add_argument("--sentences", type=Path, required=True, help="the training text, one sentence a line")
    parser.add_argument("--held-out", type=Path, action="append", required=True, help="a book that training never saw")
    parser.add_argument("--speech-report", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("~/.cache/talepress/quality"), help="where the audio is kept")


@dataclass(frozen=True)
class Recording:
    """A held-out sentence as a teacher speaks it."""

    text: str
    wav: Path


@dataclass(frozen=True)
class Speaker:
    """A teacher's recordings: of books, of hard sentences, and others that say who speaks: singly, and joined."""

    voice: str
    recordings: Sequence[Recording]
    hard: Sequence[Recording]
    references: Sequence[Path]
    joined: Path


def held_out_sentences(sentences: Path, books: Sequence[Path]) -> list[str]:
    """The speakable sentences of the training text that stand in one of the books, in an order that never changes."""
    ingest = load_settings().ingest
    held_out = HeldOutBooks([read_book(book, ingest).text for book in books])
    found = [t for t in speakable_sentences(sentences) if SHORTEST <= len(t) <= LONGEST and t in held_out]
    found = sorted(set(found))
    random.Random(5).shuffle(found)
    return found


def record(voice: str, texts: Sequence[str], count: int, hard: Sequence[str], folder: Path) -> Speaker:
    """Has a teacher speak the first `count` texts, the next few as references, and the hard ones; what lies in `folder`
    is kept."""
    spoken = {f"{number:03d}": text for number, text in enumerate(texts[: count + REFERENCES])}
    recordings = recorded(voice, spoken, folder)
    references = [recording.wav for recording in recordings[count:]]
    joined = folder / voice / "references.wav"
    soundfile.write(joined, np.concatenate([soundfile.read(wav)[0] for wav in references]), SAMPLE_RATE)
    hard_ones = recorded(voice, {f"hard-{number:02d}": text for number, text in enumerate(hard)}, folder)
    return Speaker(voice, recordings[:count], hard_ones, references, joined)


def recorded(voice: str, texts: Mapping[str, str], folder: Path) -> list[Recording]:
    """Has a teacher speak texts, each to a file of its name in the voice's folder; what lies there is kept."""
    own = folder / voice
    own.mkdir(parents=True, exist_ok=True)
    teacher: list[Teacher] = []  # made when first needed
    found: list[Recording] = []
    for name, text in texts.items():
        wav = own / f"{name}.wav"
        said = wav.with_suffix(".txt")
        if not said.exists() or said.read_text("utf-8") != text:
            if not teacher:
                teacher.append(teacher_of(voice))
            soundfile.write(wav, teacher[0].speak(text)[0], SAMPLE_RATE, subtype="PCM_16")
            said.write_text(text, "utf-8")
        found.append(Recording(text, wav))
    return found


def write_wavs(folder: Path, said: Sequence[np.ndarray]) -> list[Path]:
    """Waveforms at 24 kHz to `000.wav`, `001.wav`, ... in a folder that is made if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03d}.wav" for number in range(len(said))]
    for path, audio in zip(paths, said, strict=True):
        soundfile.write(path, audio, SAMPLE_RATE, subtype="PCM_16")
    return paths
