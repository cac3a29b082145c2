"""Publishes captions: WebVTT, with words and without, SRT and LRC, for every audio file of the edition and the whole.

They lie in a folder of their own in which the audio's folders and names stand again: laid over the edition's folder,
each file has its captions beside it. This module must not know how words are heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from configs.settings import PackageSettings
from tasks.errors import TalepressError
from tasks.package.captions.cues import Cue, cues_of
from tasks.package.captions.lrc import lrc
from tasks.package.captions.speech import lines_in, milliseconds
from tasks.package.captions.srt import srt
from tasks.package.captions.vtt import vtt, vtt_chapters
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output
from tasks.package.timeline import AudioFile

FORMAT = 3  # raise it when the same edition gets other captions
BYTES_PER_SECOND = 400  # of all forms, for two sets of audio files


def write_captions(draft: Draft) -> tuple[Path, ...]:
    """Writes the captions of every audio file, or of the whole where the edition has none; see `Output.write`."""
    paths = []
    for path, text in _texts(draft):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        paths.append(path)
    return tuple(sorted(paths))


def check_captions(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Reads the files back; see `Output.check`."""
    for path, text in _texts(draft):
        if path not in paths or path.read_text("utf-8") != text:
            raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _texts(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Yields each file and its text, made once for all audio files that hold the same, as those of several kinds do.

    No more than the captions of one audio file are held at a time.
    """
    content = draft.content
    named: dict[Path, AudioFile] = {}  # by what the suffixes follow: titles may hold dots themselves
    for file in [file for file in draft.audio if file.chapters] or [content.whole]:  # credits and samples have none
        place = file.path.with_suffix("") if file.path.name else Path(draft.stem)
        named[file.path if place in named else place] = (
            file  # beside "Oz.m4b", the captions of "Oz.mp3" are "Oz.mp3.vtt"
        )
    alike: dict[tuple[object, int], list[Path]] = {}
    for place, file in named.items():
        alike.setdefault((file.chapters, file.samples), []).append(place)
    folder = draft.folder / f"{draft.stem}{CAPTIONS.suffix}"
    for places in alike.values():
        for suffix, text in _forms(content, named[places[0]]).items():
            yield from ((folder / place.with_name(f"{place.name}{suffix}"), text) for place in places)


def _forms(content: EditionContent, file: AudioFile) -> dict[str, str]:
    """Writes the captions of one audio file in every form, by suffix. LRC is for single chapters."""
    rate = content.sample_rate
    cues = cues_of(lines_in(content.timeline, file, content.voice.name), milliseconds(file.samples, rate))
    forms = {".vtt": vtt(cues), ".words.vtt": vtt(cues, words=True), ".srt": srt(cues)}
    if len(file.chapters) == 1:
        return forms | _lyrics(content, file, cues)
    starts = [(content.timeline.chapters[held.position], held.shift) for held in file.chapters]
    chapters = [
        (chapter.title, milliseconds(shift, rate), milliseconds(shift + chapter.samples, rate))
        for chapter, shift in starts
    ]
    return forms | {".chapters.vtt": vtt_chapters(chapters)}


def _lyrics(content: EditionContent, file: AudioFile, cues: list[Cue]) -> dict[str, str]:
    title = content.timeline.chapters[file.chapters[0].position].title
    about = {"ti": title, "ar": content.tags.author, "al": content.tags.title}
    return {".lrc": lrc(cues, about), ".words.lrc": lrc(cues, about, words=True)}


def _forecast_bytes(seconds: float, _settings: PackageSettings) -> float:
    return seconds * BYTES_PER_SECOND


CAPTIONS = Output(
    kind="captions",
    suffix=" (captions)",
    write=write_captions,
    check=check_captions,
    forecast_bytes=_forecast_bytes,
    shape=lambda settings: {"format": FORMAT},
    needs_words=True,
)
