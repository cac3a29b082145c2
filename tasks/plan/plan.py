"""Tells what will be spoken and what is skipped, as plain data for `talepress plan`. Must not read or render."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from configs.settings import StitchSettings
from storage.records import Book, LedgerState, MarkupKind, Script, Utterance
from tasks.annotate.annotate import Findings
from tasks.annotate.plays import speakers_of
from tasks.ingest.skips import SkipRule
from tasks.normalise.rules.characters import foreign_scripts
from tasks.pauses import pause_seconds
from tasks.segment.saying import problem_of
from tortoise_core.text.notation import respelled

_FIRST_WORDS = 8
_LONG_WORD = re.compile(r"[^\W\d_]{31,}|\S{60,}")
_ORNAMENTS = frozenset("*_~•·#|\\§¶†‡❦☙❧✻✽✦⁂※")  # silent, and no loss to a listener
_EXAMPLES = 5
_KINDS_SHOWN = 20
_SHOWN_CHARS = 80


def plan(
    book: Book, script: Script, seconds_per_char: float, stitch: StitchSettings, findings: Findings | None = None
) -> dict[str, Any]:
    """Makes the plan of a book as JSON-ready data.

    Keys: `title`, `authors`, `language`, `chapters` [`title`, `seconds`, `words`, `first_words`, `utterances` [`text`,
    `spoken`, `pause`; `voice` and `pause_seconds` where the text asks for them]], `words`, `skipped` [`text`, `rule`],
    `coverage` [`source_chars`, `spoken_chars`, `skipped_chars`, `unaccounted_chars`], `forecast_seconds`, `suspicious`
    [`kind`, `text`, `count`, `examples`], `cast` [`quotations`, `marked`, `unattributed`], `speakers` (of a play, by
    name, with how many speeches they have) and `warnings`.

    Args:
        seconds_per_char: speech rate of the voice: seconds of audio per character of spoken text.
        stitch: the silences between utterances.
        findings: what annotating the book found.
    """
    findings = findings or Findings()
    # 1. Sort the utterances by chapter.
    by_chapter: dict[int, list[Utterance]] = {chapter.index: [] for chapter in book.chapters}
    for utterance in script.utterances:
        by_chapter[utterance.chapter_index].append(utterance)
    # 2. Describe each chapter.
    chapters: list[dict[str, Any]] = [
        {
            "title": chapter.title,
            "seconds": round(_seconds(by_chapter[chapter.index], seconds_per_char, stitch), 1),
            "words": sum(len(utterance.text.split()) for utterance in by_chapter[chapter.index]),
            "first_words": _first_words(by_chapter[chapter.index]),
            "utterances": [_utterance(utterance) for utterance in by_chapter[chapter.index]],
        }
        for chapter in book.chapters
    ]
    # 3. Add them up, and say what is skipped and what looks wrong.
    return {
        "title": book.title,
        "authors": list(book.authors),
        "language": book.language,
        "chapters": chapters,
        "words": sum(chapter["words"] for chapter in chapters),
        "skipped": [
            {"text": entry.text, "rule": entry.rule} for entry in script.ledger if entry.state == LedgerState.SKIPPED
        ],
        "coverage": asdict(script.coverage),
        "forecast_seconds": round(sum(chapter["seconds"] for chapter in chapters), 1),
        "suspicious": list(_suspicious(book, script, findings)),
        "cast": _cast(findings),
        "speakers": speakers_of(book),
        "warnings": list(book.warnings),
    }


def _utterance(utterance: Utterance) -> dict[str, Any]:
    """Describes one utterance; voice and seconds of pause only where the text asks for them."""
    row: dict[str, Any] = {"text": utterance.text, "spoken": utterance.spoken, "pause": utterance.pause.value}
    if utterance.voice:
        row["voice"] = utterance.voice
    if utterance.pause_s is not None:
        row["pause_seconds"] = utterance.pause_s
    return row


def _first_words(utterances: Sequence[Utterance]) -> str:
    """Returns the beginning of a chapter's text: after its headings, unless it has nothing else."""
    body = [utterance.text for utterance in utterances if not utterance.is_heading]
    shown = body[:_FIRST_WORDS] or [utterance.text for utterance in utterances[:_FIRST_WORDS]]
    return " ".join(" ".join(shown).split()[:_FIRST_WORDS])


def _seconds(utterances: Sequence[Utterance], seconds_per_char: float, stitch: StitchSettings) -> float:
    """Forecasts the length of a chapter's audio, in seconds."""
    if not utterances:
        return 0.0
    speech = sum(len(respelled(utterance.spoken)) for utterance in utterances) * seconds_per_char
    pauses = sum(pause_seconds(utterance, stitch.pauses) for utterance in utterances)
    return stitch.head_s + speech + pauses + stitch.tail_s


def _cast(findings: Findings) -> dict[str, Any]:
    """Counts the quotations of each character; empty where no cast was given."""
    if findings.cast is None:
        return {}
    return {
        "quotations": dict(sorted(findings.cast.by_character.items())),
        "marked": findings.cast.by_markup,
        "unattributed": len(findings.cast.unattributed),
    }


def _suspicious(book: Book, script: Script, findings: Findings) -> Iterator[dict[str, Any]]:
    """Lists what a person should look at before hours are spent on it."""
    yield from _suspicious_characters(script)
    long_words = Counter(word for u in script.utterances for word in _LONG_WORD.findall(u.text))
    for word, count in long_words.most_common(_KINDS_SHOWN):
        yield _row("long-word", word[:_SHOWN_CHARS], count)
    yield from _suspicious_markup(book)
    if findings.cast is not None and findings.cast.unattributed:
        quotes = [quote[:_SHOWN_CHARS] for _, quote in findings.cast.unattributed]
        yield _row("unattributed-quotations", "read by the narrator", len(quotes), quotes[:_EXAMPLES])
    if findings.heteronyms is not None:
        for word, count in sorted(findings.heteronyms.counts.items()):
            yield _row("heteronym", word, count, findings.heteronyms.places[word])


def _suspicious_characters(script: Script) -> Iterator[dict[str, Any]]:
    """Lists characters that nobody can speak, and words in other scripts than Latin."""
    unknown: Counter[str] = Counter()
    for entry in script.ledger:
        if entry.rule == SkipRule.UNSPEAKABLE_CHARACTER:
            unknown.update(c for c in entry.text if c not in _ORNAMENTS and not c.isspace())
    for character, count in unknown.most_common(_KINDS_SHOWN):
        yield _row("unknown-character", f"{character} (U+{ord(character):04X})", count)
    scripts: dict[str, Counter[str]] = defaultdict(Counter)
    for utterance in script.utterances:
        for word, name in foreign_scripts(utterance.text).items():
            scripts[name][word] += 1
    for name, words in sorted(scripts.items()):
        yield _row("foreign-script", name, words.total(), [word for word, _ in words.most_common(_EXAMPLES)])


def _suspicious_markup(book: Book) -> Iterator[dict[str, Any]]:
    """Lists stretches in other languages, and markup that cannot be followed."""
    languages: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    for chapter in book.chapters:
        for number, block in enumerate(chapter.blocks):
            for note in block.markup:
                if note.kind == MarkupKind.LANGUAGE:
                    languages[note.value] += 1
                elif problem := problem_of(block.text[note.start : note.end], note):
                    problems[problem] += 1
                if note.kind == MarkupKind.PAUSE and note.start == number == 0:
                    problems[f"a pause before the first words of {chapter.title!r} is not made"] += 1
    for language, count in languages.most_common(_KINDS_SHOWN):
        yield _row("foreign-language", language, count)
    for problem, count in problems.most_common(_KINDS_SHOWN):
        yield _row("markup", problem, count)


def _row(kind: str, text: str, count: int, examples: Iterable[str] = ()) -> dict[str, Any]:
    return {"kind": kind, "text": text, "count": count, "examples": list(examples)}
