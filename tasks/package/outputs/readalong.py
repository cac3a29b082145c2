"""Publishes the read-along: the book's own EPUB, in which each sentence or word is lit up while it is heard.

This module must not know how marks are put into a text, nor how words are heard.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from configs.settings import PackageSettings
from tasks.disk import publish
from tasks.errors import TalepressError
from tasks.package.audio.encode import Stretch
from tasks.package.audio.recordings import PARTIAL, Recording
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output
from tasks.package.readalong.build import AudioMember, ReadAlong, build, require_fit
from tasks.package.readalong.check import check_readalong, judged, require_epubcheck
from tasks.package.readalong.texts import spoken_chapters

AUDIO_TYPE = "audio/mp4"
AUDIO_SUFFIX = ".m4a"
KEY_DIGITS = 16  # of a recording's key, in the name of its audio
FORMAT = 2  # raise it when the same edition becomes another read-along
_AUDIO = re.compile(rf"/audio-\d+-([0-9a-f]{{{KEY_DIGITS}}}){re.escape(AUDIO_SUFFIX)}$")
BOOK_BYTES = 4_000_000  # the text and pictures of a book, with marks and overlays
KILOBIT_BYTES = 125
MOST_BYTES = 1 << 31

logger = logging.getLogger(__name__)


def recordings_of(content: EditionContent) -> tuple[Recording, ...]:
    """Asks for each chapter, whole, as AAC; see `Output.recordings`."""
    codec = ("-c:a", "aac", "-b:a", f"{content.settings.readalong.bitrate_kbps}k", "-movflags", "+faststart")
    return tuple(
        Recording((Stretch(master, 0, master.samples),), codec, "ipod", content.settings.ffmpeg)
        for master in content.masters
    )


def require_programs(settings: PackageSettings) -> None:
    """Raises `BadInputError` where epubcheck is asked for and cannot be run."""
    if settings.readalong.epubcheck:
        require_epubcheck()


def write_readalong(draft: Draft) -> tuple[Path, ...]:
    """Writes `TITLE (read-along).epub`; see `Output.write`. What is spoken and not lit up is logged with the reason.

    Raises `BadInputError` for a book that cannot become one.
    """
    made = _build(draft)
    path = draft.folder / f"{draft.stem}{READALONG.suffix}"
    made.write(path)
    for warning in made.warnings:
        logger.warning("%s: %s", path.name, warning)
    for reason, count in Counter(one.reason for one in made.unpaired).items():
        first = next(one.text for one in made.unpaired if one.reason == reason)
        logger.warning("%s: %d spoken texts are not lit up, first %r: %s", path.name, count, first[:40], reason)
    if path.stat().st_size > MOST_BYTES:
        logger.warning("%s: is larger than 2 GiB, which some readers cannot open: publish fewer chapters", path.name)
    logger.info("%s: %d places are lit up", path.name, made.pairs)
    return (path,)


def _build(draft: Draft) -> ReadAlong:
    content = draft.content
    if content.traced is None:
        raise TalepressError("a read-along needs the book's file: call `flows.order.details.with_details` first")
    grain = content.settings.readalong.grain
    audio = []
    lengths = _lengths(content)
    for recording, (name, milliseconds) in zip(recordings_of(content), lengths.items(), strict=True):
        path = draft.encoded.find(recording.key)
        assert path is not None, "it was asked for in `recordings`"
        audio.append(AudioMember(path, milliseconds, AUDIO_TYPE, name))
    chapters = spoken_chapters(content.timeline, content.traced, grain)
    data = draft.store.read(content.book.source_sha256)
    return build(data, content.book.title, chapters, audio, grain[0], content.tags.narrator)


def check_written(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Reads the book back, and has epubcheck judge it where that is asked for; see `Output.check`."""
    content = draft.content
    original = draft.store.read(content.book.source_sha256)
    lengths = _lengths(content)
    for path in paths:
        check_readalong(path, original, lengths)
        if content.settings.readalong.epubcheck:
            _require_no_new_faults(path, original)


def _require_no_new_faults(path: Path, original: bytes) -> None:
    """Raises `TalepressError` where epubcheck finds faults that the original did not have."""
    with tempfile.NamedTemporaryFile(suffix=".epub") as before:
        before.write(original)
        before.flush()
        new = Counter(judged(path)) - Counter(judged(Path(before.name)))
    if new:
        raise TalepressError(f"{path.name}: epubcheck finds {new.total()} faults, the first is {next(iter(new))}")


def _lengths(content: EditionContent) -> dict[str, int]:
    """Returns the length of each chapter's audio, in ms, by its name in the book, which tells the recording."""
    return {
        f"audio-{number:03d}-{recording.key[:KEY_DIGITS]}{AUDIO_SUFFIX}": chapter.samples * 1000 // content.sample_rate
        for number, (recording, chapter) in enumerate(
            zip(recordings_of(content), content.timeline.chapters, strict=True), start=1
        )
    }


def recover_audio(path: Path, keys: Collection[str], folder: Path) -> None:
    """Takes the audio of chapters that did not change out of a published read-along; see `Output.recover`."""
    by_digits = {key[:KEY_DIGITS]: key for key in keys}
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            match = _AUDIO.search(name)
            key = by_digits.get(match[1]) if match else None
            if key is not None:
                partial = folder / f"{key}{PARTIAL}"
                with book.open(name) as source, partial.open("wb") as target:
                    shutil.copyfileobj(source, target)
                publish(partial, folder / key)


def _forecast_bytes(seconds: float, settings: PackageSettings) -> float:
    return BOOK_BYTES + seconds * settings.readalong.bitrate_kbps * KILOBIT_BYTES


READALONG = Output(
    kind="readalong",
    suffix=" (read-along).epub",
    write=write_readalong,
    check=check_written,
    forecast_bytes=_forecast_bytes,
    recordings=recordings_of,
    recover=recover_audio,
    shape=lambda settings: {"format": FORMAT, **settings.readalong.model_dump(mode="json")},
    needs_words=True,
    needs_origins=True,
    require=require_programs,
    check_source=require_fit,
)
