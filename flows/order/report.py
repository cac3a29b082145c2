"""The report of a run, as one record, and its forms: JSON, Markdown, table rows.

The command line, the Prefect artifacts and the tests all print from here, so they cannot disagree. Pure functions:
knows nothing of Prefect, of terminals or of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flows.order.resources import PeakMemory
from storage.records import Coverage, Edition, RunState

MAX_FLAGGED_IN_MARKDOWN = 200  # Prefect shows the page whole; the table artifact holds every row


@dataclass(frozen=True)
class FlaggedTake:
    """A chosen take that the checks doubt."""

    chapter_index: int
    chapter: str
    utterance_index: int
    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """What a run did itself, besides what it found done."""

    takes: int = 0
    take_seconds: float = 0.0  # audio of those takes, kept or not
    synthesis_seconds: float = 0.0  # wall time of making them
    engine_seconds: float = 0.0  # that engines worked, in whatever process: more than the above where several do


@dataclass(frozen=True)
class RunReport:
    """The outcome of one run of a book flow."""

    title: str
    authors: tuple[str, ...]
    narrator: str
    state: RunState
    edition: Edition
    kept: tuple[str, ...]  # paths that had the edition's name already, and stay as they are
    replaced: tuple[str, ...]  # paths that had other bytes before
    chapter_indices: tuple[int, ...]  # of the edition's chapters, counted from 0 in the book
    utterances: int
    work: Work
    wall_seconds: float  # of the whole run
    memory: PeakMemory  # of this process
    flagged: tuple[FlaggedTake, ...]
    coverage: Coverage

    @property
    def rtf(self) -> float | None:
        """Real-time factor: wall seconds per second of newly rendered audio; None when nothing was rendered."""
        return self.work.synthesis_seconds / self.work.take_seconds if self.work.take_seconds else None

    @property
    def rendered(self) -> int:
        """Takes made by this run; 0 when every take existed."""
        return self.work.takes


def report_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON-ready values: what `talepress make --json` prints."""
    return {
        "title": report.title,
        "authors": list(report.authors),
        "narrator": report.narrator,
        "state": report.state.value,
        "files": [
            {"kind": file.kind, "path": file.path, "sha256": file.sha256, "bytes": file.bytes}
            for file in report.edition.files
        ],
        "kept": list(report.kept),
        "replaced": list(report.replaced),
        "chapters": [
            {"chapter": index + 1, "title": title, "start": round(start, 3), "end": round(end, 3)}
            for index, (title, start, end) in zip(report.chapter_indices, report.edition.chapters, strict=True)
        ],
        "utterances": report.utterances,
        "rendered": report.rendered,
        "audio_seconds": round(report.edition.seconds, 3),
        "wall_seconds": round(report.wall_seconds, 3),
        "synthesis_seconds": round(report.work.synthesis_seconds, 3),
        "engine_seconds": round(report.work.engine_seconds, 3),
        "rtf": None if report.rtf is None else round(report.rtf, 3),
        "memory": asdict(report.memory),
        "flagged": len(report.flagged),
        "flagged_takes": flagged_rows(report.flagged),
        "coverage": coverage_json(report.coverage),
    }


def coverage_json(coverage: Coverage) -> dict[str, int]:
    """The character totals of the ledger."""
    return {
        "source_chars": coverage.source_chars,
        "spoken_chars": coverage.spoken_chars,
        "skipped_chars": coverage.skipped_chars,
        "unaccounted_chars": coverage.unaccounted_chars,
    }


def flagged_rows(flagged: Sequence[FlaggedTake]) -> list[dict[str, Any]]:
    """One row for each flagged take, as the table artifact and the JSON show it."""
    return [
        {
            "chapter": take.chapter_index + 1,
            "title": take.chapter,
            "utterance": take.utterance_index + 1,
            "text": take.text,
            "reason": "; ".join(take.reasons),
        }
        for take in flagged
    ]


def report_markdown(report: RunReport) -> str:
    """The report as a Markdown page (not indented, as Prefect wants it)."""
    lines = [
        f"# {_cell(report.title)}",
        "",
        f"{_cell(', '.join(report.authors)) or 'Unknown author'}, read by {_cell(report.narrator)}. "
        f"{clock(report.edition.seconds)} of audio, {report.utterances} utterances, "
        f"{report.rendered} rendered by this run"
        + (f" at a real-time factor of {report.rtf:.2f}." if report.rtf is not None else ".")
        + f" At most {report.memory.resident_bytes >> 20} MiB of memory were held.",
        "",
        "| # | chapter | starts at | length | flagged |",
        "|---|---|---|---|---|",
    ]
    for index, (title, start, end) in zip(report.chapter_indices, report.edition.chapters, strict=True):
        flagged = sum(take.chapter_index == index for take in report.flagged)
        lines.append(f"| {index + 1} | {_cell(title)} | {clock(start)} | {clock(end - start)} | {flagged} |")
    lines += ["", f"## Flagged takes: {len(report.flagged)}", ""]
    if report.flagged:
        lines += ["| chapter | text | reason |", "|---|---|---|"]
        lines += [
            f"| {_cell(take.chapter)} | {_cell(take.text)} | {_cell('; '.join(take.reasons))} |"
            for take in report.flagged[:MAX_FLAGGED_IN_MARKDOWN]
        ]
        if len(report.flagged) > MAX_FLAGGED_IN_MARKDOWN:
            lines.append(f"\n... and {len(report.flagged) - MAX_FLAGGED_IN_MARKDOWN} more in the table artifact.")
    coverage = report.coverage
    lines += [
        "",
        "## Coverage",
        "",
        f"{coverage.source_chars} source characters: {coverage.spoken_chars} spoken, {coverage.skipped_chars} skipped "
        f"by a named rule, {coverage.unaccounted_chars} unaccounted for.",
        "",
    ]
    return "\n".join(lines)


def clock(seconds: float) -> str:
    """Seconds as `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _cell(text: str) -> str:
    """Text that cannot break out of its table cell or turn into markup: book text is untrusted."""
    flat = " ".join(text.split())
    for character in "\\`*_[]<>|#":
        flat = flat.replace(character, f"\\{character}")
    return flat
