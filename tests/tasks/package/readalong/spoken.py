"""Whole books with made-up times, for tests of read-alongs and `python -m tests.quality.readalong`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from configs.settings import load_settings
from storage.records import Book, PauseKind, Take, Verdict
from tasks.align.sources import source_words
from tasks.annotate.markup import apply_markup
from tasks.ingest.book import read_book
from tasks.package.readalong.build import AudioMember, ReadAlong, build
from tasks.package.readalong.texts import spoken_chapters
from tasks.package.timeline import TimedChapter, TimedUtterance, TimedWord, Timeline
from tasks.segment.script import write_script

RATE = 24_000
SAMPLES_PER_CHAR = RATE // 14
GAP = RATE // 2
TAKE = Take("t", "u", 0, 1, "a" * 64, RATE, 1, Verdict.OK)


def timeline_with_times(book: Book) -> Timeline:
    """The timeline of a book that is read at an even pace."""
    script = write_script(book, load_settings().segment, lambda text: len(text) // 2, 398)
    chapters = []
    for chapter in book.chapters:
        at = GAP
        spoken = []
        for utterance in script.utterances:
            if utterance.chapter_index != chapter.index:
                continue
            timed = TimedUtterance(
                utterance.index, utterance.block_index, utterance.start, utterance.end, utterance.text,
                utterance.spoken, chapter.blocks[utterance.block_index].source, utterance.is_heading,
                PauseKind.SENTENCE, "slt", at, at + len(utterance.text) * SAMPLES_PER_CHAR, TAKE,
            )  # fmt: skip
            spoken.append(replace(timed, words=words_of(timed)))
            at = timed.end_sample + GAP
        if spoken:
            chapters.append(TimedChapter(chapter.index, chapter.title, "m" * 64, at + RATE, -19, -4, tuple(spoken)))
    return Timeline(RATE, tuple(chapters))


def words_of(utterance: TimedUtterance) -> tuple[TimedWord, ...]:
    """The words of an utterance, each as long as its letters."""
    return tuple(
        TimedWord(
            utterance.start + start,
            utterance.start + end,
            utterance.start_sample + start * SAMPLES_PER_CHAR,
            utterance.start_sample + end * SAMPLES_PER_CHAR,
        )
        for start, end in source_words(utterance.text)
    )


def made(path: Path, sound: Path, grain: str = "sentence") -> tuple[ReadAlong, dict[str, int]]:
    """A read-along of a book file with made-up times, all of it with one sound; and the lengths of its audio, in ms."""
    book = apply_markup(read_book(path, load_settings().ingest, traced=True))
    timeline = timeline_with_times(book)
    audio = [
        AudioMember(sound, chapter.samples * 1000 // RATE, "audio/mp4", f"audio-{number:03d}.m4a")
        for number, chapter in enumerate(timeline.chapters, start=1)
    ]
    chapters = spoken_chapters(timeline, book, grain)
    result = build(path.read_bytes(), path.name, chapters, audio, grain[0], "slt (AI voice)")
    return result, {one.name: one.milliseconds for one in audio}
