"""Publishes the manifest: what an edition was made of, when every utterance is heard in it, and its files.

It holds the timeline, hashes, the versions of the programs that wrote the files and the settings that shaped them, but
no time of day: what is published again has the same bytes. The manifest also says whose names the files have, so it is
put in place before all other files. This module must not know how any of those files is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import mutagen

from configs.settings import PackageSettings
from storage.records import Decision, DecisionKind, EditionFile
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_version
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output
from tasks.package.timeline import AudioFile, HeldChapter, TimedChapter, TimedUtterance
from tortoise_core.inference.interface import sampling_values

MANIFEST_FORMAT = 2  # raise it when a program that reads the manifest must read it in another way
BYTES_PER_SECOND = 800  # an utterance takes about 800 bytes and four seconds; one with times of words three times that
_NO_CHAPTERS = '\n "chapters": []'  # in the text; no string can hold it, since a line's end is escaped there
_OF_MANY = (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)  # about more texts and takes than one
# Paths on this machine (a version stands for one, the files for the others), and what the list of files says.
NOT_SHOWN = {"ffmpeg", "outputs", "signature"}


def write_manifest(draft: Draft) -> tuple[Path, ...]:
    """Writes `TITLE.manifest.json`; see `Output.write`."""
    path = draft.folder / f"{draft.stem}{MANIFEST.suffix}"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_pieces(draft))
    return (path,)


def check_manifest(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Reads the manifest back; see `Output.check`."""
    for path in paths:
        with path.open(encoding="utf-8") as file:
            if any(file.read(len(piece)) != piece for piece in _pieces(draft)) or file.read():
                raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _pieces(draft: Draft) -> Iterator[str]:
    files = sorted((*draft.files, *draft.beside), key=lambda file: (file.kind, file.path))  # whichever came first
    return manifest_text(draft.content, files, draft.audio)


def manifest_text(content: EditionContent, files: Sequence[EditionFile], audio: Sequence[AudioFile]) -> Iterator[str]:
    """Yields the manifest's text, chapter by chapter: as one value that of a long book takes hundreds of megabytes.

    Times are samples at `sample_rate`. In an utterance they count from the start of its chapter's master; a file's
    `chapters` say what is to be added to get the place in that file.

    Args:
        content: what the edition is made of.
        files: all files but the manifest, with paths relative to it.
        audio: what those of them hold that are audio.
    """
    before, after = _json(_edition(content, files, audio)).split(_NO_CHAPTERS)
    yield f"{before}{_NO_CHAPTERS[:-1]}"
    for number, chapter in enumerate(content.timeline.chapters):
        described = _json(_chapter(chapter)).replace("\n", "\n  ")
        yield f"{',' if number else ''}\n  {described}"
    yield f"\n ]{after}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _edition(content: EditionContent, files: Sequence[EditionFile], audio: Sequence[AudioFile]) -> dict[str, object]:
    """Describes an edition, as JSON-ready values, without its chapters."""
    book = content.book
    held = {file.path.as_posix(): file for file in audio}
    described: dict[str, object] = {
        "format": MANIFEST_FORMAT,
        "made_with": {
            "talepress": metadata.version("talepress"),
            "ffmpeg": ffmpeg_version(content.settings.ffmpeg),
            "mutagen": mutagen.version_string,
        },
        "book": {
            "title": book.title,
            "authors": list(book.authors),
            "language": book.language,
            "identifier": book.identifier,
            "source_sha256": book.source_sha256,
        },
        "voice": {"name": content.voice.name, "digest": content.voice.digest},
        "model": {"name": content.model, "digest": content.model_digest, "sampling": sampling_values(content.sampling)},
        "settings": content.settings.model_dump(mode="json", exclude=NOT_SHOWN),
        "sample_rate": content.sample_rate,
        "files": [_file(file, held) for file in files],
        "chapters": [],
    }
    if content.decisions:
        described["decisions"] = [_decision(decision) for decision in content.decisions]
    return described


def _decision(decision: Decision) -> dict[str, object]:
    """Describes what a person has decided, without what is empty: one about a take has no words."""
    values = {
        "what": decision.kind.value,
        "who": decision.who,
        "at": decision.made_at.isoformat(timespec="seconds"),
        "reach": decision.reach.value if decision.kind is DecisionKind.CORRECT else "",
        "chapter": decision.chapter,
        "text": decision.text if decision.kind not in _OF_MANY else "",
        "take": decision.take_key if decision.kind not in _OF_MANY else "",
        "written": decision.written,
        "value": decision.value,
    }
    return {name: value for name, value in values.items() if value}


def _file(file: EditionFile, held: Mapping[str, AudioFile]) -> dict[str, object]:
    """Describes a file; one that is audio with its length and the chapters in it."""
    described: dict[str, object] = {"kind": file.kind, "file": file.path, "sha256": file.sha256, "bytes": file.bytes}
    audio = held.get(file.path)
    if audio is not None:
        described["audio"] = audio.audio_key
        described["samples"] = audio.samples
        described["chapters"] = [_held(chapter) for chapter in audio.chapters]
    return described


def _held(chapter: HeldChapter) -> dict[str, object]:
    """Describes a chapter in a file; of a piece, which of its utterances are heard: `[first, end)`."""
    described: dict[str, object] = {"position": chapter.position, "add": chapter.shift}
    return {**described, "first": chapter.first, "end": chapter.end} if chapter.is_piece else described


def _chapter(chapter: TimedChapter) -> dict[str, object]:
    return {
        "chapter": chapter.index + 1,
        "title": chapter.title,
        "master_sha256": chapter.master_sha256,
        "samples": chapter.samples,
        "loudness_lufs": round(chapter.loudness_lufs, 2),
        "true_peak_dbtp": round(chapter.true_peak_dbtp, 2),
        "utterances": [_utterance(utterance) for utterance in chapter.utterances],
    }


def _utterance(utterance: TimedUtterance) -> dict[str, object]:
    take = utterance.take
    described: dict[str, object] = {
        "text": utterance.text,
        "spoken": utterance.spoken,
        "origin": utterance.origin,
        "block": utterance.block,
        "start": utterance.start,
        "end": utterance.end,
        "heading": utterance.is_heading,
        "voice": utterance.voice,
        "start_sample": utterance.start_sample,
        "end_sample": utterance.end_sample,
        "take": take.key,
        "audio_sha256": take.audio_sha256,
        "seed": take.seed,
        "attempt": take.attempt,
        "verdict": take.verdict.value,
        "reasons": list(take.reasons),
    }
    if utterance.words:
        described["words"] = [asdict(word) for word in utterance.words]
    return described


def _forecast_bytes(seconds: float, _settings: PackageSettings) -> float:
    return seconds * BYTES_PER_SECOND


MANIFEST = Output(
    kind="manifest",
    suffix=".manifest.json",
    write=write_manifest,
    check=check_manifest,
    forecast_bytes=_forecast_bytes,
)
