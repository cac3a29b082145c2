"""Holds what an edition is made of, and what every output derives from it alike: timeline, length, chapter marks, tags.

It must not know in which files an edition is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from configs.settings import PackageSettings
from storage.records import Book, Decision, Master, Take, VoiceRecord
from tasks.package.audio.marks import ChapterMark, marks_in
from tasks.package.audio.tags import Tags, tags_of
from tasks.package.timeline import AudioFile, Timeline, WordTimes, as_one_file, timeline_of
from tasks.voices.references import parse_reference
from tortoise_core.inference.interface import Sampling


@dataclass(frozen=True, eq=False)
class EditionContent:
    """What an edition is made of. `takes` holds at least the takes that the masters' placements name, by key."""

    book: Book
    masters: tuple[Master, ...]  # in reading order
    takes: Mapping[str, Take]
    voice: VoiceRecord
    model: str  # its name, for people
    model_digest: str
    sampling: Sampling
    settings: PackageSettings
    chapters: str = ""  # which of the book's chapters, as `1-3,5`; "": all that have something to say
    preset: str = ""  # its name, for people
    decisions: tuple[Decision, ...] = ()  # of people, those that hold
    directions: tuple[str, ...] = ()  # what else was said about the reading, for people: "cast village", "en-GB"
    credits: tuple[Master, ...] = ()  # opening and closing; in no chapter
    credit_keys: tuple[str, ...] = ()  # of what is said in them
    timer: str = ""  # who listens for words, where an output wants their times; see `tasks.align`
    words: WordTimes = field(default_factory=dict)  # when words are heard, as far as somebody has looked
    written: frozenset[str] = frozenset()  # sha256 of the files that an earlier run has made of this very content
    traced: Book | None = None  # the book once more, its blocks traced to its file, where an output wants it

    @cached_property
    def timeline(self) -> Timeline:
        """What is heard when: all that outputs know of masters and takes. Raises `TalepressError` without masters."""
        return timeline_of(self.book, self.masters, self.takes, self.voice.name, self.words)

    @property
    def sample_rate(self) -> int:
        """Of all masters, in Hz. Raises as `timeline`."""
        return self.timeline.sample_rate

    @cached_property
    def whole(self) -> AudioFile:
        """The book as if it were one file: from the first word to the end of the last chapter."""
        return as_one_file(self.timeline)

    @property
    def seconds(self) -> float:
        """Length of all chapters together."""
        return self.whole.samples / self.sample_rate

    @cached_property
    def marks(self) -> tuple[ChapterMark, ...]:
        """One mark per chapter, in samples of `whole`."""
        return marks_in(self.timeline, self.whole)

    @cached_property
    def tags(self) -> Tags:
        """What players and libraries show of the book."""
        narrator = narrator_of(self.settings, self.voice)
        return tags_of(self.book, narrator, self.settings.narration, disclosure_of(self.settings, self.voice))

    @property
    def name_fields(self) -> dict[str, str]:
        """What can stand in the template of the edition's name (`package.name`), by field."""
        return {
            "author": self.tags.author,
            "series": self.book.series,
            "title": self.book.title,
            "voice": self.voice.name,
            "chapters": self.chapters,
            "language": self.book.language,
        }


def narrator_of(settings: PackageSettings, voice: VoiceRecord) -> str:
    """Names who reads, as it is shown to people, and that it is no human being."""
    return f"{settings.narrator or f'Talepress {parse_reference(voice.name).name}'} ({settings.narration})"


def disclosure_of(settings: PackageSettings, voice: VoiceRecord) -> str:
    """Says in a sentence that the narration is synthetic."""
    return settings.disclosure.replace("{voice}", parse_reference(voice.name).name)
