"""`plan`: what will be spoken and what is skipped, as plain data for `talepress plan`. Must not read or render."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from configs.settings import StitchSettings
from storage.records import Book, LedgerState, Script, Utterance


def plan(book: Book, script: Script, seconds_per_char: float, stitch: StitchSettings) -> dict[str, Any]:
    """The plan as JSON-ready data.

    Keys: `title`, `authors`, `language`, `chapters` [`title`, `seconds`, `utterances` [`text`, `spoken`, `pause`]],
    `skipped` [`text`, `rule`], `coverage` [`source_chars`, `spoken_chars`, `skipped_chars`, `unaccounted_chars`],
    `forecast_seconds` and `warnings`.

    Args:
        seconds_per_char: speech rate of the voice: seconds of audio per character of spoken text.
        stitch: the silences between utterances.
    """
    by_chapter: dict[int, list[Utterance]] = {chapter.index: [] for chapter in book.chapters}
    for utterance in script.utterances:
        by_chapter[utterance.chapter_index].append(utterance)
    seconds = [round(_seconds(utterances, seconds_per_char, stitch), 1) for utterances in by_chapter.values()]
    chapters = [
        {
            "title": chapter.title,
            "seconds": seconds[chapter.index],
            "utterances": [
                {"text": utterance.text, "spoken": utterance.spoken, "pause": utterance.pause.value}
                for utterance in by_chapter[chapter.index]
            ],
        }
        for chapter in book.chapters
    ]
    return {
        "title": book.title,
        "authors": list(book.authors),
        "language": book.language,
        "chapters": chapters,
        "skipped": [
            {"text": entry.text, "rule": entry.rule} for entry in script.ledger if entry.state == LedgerState.SKIPPED
        ],
        "coverage": asdict(script.coverage),
        "forecast_seconds": round(sum(seconds), 1),
        "warnings": list(book.warnings),
    }


def _seconds(utterances: list[Utterance], seconds_per_char: float, stitch: StitchSettings) -> float:
    """Forecast length of a chapter's audio."""
    if not utterances:
        return 0.0
    pauses: dict[str, float] = stitch.pauses.model_dump()
    speech = sum(len(utterance.spoken) for utterance in utterances) * seconds_per_char
    return stitch.head_s + speech + sum(pauses[utterance.pause.value] for utterance in utterances) + stitch.tail_s
