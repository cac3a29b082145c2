"""Publishes an edition: the M4B and its manifest appear in the output folder complete or not at all.

It must not know how takes and masters were made, nor which run asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Book, Edition, EditionFile, Master, Take, VoiceRecord
from tasks.disk import check_output_folder, output_errors, publish
from tasks.package.m4b import write_m4b
from tasks.package.marks import ChapterMark, sample_rate_of
from tasks.package.naming import edition_stem, manifest_path
from tasks.package.tags import Tags, tags_of
from tortoise_core.inference.interface import Sampling

# Raise it when equal inputs become other files.
EDITION_FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class EditionContent:
    """What an edition is made of. `takes` holds at least the takes that the masters' placements name, by key."""

    book: Book
    masters: tuple[Master, ...]
    takes: Mapping[str, Take]
    voice: VoiceRecord
    model: str  # its name, for people
    model_digest: str
    sampling: Sampling


def edition_key(content: EditionContent, settings: PackageSettings) -> str:
    """sha256 (64 hexadecimal digits) over all that the published audiobook depends on."""
    tags = asdict(_tags(content, settings))
    tags["cover"] = hashlib.sha256(content.book.cover or b"").hexdigest()
    parts = {
        "version": EDITION_FORMAT_VERSION,
        "book": content.book.source_sha256,
        "tags": tags,
        "masters": [[master.audio_sha256, master.title] for master in content.masters],
        "settings": settings.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def publish_edition(
    folder: Path,
    store: ArtifactStore,
    content: EditionContent,
    settings: PackageSettings,
    encoded: Path | None = None,
) -> Edition:
    """Writes `TITLE.m4b` and `TITLE.manifest.json` into a folder, over those of an older edition of the same book.

    Both are finished under temporary names in that folder, flushed and renamed. The manifest goes first: it says whose
    the audiobook is, so that a run after a crash between the two replaces what it finds.

    Args:
        folder: made when there is none.
        store: holds the masters' audio.
        content: what to publish.
        settings: bit rate and narrator.
        encoded: the audio of `content` as `encode_aac` encoded it, if that is done. The file is used up.

    Raises:
        OutputError: the folder cannot be written to, or the disk is full. What was there stays as it was.
        TalepressError: see `write_m4b`.
    """
    check_output_folder(folder)
    seconds = sum(master.samples for master in content.masters) / sample_rate_of(content.masters)
    stem = edition_stem(folder, content.book.title, content.book.source_sha256)
    audiobook, manifest = folder / f"{stem}.m4b", manifest_path(folder, stem)
    working = folder / f".{stem}.partial.m4b", folder / f".{stem}.partial.json"
    try:
        with output_errors(folder):
            marks = write_m4b(working[0], store, content.masters, _tags(content, settings), settings, encoded)
            audiobook_file = _describe("m4b", working[0], audiobook)
            text = json.dumps(describe(content, marks, audiobook_file, seconds), ensure_ascii=False, indent=1)
            working[1].write_text(text + "\n", "utf-8")
            manifest_file = _describe("manifest", working[1], manifest)
            publish(working[1], manifest)
            publish(working[0], audiobook)
    finally:
        for path in working:
            path.unlink(missing_ok=True)
    rate = sample_rate_of(content.masters)
    return Edition(
        files=(audiobook_file, manifest_file),
        seconds=seconds,
        chapters=tuple((mark.title, mark.start_sample / rate, mark.end_sample / rate) for mark in marks),
    )


def is_published(edition: Edition) -> bool:
    """Whether all files of an edition are where they were published, byte for byte."""
    return all(Path(file.path).is_file() and _sha256(Path(file.path)) == file.sha256 for file in edition.files)


def describe(
    content: EditionContent, marks: tuple[ChapterMark, ...], audiobook: EditionFile, seconds: float
) -> dict[str, object]:
    """The manifest: what the audiobook was made of, down to every utterance's seed and place.

    Times are seconds from the start of the audiobook.
    """
    rate = sample_rate_of(content.masters)
    chapters, offset = [], 0
    for master, mark in zip(content.masters, marks, strict=True):
        chapters.append(
            {
                "title": mark.title,
                "start_s": mark.start_sample / rate,
                "end_s": mark.end_sample / rate,
                "master_sha256": master.audio_sha256,
                "loudness_lufs": round(master.loudness_lufs, 2),
                "true_peak_dbtp": round(master.true_peak_dbtp, 2),
                "utterances": _utterances(content, master, offset),
            }
        )
        offset += master.samples
    book = content.book
    return {
        "format": EDITION_FORMAT_VERSION,
        "book": {
            "title": book.title,
            "authors": list(book.authors),
            "language": book.language,
            "identifier": book.identifier,
            "source_sha256": book.source_sha256,
        },
        "audiobook": {
            "file": Path(audiobook.path).name,
            "sha256": audiobook.sha256,
            "bytes": audiobook.bytes,
            "seconds": seconds,
            "sample_rate": rate,
        },
        "voice": {"name": content.voice.name, "digest": content.voice.digest},
        "model": {"name": content.model, "digest": content.model_digest, "sampling": asdict(content.sampling)},
        "chapters": chapters,
    }


def _utterances(content: EditionContent, master: Master, offset: int) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    for placed in master.placed:
        take = content.takes[placed.take_key]
        listed.append(
            {
                "text": placed.utterance.text,
                **({"voice": placed.utterance.voice} if placed.utterance.voice else {}),
                "start_s": (offset + placed.start_sample) / master.sample_rate,
                "end_s": (offset + placed.end_sample) / master.sample_rate,
                "take": take.key,
                "audio_sha256": take.audio_sha256,
                "seed": take.seed,
                "attempt": take.attempt,
                "verdict": take.verdict.value,
                "reasons": list(take.reasons),
            }
        )
    return listed


def _tags(content: EditionContent, settings: PackageSettings) -> Tags:
    return tags_of(content.book, settings.narrator or f"Talepress ({content.voice.name})")


def _describe(kind: str, working: Path, final: Path) -> EditionFile:
    return EditionFile(kind=kind, path=str(final), sha256=_sha256(working), bytes=working.stat().st_size)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
