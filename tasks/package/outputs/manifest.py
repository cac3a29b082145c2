"""Publishes the manifest: what an edition was made of, down to every utterance's seed and place, and its files.

The manifest also says whose the edition's file names are, so it is put in place before all other files.
This module must not know how any of those files is written.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from configs.settings import PackageSettings
from storage.records import Decision, DecisionKind, EditionFile, Master
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_version
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output

MANIFEST_FORMAT = 1  # raise it when a program that reads the manifest must read it in another way
AUDIOBOOK = "m4b"  # the kind of file that has a section of its own
_OF_MANY = (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)  # about more texts and takes than one
BYTES_PER_SECOND = 500  # an utterance takes about 600 bytes and four seconds


def write_manifest(draft: Draft) -> tuple[Path, ...]:
    """Writes `TITLE.manifest.json`; see `Output.write`."""
    path = draft.folder / f"{draft.stem}{MANIFEST.suffix}"
    path.write_text(_text(draft), "utf-8")
    return (path,)


def check_manifest(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Reads the manifest back; see `Output.check`."""
    for path in paths:
        if path.read_text("utf-8") != _text(draft):
            raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _text(draft: Draft) -> str:
    return json.dumps(describe(draft.content, draft.files), ensure_ascii=False, indent=1) + "\n"


def describe(content: EditionContent, files: tuple[EditionFile, ...]) -> dict[str, object]:
    """Makes the manifest as JSON-ready values. Times are seconds from the start of the book's audio.

    Args:
        content: what the edition is made of.
        files: all files but the manifest, with paths relative to it. The audiobook has a section of its own; the list
            `files` of the others is left out when there are none.
    """
    book = content.book
    described: dict[str, object] = {
        "format": MANIFEST_FORMAT,
        "book": {
            "title": book.title,
            "authors": list(book.authors),
            "language": book.language,
            "identifier": book.identifier,
            "source_sha256": book.source_sha256,
        },
    }
    for file in files:
        if file.kind == AUDIOBOOK:
            described["audiobook"] = {
                "file": file.path,
                "sha256": file.sha256,
                "bytes": file.bytes,
                "seconds": content.seconds,
                "sample_rate": content.sample_rate,
                "ffmpeg": ffmpeg_version(content.settings.ffmpeg),
            }
    others = [
        {"kind": file.kind, "file": file.path, "sha256": file.sha256, "bytes": file.bytes}
        for file in files
        if file.kind != AUDIOBOOK
    ]
    if others:
        described["files"] = others
    described["voice"] = {"name": content.voice.name, "digest": content.voice.digest}
    described["model"] = {
        "name": content.model,
        "digest": content.model_digest,
        "sampling": asdict(content.sampling),
    }
    if content.decisions:
        described["decisions"] = [_decision(decision) for decision in content.decisions]
    described["chapters"] = _chapters(content)
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


def _chapters(content: EditionContent) -> list[dict[str, object]]:
    """Describes the chapters with their utterances, in reading order."""
    rate = content.sample_rate
    chapters: list[dict[str, object]] = []
    offset = 0
    for master, mark in zip(content.masters, content.marks, strict=True):
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
    return chapters


def _utterances(content: EditionContent, master: Master, offset: int) -> list[dict[str, object]]:
    """Describes the utterances of a chapter that begins `offset` samples after the start of the book's audio."""
    rows: list[dict[str, object]] = []
    for placed in master.placed:
        take = content.takes[placed.take_key]
        rows.append(
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
    return rows


def _forecast_bytes(seconds: float, _settings: PackageSettings) -> float:
    return seconds * BYTES_PER_SECOND


MANIFEST = Output(
    kind="manifest",
    suffix=".manifest.json",
    write=write_manifest,
    check=check_manifest,
    forecast_bytes=_forecast_bytes,
)
