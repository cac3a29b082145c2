"""A request with everything looked up and checked: book, script, chapters, voice, place.

`prepare` finds every fault of the user's before any work starts. Knows nothing of how the work is done.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from configs.publish_profiles import check_profiles
from configs.settings import Settings, SettingsError
from flows.order.chapters import describe_chapters, select_chapters
from flows.order.heeded import read_heeded
from flows.order.manuscript import read_manuscript
from flows.order.needs import check_needs
from flows.order.request import Request
from flows.services import Services
from storage.records import Book, KeyedUtterance, Script, Utterance, VoiceRecord
from tasks.disk import require_writable
from tasks.errors import BadInputError, CoverageError
from tasks.ingest.book import read_book
from tasks.package.audio.signature import require_signing
from tasks.package.naming import check_template
from tasks.package.output import Output
from tasks.package.outputs import find_outputs
from tasks.package.trial import try_ffmpeg
from tasks.segment.script import write_script
from tasks.synthesize.batches import speech_seconds
from tasks.synthesize.keys import utterance_key
from tasks.voices.catalogue import VoiceCredit, credit_of
from tortoise_core.inference.interface import Sampling

# Forecasts, deliberately high: FLAC of takes, a stitched chapter, and masters.
DATA_BYTES_PER_SECOND = 120_000


@dataclass(frozen=True, eq=False)
class Order:
    """A request with everything looked up."""

    services: Services
    request: Request
    book: Book
    script: Script
    chapters: tuple[int, ...]  # indices from 0, ascending, of the chapters to publish; each has something to say
    voice: VoiceRecord  # the narrator's
    sampling: Sampling
    voices: Mapping[str, VoiceRecord] = field(default_factory=dict)  # of characters, by name
    heeded: int = 0  # the id of the newest decision of people that the script heeds

    @property
    def source(self) -> str:
        """The book's identity."""
        return self.book.source_sha256

    @property
    def out(self) -> Path:
        """The folder of the edition, absolute."""
        return Path(self.request.out).absolute()

    def voice_of(self, utterance: Utterance) -> VoiceRecord:
        """Returns the voice that speaks an utterance."""
        return self.voices[utterance.voice] if utterance.voice else self.voice

    @property
    def voice_credits(self) -> tuple[VoiceCredit, ...]:
        """The voices that speak in the chosen chapters, in the order of their first words."""
        voices = [self.voice_of(item.utterance) for item in self.keyed]
        return tuple(credit_of(voice) for voice in {voice.name: voice for voice in voices}.values())

    @cached_property
    def selection(self) -> str:
        """Which chapters are made, as `1-3,5`; "" where they are all that have something to say."""
        spoken = {utterance.chapter_index for utterance in self.script.utterances}
        return "" if spoken.issubset(self.chapters) else describe_chapters(self.chapters)

    @cached_property
    def working_folder(self) -> Path:
        """For files in the making: no other order has it, not even one of the same book."""
        return self.services.settings.storage.folder / "work" / self.source[:16] / uuid.uuid4().hex

    @property
    def encoded_folder(self) -> Path:
        """For audio that is encoded and not published yet. It outlives a killed run: nothing is encoded twice."""
        return self.services.settings.storage.folder / "encoded" / self.source[:16]

    @property
    def record(self) -> dict[str, object]:
        """The request for the run's row, with the voice and preset that were meant when none was named."""
        chosen = {"voice": self.voice.name, "preset": self.services.settings.synthesize.preset}
        return {**self.request.model_dump(mode="json"), **chosen}

    @cached_property
    def keyed(self) -> tuple[KeyedUtterance, ...]:
        """The utterances of the chosen chapters with their content keys, in reading order."""
        chosen = set(self.chapters)
        model = self.services.front_end.digest
        precision = self.services.precision
        return tuple(
            KeyedUtterance(
                utterance,
                utterance_key(utterance.spoken, self.voice_of(utterance).digest, model, self.sampling, precision),
            )
            for utterance in self.script.utterances
            if utterance.chapter_index in chosen
        )


def prepare(
    services: Services,
    request: Request,
    read: Callable[..., Book] = read_book,
    segment: Callable[..., Script] = write_script,
) -> Order:
    """Reads the book and checks everything that the user may have got wrong. Writes nothing before all is well.

    A command calls it first, so that a mistake, or a book that is finished already, is known within a second and
    without Prefect. The flow calls it again, as it also runs where no command has: an order, with its book and open
    database, is nothing that Prefect could carry from one process to another.

    Args:
        services: opened with settings that carry `request.overrides`.
        request: what is asked for.
        read: `read_book` or its Prefect shell.
        segment: `write_script` or its Prefect shell.

    Raises:
        BadInputError: an unreadable book, a mistake in plan, cast, lexicon, markup or a correction, no such chapter,
            voice, preset or output, a folder that cannot be written, no room.
        CoverageError: the script loses text.
    """
    settings = services.settings
    outputs = find_outputs(settings.package.outputs)
    check_template(settings.package.name)
    _check_profiles(settings)
    require_signing(settings.package)
    for output in outputs:
        output.require(settings.package)
    if settings.package.ffmpeg:
        try_ffmpeg(settings.package)
    path = Path(request.book)
    model = services.front_end  # the networks are not needed before something is spoken
    sampling = services.sampling
    heeded = read_heeded(services, path)
    manuscript = read_manuscript(request, settings, model.languages, decided=heeded.corrections.lexicons, read=read)
    check_needs(settings, path)
    book = manuscript.book
    wanted = select_chapters(request.chapters, len(book.chapters))
    require_writable(Path(request.out))
    require_writable(settings.storage.folder)
    script = heeded.script(services, book, manuscript.narrator, segment)
    _require_coverage(script, path)
    spoken = {utterance.chapter_index for utterance in script.utterances}
    chapters = tuple(index for index in wanted if index in spoken)
    if not chapters:
        raise BadInputError(
            f"{path.name}: nothing in the chosen chapters is spoken: choose others; `talepress plan` shows why"
        )
    seconds = sum(speech_seconds(u.spoken) for u in script.utterances if u.chapter_index in chapters)
    _require_room(Path(request.out), settings, outputs, seconds)
    voices = {name: services.voice(name) for name in manuscript.voices}
    narrator = services.voice(manuscript.narrator)
    return Order(services, request, book, script, chapters, narrator, sampling, voices, heeded.newest)


def _require_coverage(script: Script, path: Path) -> None:
    """Raises `CoverageError` where the script loses text."""
    if script.coverage.unaccounted_chars:
        raise CoverageError(
            f"{path.name}: {script.coverage.unaccounted_chars} characters are neither spoken nor skipped by a rule; "
            "please report the book"
        )


def _check_profiles(settings: Settings) -> None:
    """Raises `BadInputError` where the settings change a profile of audio files so that it cannot be used."""
    try:
        check_profiles(settings.package)
    except SettingsError as error:
        raise BadInputError(str(error)) from error


def _require_room(out: Path, settings: Settings, outputs: Sequence[Output], seconds: float) -> None:
    """Raises `OutputError` where so many seconds of audio find no room among the editions or in the data folder."""
    output_bytes = sum(output.forecast_bytes(seconds, settings.package) for output in outputs)
    require_writable(out, needed_bytes=round(output_bytes))
    require_writable(settings.storage.folder, needed_bytes=round(seconds * DATA_BYTES_PER_SECOND))
