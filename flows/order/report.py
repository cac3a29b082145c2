"""The report of a run, as one record, and its forms: JSON, Markdown, table rows.

The command line, the Prefect artifacts and the tests all print from here, so they cannot disagree. Pure functions:
knows nothing of Prefect, of terminals or of the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flows.order.resources import PeakMemory
from storage.records import Coverage, Edition, RunState
from tasks.counting import counted
from tasks.review.doubts import in_words
from tasks.voices.catalogue import VoiceCredit

if TYPE_CHECKING:
    from tasks.delivery.rules import Delivery

MAX_FLAGGED_IN_MARKDOWN = 200  # Prefect shows the page whole; the table artifact holds every row


@dataclass(frozen=True)
class FlaggedTake:
    """A chosen take that the checks doubt."""

    chapter_index: int
    chapter: str
    utterance_index: int
    text: str
    reasons: tuple[str, ...]  # as the checks put them

    @property
    def doubt(self) -> str:
        """The reasons in words for listeners, and as the checks put them."""
        words = "; ".join(in_words(self.reasons))
        reasons = "; ".join(self.reasons)
        return words if words == reasons else f"{words} ({reasons})"


@dataclass(frozen=True)
class ChapterLevel:
    """How loud a chapter came out."""

    loudness_lufs: float
    true_peak_dbtp: float
    misses_target: bool  # by so much that listeners would notice


@dataclass(frozen=True)
class Work:
    """What a run did itself, besides what it found done."""

    takes: int = 0
    utterances: int = 0  # that those takes are of: a doubtful one is spoken several times
    take_seconds: float = 0.0  # audio of those takes, kept or not
    synthesis_seconds: float = 0.0  # wall time of making them
    engine_seconds: float = 0.0  # that engines worked, in whatever process: more than the above where several do


@dataclass(frozen=True)
class WholeBook:
    """How the book stands of which a run was asked to make all or a part."""

    chapters: int
    utterances: int
    spoken: int  # utterances that have a take
    seconds: float  # of those takes
    coverage: Coverage


@dataclass(frozen=True)
class RunReport:
    """The outcome of one run of a book flow. Figures are of what was asked for, but for those of `whole`."""

    title: str
    authors: tuple[str, ...]
    narrator: str
    voices: tuple[VoiceCredit, ...]  # that speak, the first to speak first
    state: RunState
    edition: Edition
    kept: tuple[str, ...]  # paths that had the edition's name already, and stay as they are
    replaced: tuple[str, ...]  # paths that had other bytes before
    cover: str  # what is to be said of it
    levels: tuple[ChapterLevel, ...]  # of the edition's chapters
    target_lufs: float  # the loudness that chapters should have
    chapter_indices: tuple[int, ...]  # of the edition's chapters, counted from 0 in the book
    utterances: int
    work: Work
    wall_seconds: float  # of the whole run
    memory: PeakMemory  # of this process
    flagged: tuple[FlaggedTake, ...]
    coverage: Coverage
    whole: WholeBook
    losses: tuple[str, ...] = ()  # what was left out of the book by a guess, where it is much or prose
    page: str = ""  # path of the page that needs no server; empty where there is none
    waits_for: str = ""  # what a person must hear before the edition is published; empty where it is published
    review: str = ""  # address of the page where that is done
    deliveries: tuple[Delivery, ...] = ()  # what shops' rules say of the files that this run made for them

    @property
    def is_partial(self) -> bool:
        """Whether less than the book was asked for."""
        return len(self.chapter_indices) < self.whole.chapters

    @property
    def rtf(self) -> float | None:
        """Real-time factor: wall seconds per second of newly rendered audio; None when nothing was rendered."""
        return self.work.synthesis_seconds / self.work.take_seconds if self.work.take_seconds else None

    @property
    def chapters(self) -> Iterator[tuple[int, tuple[str, float, float], ChapterLevel]]:
        """The edition's chapters: index in the book; title, start and end in seconds; level."""
        return zip(self.chapter_indices, self.edition.chapters, self.levels, strict=True)

    @property
    def rendered(self) -> int:
        """Takes made by this run; 0 when every take existed."""
        return self.work.takes


def report_json(report: RunReport) -> dict[str, Any]:
    """Makes the report as JSON-ready values: what `talepress make --json` prints."""
    return {
        "title": report.title,
        "authors": list(report.authors),
        "narrator": report.narrator,
        "cover": report.cover,
        "voices": [asdict(voice) for voice in report.voices],
        "state": report.state.value,
        "files": [
            {"kind": file.kind, "path": file.path, "sha256": file.sha256, "bytes": file.bytes}
            for file in report.edition.files
        ],
        "kept": list(report.kept),
        "replaced": list(report.replaced),
        "chapters": [
            {
                "chapter": index + 1,
                "title": title,
                "start": round(start, 3),
                "end": round(end, 3),
                "loudness_lufs": round(level.loudness_lufs, 2),
                "true_peak_dbtp": round(level.true_peak_dbtp, 2),
                "misses_target": level.misses_target,
            }
            for index, (title, start, end), level in report.chapters
        ],
        "target_lufs": report.target_lufs,
        "utterances": report.utterances,
        "rendered": report.rendered,
        "rendered_utterances": report.work.utterances,
        "audio_seconds": round(report.edition.seconds, 3),
        "wall_seconds": round(report.wall_seconds, 3),
        "synthesis_seconds": round(report.work.synthesis_seconds, 3),
        "engine_seconds": round(report.work.engine_seconds, 3),
        "rtf": None if report.rtf is None else round(report.rtf, 3),
        "memory": asdict(report.memory),
        "flagged": len(report.flagged),
        "losses": list(report.losses),
        "page": report.page,
        "waits_for": report.waits_for,
        "review": report.review,
        "deliveries": deliveries_json(report.deliveries),
        "flagged_takes": flagged_rows(report.flagged),
        "coverage": coverage_json(report.coverage),
        "whole_book": {
            "chapters": report.whole.chapters,
            "utterances": report.whole.utterances,
            "spoken": report.whole.spoken,
            "audio_seconds": round(report.whole.seconds, 3),
            "coverage": coverage_json(report.whole.coverage),
        },
    }


def deliveries_json(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Makes the findings as JSON-ready values."""
    return [
        {
            "path": str(delivery.path),
            "shop": delivery.shop,
            "meets_the_technical_numbers": delivery.passed,
            "findings": [
                {"rule": found.rule, "value": found.value, "limit": found.limit, "passed": found.passed}
                for found in delivery.findings
            ],
        }
        for delivery in deliveries
    ]


def flagged_sentence(report: RunReport) -> str:
    """How much of what was asked for is doubtful, for a state or a row."""
    return f"{len(report.flagged)} of {report.utterances} utterances have doubtful takes"


def coverage_json(coverage: Coverage) -> dict[str, int]:
    """Returns the character totals of the ledger."""
    return {
        "source_chars": coverage.source_chars,
        "spoken_chars": coverage.spoken_chars,
        "skipped_chars": coverage.skipped_chars,
        "unaccounted_chars": coverage.unaccounted_chars,
    }


def flagged_rows(flagged: Sequence[FlaggedTake]) -> list[dict[str, Any]]:
    """Makes a row for each flagged take, as the table artifact and the JSON show it."""
    return [
        {
            "chapter": take.chapter_index + 1,
            "title": take.chapter,
            "utterance": take.utterance_index + 1,
            "text": take.text,
            "doubt": "; ".join(in_words(take.reasons)),
            "reason": "; ".join(take.reasons),
        }
        for take in flagged
    ]


def report_markdown(report: RunReport) -> str:
    """Writes the report as a Markdown page (not indented, as Prefect wants it)."""
    lines = [
        f"# {_cell(report.title)}",
        "",
        f"{_cell(', '.join(report.authors)) or 'Unknown author'}, read by {_cell(report.narrator)}. "
        f"{clock(report.edition.seconds)} of audio, {counted(report.utterances, 'utterance')}; this run rendered "
        f"{rendered_sentence(report.work)}"
        + (f" at a real-time factor of {report.rtf:.2f}." if report.rtf is not None else ".")
        + f" At most {report.memory.resident_bytes >> 20} MiB of memory were held. Cover: {report.cover}.",
        "",
        "| # | chapter | starts at | length | LUFS | flagged |",
        "|---|---|---|---|---|---|",
    ]
    for index, (title, start, end), level in report.chapters:
        flagged = sum(take.chapter_index == index for take in report.flagged)
        lines.append(
            f"| {index + 1} | {_cell(title)} | {clock(start)} | {clock(end - start)} | {level.loudness_lufs:.1f} "
            f"| {flagged} |"
        )
    lines += ["", *(f"- {_cell(note)}" for note in (*loudness_notes(report), *report.losses))]
    if report.waits_for:
        lines += ["", f"**Not published yet: {report.waits_for}.** [Hear and decide]({report.review})"]
    lines += ["", f"## Flagged takes: {len(report.flagged)}", ""]
    if report.flagged:
        lines += ["| chapter | text | reason |", "|---|---|---|"]
        lines += [
            f"| {_cell(take.chapter)} | {_cell(take.text)} | {_cell(take.doubt)} |"
            for take in report.flagged[:MAX_FLAGGED_IN_MARKDOWN]
        ]
        if len(report.flagged) > MAX_FLAGGED_IN_MARKDOWN:
            lines.append(f"\n... and {len(report.flagged) - MAX_FLAGGED_IN_MARKDOWN} more in the table artifact.")
    lines += ["", "## Voices", "", "| voice | description | made from | licence of that |", "|---|---|---|---|"]
    for voice in report.voices:
        cells = (voice.name, voice.description, voice.made_from, voice.licence)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    lines += ["", "## Coverage", ""]
    if report.is_partial:
        lines += [f"Of the chapters asked for: {coverage_sentence(report.coverage)}.", ""]
    lines += [f"Of the whole book: {coverage_sentence(report.whole.coverage)}.", ""]
    return "\n".join(lines)


def loudness_notes(report: RunReport) -> list[str]:
    """Makes a sentence for each chapter that did not come out at the loudness that was asked for."""
    return [
        f"Chapter {index + 1}, {title}, has {level.loudness_lufs:.1f} LUFS instead of {report.target_lufs:.1f}: it "
        "is silent, or one peak stands so far above its speech that more limiting would be heard; listen to it."
        for index, (title, _, _), level in report.chapters
        if level.misses_target
    ]


def coverage_sentence(coverage: Coverage) -> str:
    """The character totals of the ledger in words."""
    return (
        f"{coverage.source_chars} source characters, {coverage.spoken_chars} spoken, {coverage.skipped_chars} skipped "
        f"by a named rule, {coverage.unaccounted_chars} unaccounted for"
    )


def rendered_sentence(work: Work) -> str:
    """How many takes a run made, and why they are more than utterances."""
    if not work.takes:
        return "nothing"
    again = " (doubtful ones are spoken again)" if work.takes > work.utterances else ""
    return f"{counted(work.takes, 'take')} of {counted(work.utterances, 'utterance')}{again}"


def clock(seconds: float) -> str:
    """Writes seconds as `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _cell(text: str) -> str:
    """Makes text that cannot break out of its table cell or turn into markup: book text is untrusted."""
    flat = " ".join(text.split())
    for character in "\\`*_[]<>|#":
        flat = flat.replace(character, f"\\{character}")
    return flat
