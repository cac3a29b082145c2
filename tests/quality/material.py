"""The material of `make quality`: sentences of books that no training text contains, spoken by the teachers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from configs.settings import load_settings
from tasks.ingest.book import read_book
from tortoise_core.training.corpus import HeldOut, speakable_sentences
from tortoise_core.training.teachers import SAMPLE_RATE, teacher_of

SHORTEST, LONGEST = 30, 130  # characters
REFERENCES = 8  # recordings that say who speaks: as many as a voice is enrolled from


@dataclass(frozen=True)
class Recording:
    """A held-out sentence as a teacher speaks it."""

    text: str
    wav: Path


@dataclass(frozen=True)
class Speaker:
    """A teacher's recordings: those to be spoken again, and others of the same voice that say who speaks."""

    voice: str
    recordings: Sequence[Recording]
    references: Sequence[Path]


def held_out_sentences(sentences: Path, books: Sequence[Path]) -> list[str]:
    """The speakable sentences of the training text that stand in one of the books, in an order that never changes."""
    ingest = load_settings().ingest
    held_out = HeldOut(
        "\n".join(block.text for chapter in read_book(book, ingest).chapters for block in chapter.blocks)
        for book in books
    )
    found = [t for t in speakable_sentences(sentences) if SHORTEST <= len(t) <= LONGEST and held_out.of_books(t)]
    found = sorted(set(found))
    random.Random(5).shuffle(found)
    return found


def record(voice: str, texts: Sequence[str], count: int, folder: Path) -> Speaker:
    """Has a teacher speak the first `count` texts, and the next few as references; what lies in `folder` is kept."""
    folder = folder / voice
    folder.mkdir(parents=True, exist_ok=True)
    teacher = None
    wavs = []
    for number, text in enumerate(texts[: count + REFERENCES]):
        wav = folder / f"{number:03d}.wav"
        said = wav.with_suffix(".txt")
        if not said.exists() or said.read_text("utf-8") != text:
            teacher = teacher or teacher_of(voice)
            soundfile.write(wav, teacher.speak(text)[0], SAMPLE_RATE, subtype="PCM_16")
            said.write_text(text, "utf-8")
        wavs.append(wav)
    recordings = [Recording(text, wav) for text, wav in zip(texts[:count], wavs, strict=False)]
    return Speaker(voice, recordings, wavs[count:])
