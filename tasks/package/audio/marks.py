"""Chapter marks, counted in samples, and their ffmetadata form. It must not know how a file is encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.package.timeline import AudioFile, Timeline

_SPECIAL = re.compile(r"([=;#\\\n])")


@dataclass(frozen=True)
class ChapterMark:
    """One chapter of an audio file: `[start_sample, end_sample)`. Marks follow each other without gaps."""

    title: str
    start_sample: int
    end_sample: int


def marks_in(timeline: Timeline, file: AudioFile) -> tuple[ChapterMark, ...]:
    """Marks every chapter of a file at the first sample of its first utterance: the heading, where there is one.

    The room tone before a heading belongs to the chapter before. The first chapter starts at 0, as players expect.
    """
    chapters = [timeline.chapters[held.position] for held in file.chapters]
    spoken = [chapter.head + held.shift for chapter, held in zip(chapters, file.chapters, strict=True)]
    starts = [0, *spoken[1:]]
    ends = [*spoken[1:], file.samples]
    return tuple(
        ChapterMark(chapter.title, start, end) for chapter, start, end in zip(chapters, starts, ends, strict=True)
    )


def ffmetadata(marks: Sequence[ChapterMark], sample_rate: int) -> str:
    """Writes the marks as the text of an ffmetadata file, times in samples."""
    lines = [";FFMETADATA1"]
    for mark in marks:
        lines += ["[CHAPTER]", f"TIMEBASE=1/{sample_rate}", f"START={mark.start_sample}", f"END={mark.end_sample}"]
        lines.append("title=" + _SPECIAL.sub(r"\\\1", mark.title))
    return "\n".join(lines) + "\n"


def parse_ffmetadata(text: str) -> list[tuple[str, float, float]]:
    """Reads title, start and end (in seconds) of every chapter from the text of an ffmetadata file."""
    chapters = []
    for section in re.split(r"^\[CHAPTER\]\n", text, flags=re.MULTILINE)[1:]:
        chapter = re.split(r"^\[\w+\]$", section, flags=re.MULTILINE)[0]
        values = dict(re.findall(r"^(\w+)=((?:\\.|[^\\\n])*)$", chapter, flags=re.MULTILINE | re.DOTALL))
        title = re.sub(r"\\(.)", r"\1", values.get("title", ""), flags=re.DOTALL)
        numerator, denominator = map(int, values["TIMEBASE"].split("/"))
        start = int(values["START"]) * numerator / denominator
        end = int(values["END"]) * numerator / denominator
        chapters.append((title, start, end))
    return chapters
