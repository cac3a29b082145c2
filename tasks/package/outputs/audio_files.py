"""Publishes audio files: one for each chapter, or one for the book, as the profile of their kind says.

A book that is too much for one file becomes parts, cut between chapters. This module must not know how a format is
encoded or labelled, nor which shops there are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue

from configs.publish_profiles import AS_MASTERED, PublishProfile, publish_profile
from configs.settings import PackageSettings
from storage.records import Master
from tasks.package.audio.encode import Stretch
from tasks.package.audio.formats import FORMATS, bytes_per_second, codec_arguments
from tasks.package.audio.label import Label
from tasks.package.audio.marks import marks_in
from tasks.package.audio.recordings import Recording
from tasks.package.audio.signature import MEDIA_TYPES, sign
from tasks.package.content import EditionContent
from tasks.package.naming import safe_name
from tasks.package.output import Draft, Output
from tasks.package.outputs.audio_check import check_audio_file
from tasks.package.parts import Parts
from tasks.package.pieces import pieces_of
from tasks.package.retail_sample import SAMPLE, retail_sample
from tasks.package.timeline import AudioFile, HeldChapter

AUDIBLE_GAIN_DB = 0.1  # a smaller change of loudness is left undone
MASTER_RATE = 24_000  # Hz, for forecasts: that of all our models
WAV_BYTES = 4_000_000_000  # sizes in a WAV file are counted in 32 bits

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Section:
    """What of a chapter goes into one file."""

    stretch: Stretch
    place: int = 0  # of the chapter among the edition's
    first: int = 0  # of its utterances `[first, end)`, as `HeldChapter` has them
    end: int | None = None
    part: int = 0  # of a chapter that is cut, from 1; 0: it is whole


@dataclass(frozen=True)
class PlannedFile:
    """One audio file before it is written."""

    file: AudioFile
    recording: Recording
    label: Label


def audio_output(kind: str, suffix: str, parts_suffix: str) -> Output:
    """Makes the output of a kind of audio file that has a profile. For the suffixes see `Output`."""
    return Output(
        kind=kind,
        suffix=suffix,
        parts_suffix=parts_suffix,
        write=lambda draft: write_planned(
            plan_files(kind, draft.content, draft.stem), publish_profile(kind, draft.content.settings), draft
        ),
        check=lambda draft, paths: check_planned(
            plan_files(kind, draft.content, draft.stem), paths, publish_profile(kind, draft.content.settings), draft
        ),
        forecast_bytes=lambda seconds, settings: (
            seconds * bytes_per_second(publish_profile(kind, settings), MASTER_RATE)
        ),
        stream=partial(stream, kind),
        recordings=lambda content: tuple(planned.recording for planned in plan_files(kind, content, "")),
        lay_out=lambda content, stem: tuple(planned.file for planned in plan_files(kind, content, stem)),
        shape=lambda settings: publish_profile(kind, settings).shape(),
    )


def stream(kind: str, masters: Iterable[Master], settings: PackageSettings) -> Iterator[Recording]:
    """Yields the recordings of files as their masters come, in reading order; see `Output.stream`."""
    profile = publish_profile(kind, settings)
    if profile.per == "book":
        yield from _stream_parts(masters, profile, settings)
        return
    for master in masters:
        for section in _sections_of(master, profile):
            yield _recording((section.stretch,), profile, settings)


def _stream_parts(masters: Iterable[Master], profile: PublishProfile, settings: PackageSettings) -> Iterator[Recording]:
    """Yields the recording of each part of a book once its first chapter is there; the others are put into it as they
    come, while the next recording is waited for."""
    parts = _parts(profile, settings)
    begun = -1
    coming: SimpleQueue[Stretch | BaseException | None] = SimpleQueue()
    try:
        for master in masters:
            part = parts.next(master.samples / master.sample_rate)
            stretch = _stretch(master, profile, first=part != begun)
            if part != begun:
                coming.put(None)
                begun = part
                coming = SimpleQueue()
                yield _recording(_as_they_come(coming), profile, settings)
            coming.put(stretch)
    except BaseException as error:
        coming.put(error)
        raise
    coming.put(None)


def _as_they_come(coming: SimpleQueue[Stretch | BaseException | None]) -> Iterator[Stretch]:
    """Yields stretches until None comes. Raises an error that comes."""
    while (item := coming.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def plan_files(kind: str, content: EditionContent, stem: str) -> tuple[PlannedFile, ...]:
    """Plans the files of a kind: which chapters each holds, where, under which name and label.

    Raises `TalepressError` for chapters of several sample rates.
    """
    profile = publish_profile(kind, content.settings)
    held = _files_by_chapter(content, profile) if profile.per == "chapter" else _files_by_book(content, profile)
    planned = [_planned(kind, content, stem, held, number) for number in range(len(held))]
    credited = [_extra(kind, content, stem, _credits(master, profile)) for master in content.credits * profile.credits]
    samples = retail_sample(content.masters, profile)
    sample = [_extra(kind, content, stem, samples, SAMPLE)] if samples else []
    return (*credited[:1], *planned, *credited[1:], *sample)


def _extra(
    kind: str, content: EditionContent, stem: str, stretches: tuple[Stretch, ...], title: str = ""
) -> PlannedFile:
    """Plans a file that is no part of the book's way from chapter to chapter: credits, or the retail sample."""
    profile = publish_profile(kind, content.settings)
    title = title or stretches[0].master.title
    path = Path(f"{stem} ({profile.folder})") / f"{title}{FORMATS[profile.format].suffix}"
    recording = _recording(stretches, profile, content.settings)
    file = AudioFile(kind, path, sum(one.samples for one in stretches), (), recording.key)
    return PlannedFile(file, recording, Label(content.tags, title, 1, 1, False, (), content.sample_rate))


def _files_by_chapter(content: EditionContent, profile: PublishProfile) -> list[list[Section]]:
    """Lists what each file holds where a file is a chapter, or a piece of one that is too long."""
    return [
        [replace(section, place=place)]
        for place, master in enumerate(content.masters)
        for section in _sections_of(master, profile)
    ]


def _files_by_book(content: EditionContent, profile: PublishProfile) -> list[list[Section]]:
    """Lists what each file holds where a file is the book, or a part of one that is too much for it."""
    parts = _parts(profile, content.settings)
    files: list[list[Section]] = []
    numbered = ((parts.next(master.samples / master.sample_rate), master) for master in content.masters)
    places = iter(range(len(content.masters)))
    for _, group in groupby(numbered, lambda pair: pair[0]):
        masters = [master for _, master in group]
        files.append(
            [Section(_stretch(master, profile, first=order == 0), next(places)) for order, master in enumerate(masters)]
        )
    return files


def _sections_of(master: Master, profile: PublishProfile) -> tuple[Section, ...]:
    """Returns the files' worth of one chapter: all of it, or pieces where that lasts longer than the profile allows."""
    whole = _stretch(master, profile, first=True)
    most = round(profile.max_minutes * 60 * master.sample_rate)
    if not most or whole.samples <= most or not master.placed:
        return (Section(whole),)
    head = round((0.5 if profile.head_s == AS_MASTERED else float(profile.head_s)) * master.sample_rate)
    tail = round((1.0 if profile.tail_s == AS_MASTERED else float(profile.tail_s)) * master.sample_rate)
    placed = master.placed
    sections = []
    for part, (first, end) in enumerate(pieces_of(placed, most - head - tail), start=1):
        room = (
            placed[first - 1].end_sample if first else 0,
            placed[end].start_sample if end < len(placed) else master.samples,
        )
        start = placed[first].start_sample - head
        stretch = replace(whole, start=start, stop=placed[end - 1].end_sample + tail, room=room)
        sections.append(Section(stretch, first=first, end=end, part=part))
    return tuple(sections)


def _planned(
    kind: str, content: EditionContent, stem: str, files: Sequence[Sequence[Section]], number: int
) -> PlannedFile:
    profile = publish_profile(kind, content.settings)
    recording = _recording(tuple(section.stretch for section in files[number]), profile, content.settings)
    held = []
    samples = 0
    for section in files[number]:
        held.append(HeldChapter(section.place, samples - section.stretch.start, section.first, section.end))
        samples += section.stretch.samples
    whole = profile.per == "book"
    title = content.tags.title
    if not whole:
        title = _title(content, files[number][0])
    elif len(files) > 1:
        title = f"{title} (part {number + 1} of {len(files)})"
    path = _path(kind, profile, stem, title, number, len(files))
    file = AudioFile(kind, path, samples, tuple(held), recording.key)
    marks = marks_in(content.timeline, file)
    return PlannedFile(
        file, recording, Label(content.tags, title, number + 1, len(files), whole, marks, content.sample_rate)
    )


def _title(content: EditionContent, section: Section) -> str:
    """Names a chapter, or a piece of one."""
    title = content.timeline.chapters[section.place].title
    return f"{title} (part {section.part})" if section.part else title


def _path(kind: str, profile: PublishProfile, stem: str, title: str, number: int, count: int) -> Path:
    """Names a file: the book's in the edition's folder where it is one, else a chapter's or a part's in a folder."""
    suffix = FORMATS[profile.format].suffix
    if profile.per == "book" and count == 1:
        return Path(f"{stem}{suffix}" if kind == profile.format else f"{stem} ({profile.folder}){suffix}")
    folder = Path(f"{stem} ({profile.folder})")
    if profile.per == "book":
        return folder / f"{stem} (part {number + 1} of {count}){suffix}"
    digits = max(2, len(str(count)))
    return folder / f"{number + 1:0{digits}d} {safe_name(title)}{suffix}"


def _parts(profile: PublishProfile, settings: PackageSettings) -> Parts:
    """Says how many chapters share a file of a book."""
    hours = settings.part_hours
    if profile.format == "wav":
        hours = min(hours, WAV_BYTES / bytes_per_second(profile, 48_000) / 3600)
    return Parts(hours, FORMATS[profile.format].max_chapters)


def _recording(stretches: Iterable[Stretch], profile: PublishProfile, settings: PackageSettings) -> Recording:
    return Recording(stretches, codec_arguments(profile), FORMATS[profile.format].container, settings.ffmpeg)


def _stretch(master: Master, profile: PublishProfile, *, first: bool) -> Stretch:
    """Says what of a master goes into a file, and how loud.

    A file of a whole book begins with its first word, if the profile does not say otherwise: players need no silence
    there. Inside of it masters stay as they are.
    """
    head = master.placed[0].start_sample if master.placed else 0
    end = master.placed[-1].end_sample if master.placed else master.samples
    start = 0
    stop = master.samples
    if profile.per == "book" and first:
        start = head
    if profile.head_s != AS_MASTERED and (first or profile.per == "chapter"):
        start = head - round(float(profile.head_s) * master.sample_rate)
    if profile.tail_s != AS_MASTERED and profile.per == "chapter":
        stop = end + round(float(profile.tail_s) * master.sample_rate)
    stretch = Stretch(master, start, stop)
    if profile.target_lufs == AS_MASTERED or abs(profile.target_lufs - master.loudness_lufs) < AUDIBLE_GAIN_DB:
        return stretch
    return replace(stretch, gain_db=profile.target_lufs - master.loudness_lufs, ceiling_dbtp=profile.ceiling_dbtp)


def _credits(master: Master, profile: PublishProfile) -> tuple[Stretch, ...]:
    return (_stretch(master, profile, first=True),)


def write_planned(planned: Sequence[PlannedFile], profile: PublishProfile, draft: Draft) -> tuple[Path, ...]:
    """Labels the encoded audio of each file, and signs it where that is asked for; see `Output.write`."""
    settings = draft.content.settings
    if settings.signature.certificate and FORMATS[profile.format].suffix not in MEDIA_TYPES:
        logger.warning("%s files cannot be signed and are published without a signature", profile.format.upper())
    paths = []
    for one in planned:
        path = draft.folder / one.file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        audio = draft.encoded.find(one.recording.key)
        assert audio is not None  # encoding comes first
        FORMATS[profile.format].label(audio, path, one.label, settings.ffmpeg)
        sign(path, settings)
        paths.append(path)
    return tuple(paths)


def check_planned(planned: Sequence[PlannedFile], paths: Sequence[Path], profile: PublishProfile, draft: Draft) -> None:
    """Reads every file back, as many at a time as there are processors; see `Output.check`.

    Files of other kinds may follow in `paths`.
    """

    def check(one: PlannedFile, path: Path) -> None:
        check_audio_file(path, one.file.samples, one.recording, one.label, profile, draft.store)

    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="checking") as pool:
        list(pool.map(check, planned, paths))
