"""Chapter marks, counted in samples, and their ffmetadata form. It must not know how a file is encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.records import Master
from tasks.errors import TalepressError

_SPECIAL = re.compile(r"([=;#\\\n])")


@dataclass(frozen=True)
class ChapterMark:
    """One chapter of the audiobook: `[start_sample, end_sample)`. Marks follow each other without gaps."""

    title: str
    start_sample: int
    end_sample: int


def sample_rate_of(masters: Sequence[Master]) -> int:
    """Returns the one sample rate of an edition's masters, in Hz. Raises `TalepressError` for none or several."""
    rates = sorted({master.sample_rate for master in masters})
    if len(rates) != 1:
        raise TalepressError(
            f"an audiobook needs chapters of one sample rate, not {rates or 'none'}: use one model for all"
        )
    return rates[0]


def chapter_marks(masters: Sequence[Master]) -> tuple[ChapterMark, ...]:
    """Marks every chapter at the first sample of its first utterance, which is the heading where a chapter has one.

    The room tone before a heading belongs to the chapter before. The first chapter starts at 0, as players expect.
    Titles lose line breaks, and backslashes at their end: ffmpeg takes even an escaped one for a line that goes on.
    """
    starts: list[int] = []
    offset = 0
    for master in masters:
        heading = master.placed[0].start_sample if master.placed and starts else 0
        starts.append(offset + heading)
        offset += master.samples
    ends = [*starts[1:], offset]
    titles = [
        " ".join(master.title.split()).rstrip("\\ ") or f"Chapter {number}" for number, master in enumerate(masters, 1)
    ]
    return tuple(ChapterMark(*mark) for mark in zip(titles, starts, ends, strict=True))


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
