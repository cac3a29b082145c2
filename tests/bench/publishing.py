"""`python -m tests.bench.publishing [--hours 10] [--chapters 40] [--as KINDS]`: publishes a made-up book and counts.

Masters of noise are put into a store of its own; nothing is spoken. Prints JSON: how much processor time the encoders
(ffmpeg) need for it and how much everything else does, the most memory held, the parts of the M4B, and whether a second
publish gives the same bytes. `part_hours` shrinks with the book, so that a short one has as many parts as one of 30
hours. Time is counted on processors, not on the clock, so that other work on the machine does not matter.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import soundfile

from configs.settings import load_settings
from storage.artifacts import ArtifactStore
from storage.records import Book, Master, PlacedUtterance, Take, Utterance, Verdict, VoiceRecord, WordTime
from tasks.align.sources import source_words
from tasks.ingest.book import read_book
from tasks.package.audio.recordings import EncodedAudio, encode_side_by_side
from tasks.package.content import EditionContent
from tasks.package.edition import publish_edition
from tasks.package.outputs import OUTPUTS, find_outputs
from tasks.package.outputs.audio_files import plan_files
from tasks.package.timeline import TimedWord, on_timeline
from tasks.segment.script import write_script
from tests.bench.books import sentences
from tests.tasks.ingest.builders import nav, page, write_epub
from tortoise_core.inference.presets import SamplingSettings

RATE = 24_000
CHARS_PER_SECOND = 14
PAUSE = RATE // 2
LONG_HOURS = 30.0  # of the book whose limits are scaled
KINDS = tuple(output.kind for output in OUTPUTS if output.kind != "manifest")
MIB = 1 << 20


@dataclass(frozen=True)
class Spent:
    """Processor seconds of this process, and of the programs that it had run."""

    own: float
    children: float

    @property
    def total(self) -> float:
        """Both."""
        return self.own + self.children


def spent(work: Callable[[], object]) -> tuple[Spent, float]:
    """Does some work. Returns what it cost, and its seconds by the clock."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    began = time.monotonic()
    work()
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (
        late.ru_utime + late.ru_stime - early.ru_utime - early.ru_stime
        for early, late in zip(before, after, strict=True)
    )
    return Spent(own, children), time.monotonic() - began


def epub(path: Path, hours: float, chapters: int) -> Path:
    """An EPUB of so many chapters that lasts about so long when it is read."""
    letters = int(hours * 3600 * CHARS_PER_SECOND * 0.8 / chapters)  # the rest is pauses
    endless = itertools.cycle(sentences())
    pages = {}
    for number in range(1, chapters + 1):
        paragraphs = []
        while sum(map(len, paragraphs)) < letters:
            paragraphs.append(f"<p>{' '.join(itertools.islice(endless, 5))}</p>")
        pages[f"c{number:04d}.xhtml"] = page(f"<h1>Chapter {number}</h1>{''.join(paragraphs)}")
    contents = nav(*((f"Chapter {number}", name) for number, name in enumerate(pages, start=1)))
    return write_epub(path, pages, {"nav.xhtml": contents})


def content_of(path: Path, store: ArtifactStore, part_hours: float, kinds: Sequence[str]) -> EditionContent:
    """Reads a book and makes masters of it, with words read at an even pace."""
    settings = load_settings()
    book = read_book(path, settings.ingest, traced=True)
    script = write_script(book, settings.segment, lambda text: len(text) // 2, 398)
    store.put_bytes(path.read_bytes())
    noise = np.random.default_rng(0).standard_normal(60 * RATE)
    speech = (3000 * np.convolve(noise, np.ones(8) / 8, "same")).astype(np.int16)
    masters = []
    words: dict[tuple[int, int], tuple[TimedWord, ...]] = {}
    takes = {}
    for chapter, spoken in itertools.groupby(script.utterances, lambda utterance: utterance.chapter_index):
        master, own = _master(store, book, chapter, list(spoken), speech)
        masters.append(master)
        for placed in own:
            one = placed.utterance
            words[chapter, one.index] = on_timeline(placed, _words(one.text))
            takes[placed.take_key] = Take(
                placed.take_key, placed.take_key, 0, one.index, "f" * 64, RATE, placed.end_sample, Verdict.OK
            )
    package = settings.package.model_copy(
        update={
            "outputs": (*kinds, "manifest"),
            "part_hours": part_hours,
            "feed_url": "https://example.org/",
            "profiles": {"acx": {"sample_s": 60.0}},
        }
    )
    voice = VoiceRecord("noise", "v" * 64, "l" * 64)
    return EditionContent(
        book, tuple(masters), MappingProxyType(takes), voice, "none", "m" * 64, SamplingSettings(), package,
        timer="even", words=words, traced=book,
    )  # fmt: skip


def _master(
    store: ArtifactStore, book: Book, chapter: int, spoken: Sequence[Utterance], speech: np.ndarray
) -> tuple[Master, tuple[PlacedUtterance, ...]]:
    at = PAUSE
    placed = []
    for one in spoken:
        end = at + len(one.text) * RATE // CHARS_PER_SECOND
        placed.append(PlacedUtterance(one, f"{chapter}-{one.index}", at, end))
        at = end + PAUSE
    samples = at + PAUSE
    data = io.BytesIO()
    soundfile.write(data, np.resize(np.roll(speech, 7919 * chapter), samples), RATE, format="FLAC")
    title = book.chapters[chapter].title
    address = store.put_bytes(data.getvalue())
    return Master(chapter, title, address, RATE, samples, -19.0, -4.0, tuple(placed)), tuple(placed)


def _words(text: str) -> tuple[WordTime, ...]:
    each = RATE // CHARS_PER_SECOND
    return tuple(WordTime(start, end, start * each, end * each) for start, end in source_words(text))


def measure(folder: Path, hours: float, chapters: int, kinds: Sequence[str]) -> dict[str, object]:
    """Publishes a book of so many hours; returns the figures."""
    store = ArtifactStore(folder / "artifacts")
    part_hours = min(23.0, 23.0 * hours / LONG_HOURS)
    content = content_of(epub(folder / "book.epub", hours, chapters), store, part_hours, kinds)
    encoded = EncodedAudio(folder / "encoded", {})
    encoded.folder.mkdir()
    outputs = find_outputs(content.settings.outputs)
    recordings = {one.key: one for output in outputs for one in output.recordings(content)}
    encoding, clock = spent(
        lambda: encode_side_by_side(encoded, store, tuple(recordings.values()), lambda done, total: None)
    )
    rest, rest_clock = spent(lambda: publish_edition(folder / "out", store, content, encoded.folder))
    published = hashes(folder / "out")
    again, _ = spent(lambda: publish_edition(folder / "again", store, content, encoded.folder))
    figures: dict[str, object] = {
        "hours": round(content.seconds / 3600, 2),
        "chapters": len(content.masters),
        "files": len(published),
        "recordings": len(recordings),
        "encoders_cpu_s": round(encoding.children, 1),
        "feeding_them_cpu_s": round(encoding.own, 1),
        "rest_cpu_s": round(rest.total, 1),
        "all_by_encoders": round((encoding.total + rest.total) / encoding.children, 3),
        "clock_s": [round(clock, 1), round(rest_clock, 1)],
        "second_publish_cpu_s": round(again.total, 1),
        "second_publish_same_bytes": hashes(folder / "again") == published,
        "most_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MIB,
        "encoders_most_memory_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 // MIB,
        "load": os.getloadavg()[0],
    }
    if "m4b" in kinds:
        parts = [planned.file for planned in plan_files("m4b", content, "book")]
        figures["m4b_parts"] = [[len(file.chapters), round(file.samples / RATE / 3600, 2)] for file in parts]
        figures["part_limit_hours"] = round(part_hours, 2)
    return figures


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file in a folder, by its place."""
    from tasks.package.existing import file_sha256

    return {
        path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.publishing", description=__doc__)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--chapters", type=int, default=40)
    parser.add_argument("--as", dest="kinds", default=",".join(KINDS), help="kinds of files, all if none is named")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = measure(Path(name), chosen.hours, chosen.chapters, chosen.kinds.split(","))
    print(json.dumps(figures, indent=1))
    return 0 if figures["second_publish_same_bytes"] else 1


if __name__ == "__main__":
    sys.exit(main())
