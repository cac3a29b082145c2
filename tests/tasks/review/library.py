"""A small library for the tests of review: a book of two chapters, whose takes are tones of their own pitch."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

import numpy as np
import soundfile

from configs.settings import load_settings
from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.records import (
    Block,
    BlockKind,
    Book,
    Chapter,
    Coverage,
    KeyedUtterance,
    PauseKind,
    Script,
    Take,
    Utterance,
    Verdict,
)
from tasks.review.desk import Desk
from tasks.review.web.shelf import Job, JobWord, Shelf
from tasks.segment.corrected import Sayer
from tasks.voices.catalogue import VoiceCredit

SOURCE = "5" * 64
RATE = 24_000
TITLE = "Ozma & the <script>alert(1)</script> Clock"
CHAPTERS = (
    ("One", ("Ozma came in.", "Yes.", "Nobody had seen Ozma before, they said.")),
    ("Two", ("The clock stood still.", "Yes.", "Then it was over.")),
)


@dataclass
class Started:
    """A starter that only notes what it is asked."""

    jobs: list[tuple[str, Job]] = field(default_factory=list)
    told: JobWord = field(default_factory=JobWord)

    def start(self, source, job):
        self.jobs.append((source, job))
        return f"{job.value} begins."

    def word(self, source):
        return self.told


def tone(number, seconds=0.5):
    audio = 0.3 * np.sin(2 * np.pi * (200 + 10 * number) * np.arange(round(RATE * seconds)) / RATE)
    file = io.BytesIO()
    soundfile.write(file, audio, RATE, format="FLAC")
    return file.getvalue()


def open_library(folder):
    """Opens database and store of a library that was made in a folder."""
    return Database(f"sqlite:///{folder / 'talepress.db'}"), ArtifactStore(folder / "artifacts")


def make_library(folder, repeat=1, source=SOURCE):
    """Makes database and store: take 1 of each sentence is doubtful and in use, but of `Yes.`; the first one has 3."""
    database, store = open_library(folder)
    chapters = CHAPTERS * repeat
    book = Book(
        title=TITLE,
        authors=("Ann Author",),
        language="en",
        source_sha256=source,
        chapters=tuple(
            Chapter(index, title, tuple(Block(BlockKind.PARAGRAPH, text) for text in texts))
            for index, (title, texts) in enumerate(chapters)
        ),
    )
    utterances = tuple(
        Utterance(chapter.index, index, index, 0, len(block.text), block.text, block.text, PauseKind.SENTENCE)
        for chapter in book.chapters
        for index, block in enumerate(chapter.blocks)
    )
    texts = list(dict.fromkeys(utterance.text for utterance in utterances))
    takes = []
    for number, text in enumerate(texts):
        for attempt in range(3 if text == "Ozma came in." else 1):
            address = store.put_bytes(tone(10 * number + attempt))
            doubtful = text != "Yes."
            reasons = ("misspelled: -2.1 nats a character",) if doubtful else ()
            verdict = Verdict.DOUBTFUL if doubtful else Verdict.OK
            key = f"{number:032x}{attempt:032x}"
            takes.append(
                Take(key, text, attempt, 1, address, RATE, RATE // 2, verdict, reasons, {"doubt": 1.0 + attempt})
            )
    with database.unit_of_work() as uow:
        uow.books.save(book, Script(utterances, (), Coverage(1, 1, 0, 0)))
        uow.books.assign_keys(source, [KeyedUtterance(utterance, utterance.text) for utterance in utterances])
        uow.takes.add(takes)
        uow.takes.choose(source, {take.utterance_key: take.key for take in takes if take.attempt == 0})
        uow.commit()
    return database, store


def make_sayer():
    return Sayer(load_settings().segment, lambda text: len(text) // 3, 200, "en")


VOICES = (
    VoiceCredit("ann", "a woman", "recordings of Ann", "CC0"),
    VoiceCredit("me", "", "2 recordings that you added", ""),
)


def make_shelf(database, store, starter, inbox):
    settings = load_settings()
    return Shelf(
        database, store, settings.stitch, settings.master, lambda source: make_sayer(), starter, inbox, lambda: VOICES
    )


def open_desk(database, who="Ann", **fields):
    return replace(Desk(database, SOURCE, who, make_sayer()), **fields)
