"""Publishes captions: WebVTT, with words and without, SRT and LRC, for every audio file of the edition and the whole.

They lie in a folder of their own in which the audio's folders and names stand again: laid over the edition's folder,
each file has its captions beside it. This module must not know how words are heard.
"""

from __future__ import annotations

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

BYTES_PER_SECOND = 400  # of all forms, for two sets of audio files


def write_captions(draft: Draft) -> tuple[Path, ...]:
    """Writes the captions of every audio file, or of the whole where the edition has none; see `Output.write`."""
    paths = []
    for name, text in _texts(draft).items():
        path = draft.folder / f"{draft.stem}{CAPTIONS.suffix}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        paths.append(path)
    return tuple(paths)


def check_captions(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Reads the files back; see `Output.check`."""
    folder = draft.folder / f"{draft.stem}{CAPTIONS.suffix}"
    texts = _texts(draft)
    for path in paths:
        if path.read_text("utf-8") != texts[path.relative_to(folder)]:
            raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _texts(draft: Draft) -> dict[Path, str]:
    """Writes all captions, by their place in the folder; once for all files that hold the same, as several kinds do."""
    content = draft.content
    texts: dict[Path, str] = {}
    made: dict[tuple[object, int], dict[str, str]] = {}
    for file in [file for file in draft.audio if file.chapters] or [content.whole]:  # credits and samples have none
        place = file.path if file.path.name else Path(f"{draft.stem}.")
        if place.with_suffix(".vtt") in texts:  # "Oz.m4b" and "Oz.mp3"
            place = place.with_name(f"{place.name}.")
        held = (file.chapters, file.samples)
        if held not in made:
            made[held] = _forms(content, file)
        texts |= {place.with_suffix(suffix): text for suffix, text in made[held].items()}
    return texts


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
    needs_words=True,
)
