"""The timeline of an edition: what is heard when, in samples. It is all that the outputs know of takes and rows.

Times are samples at the masters' rate. Those of utterances and words count from the start of their chapter's master; an
`AudioFile` says where in it each master lies. This module must not know SQL, nor how any file is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.records import Book, Master, PauseKind, PlacedUtterance, Take, WordTime
from tasks.errors import TalepressError

WordTimes = Mapping[tuple[int, int], tuple["TimedWord", ...]]
"""Words by their utterance: index of the chapter in the book, index of the utterance in the chapter."""


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class TimedWord:
    """A word of the source text and when it is heard: characters of its block, samples of its chapter's master."""

    start: int
    end: int
    start_sample: int
    end_sample: int
    estimated: bool = False  # in proportion to the letters, because the audio could not be aligned


@dataclass(frozen=True)
class TimedUtterance:
    """An utterance and when it is heard."""

    index: int  # in its chapter
    block: int  # index in its chapter; `start:end` are characters of the block's text
    start: int
    end: int
    text: str  # those characters
    spoken: str  # the same, as it is said
    origin: str  # the file in the book that the block came from: "OEBPS/ch01.xhtml"; "" where a book is one file
    is_heading: bool
    pause: PauseKind  # what follows it
    voice: str  # the name of the voice that speaks it
    start_sample: int
    end_sample: int
    take: Take  # where the audio came from: for the manifest, and for what is remembered by take
    words: tuple[TimedWord, ...] = ()  # in reading order; none where nobody has timed them


@dataclass(frozen=True)
class TimedChapter:
    """A chapter's master and what is heard in it."""

    index: int  # in the book, from 0
    title: str  # in one line
    master_sha256: str
    samples: int
    loudness_lufs: float
    true_peak_dbtp: float
    utterances: tuple[TimedUtterance, ...]

    @property
    def head(self) -> int:
        """Samples before the first word."""
        return self.utterances[0].start_sample if self.utterances else 0

    @property
    def tail(self) -> int:
        """Samples after the last word."""
        return self.samples - self.utterances[-1].end_sample if self.utterances else 0


@dataclass(frozen=True)
class Timeline:
    """The chapters of an edition, in reading order."""

    sample_rate: int  # Hz
    chapters: tuple[TimedChapter, ...]


@dataclass(frozen=True)
class HeldChapter:
    """A chapter in an audio file. The master's sample `n` is the file's sample `n + shift`, at the masters' rate.

    A file may hold a piece of it: the utterances `[first, end)`, by their place in the chapter.
    """

    position: int  # of the chapter in the timeline, from 0
    shift: int
    first: int = 0
    end: int | None = None  # None: to the last

    @property
    def is_piece(self) -> bool:
        """Whether the file holds a piece of the chapter, not all of it."""
        return self.first > 0 or self.end is not None

    def utterances(self, chapter: TimedChapter) -> tuple[TimedUtterance, ...]:
        """Returns those of the chapter's utterances that the file holds."""
        return chapter.utterances[self.first : self.end]


@dataclass(frozen=True)
class AudioFile:
    """A published audio file: which chapters it holds, and where."""

    kind: str  # of the output that writes it
    path: Path  # in the edition's folder
    samples: int  # its length at the masters' rate, whatever its own rate is
    chapters: tuple[HeldChapter, ...]
    audio_key: str  # of the encoded audio, whatever the tags are, see `tasks.package.audio.recordings`


def timeline_of(
    book: Book, masters: Sequence[Master], takes: Mapping[str, Take], narrator: str, words: WordTimes
) -> Timeline:
    """Makes the timeline of an edition.

    Args:
        book: whose chapters say where each block came from.
        masters: in reading order.
        takes: by key, at least those that the masters' placements name.
        narrator: the name of the voice that speaks where an utterance names none.
        words: what is known of when words are heard.

    Raises:
        TalepressError: the masters have several sample rates, or there is none.
    """
    chapters = []
    for number, master in enumerate(masters, start=1):
        blocks = book.chapters[master.chapter_index].blocks
        chapters.append(
            TimedChapter(
                index=master.chapter_index,
                title=one_line(master.title) or f"Chapter {number}",
                master_sha256=master.audio_sha256,
                samples=master.samples,
                loudness_lufs=master.loudness_lufs,
                true_peak_dbtp=master.true_peak_dbtp,
                utterances=tuple(
                    _timed(placed, takes[placed.take_key], blocks[placed.utterance.block_index].source, narrator, words)
                    for placed in master.placed
                ),
            )
        )
    return Timeline(sample_rate_of(masters), tuple(chapters))


def on_timeline(placed: PlacedUtterance, words: Iterable[WordTime]) -> tuple[TimedWord, ...]:
    """Says when the words of an utterance's source text are heard in its chapter, by when they are in its take."""
    text = placed.utterance.start
    audio = placed.start_sample
    return tuple(
        TimedWord(
            text + word.start,
            text + word.end,
            audio + word.start_sample,
            audio + word.end_sample,
            word.is_estimated,
        )
        for word in words
    )


def sample_rate_of(masters: Sequence[Master]) -> int:
    """Returns the one sample rate of an edition's masters, in Hz. Raises `TalepressError` for none or several."""
    rates = sorted({master.sample_rate for master in masters})
    if len(rates) != 1:
        raise TalepressError(
            f"an audiobook needs chapters of one sample rate, not {rates or 'none'}: use one model for all"
        )
    return rates[0]


def one_line(title: str) -> str:
    """Takes line breaks from a title, and backslashes from its end: ffmpeg takes them for a line that goes on."""
    return " ".join(title.split()).rstrip("\\ ")


def as_one_file(timeline: Timeline) -> AudioFile:
    """Lays all masters one after another, as if into a file that starts with the first word: without the first head."""
    held = []
    start = -timeline.chapters[0].head
    for position, chapter in enumerate(timeline.chapters):
        held.append(HeldChapter(position, start))
        start += chapter.samples
    return AudioFile("", Path(), start, tuple(held), "")


def _timed(placed: PlacedUtterance, take: Take, origin: str, narrator: str, words: WordTimes) -> TimedUtterance:
    utterance = placed.utterance
    return TimedUtterance(
        index=utterance.index,
        block=utterance.block_index,
        start=utterance.start,
        end=utterance.end,
        text=utterance.text,
        spoken=utterance.spoken,
        origin=origin,
        is_heading=utterance.is_heading,
        pause=utterance.pause,
        voice=utterance.voice or narrator,
        start_sample=placed.start_sample,
        end_sample=placed.end_sample,
        take=take,
        words=words.get((utterance.chapter_index, utterance.index), ()),
    )
