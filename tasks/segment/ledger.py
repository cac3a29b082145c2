"""Keeps the coverage ledger: what became of every character of the book. Must not use what the segmenter remembers.

It is computed from the book's blocks and the finished utterances alone, so that a fault of the segmenter shows.
Characters are counted without whitespace.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from storage.records import (
    Block,
    BlockKind,
    Book,
    Chapter,
    Coverage,
    LedgerEntry,
    LedgerState,
    Script,
    Utterance,
)
from tasks.annotate.vocabulary import SAYING_KINDS
from tasks.errors import CoverageError
from tasks.ingest.skips import SkipRule
from tasks.normalise.normalise import has_words
from tasks.normalise.rules.characters import unspeakable
from tasks.patterns import regexp

# What a character of a block is marked with; unmarked ones are decided by the block they are in.
_UNMARKED = 0
_ONCE = 1
_TWICE = 2
_UNSAID = 3
_UNSPEAKABLE = 4
_RUN = regexp(rb"(.)\1*", re.S)
_UNMARKED_RUN = regexp(rb"\0+")
# Words this long are in no abbreviation and no number: normalisation must leave them in the spoken text.
_KEPT_WORD = regexp(r"(?<![^\W_])[a-z]{6,}(?![^\W_])")

_SHOWN_CHARS = 60  # of a text in a message

_Fate = tuple[LedgerState, str]  # the state, and the rule or what is wrong
_FATES: dict[int, _Fate] = {
    _ONCE: (LedgerState.SPOKEN, ""),
    _TWICE: (LedgerState.UNACCOUNTED, "spoken twice"),
    _UNSAID: (LedgerState.UNACCOUNTED, "missing from what is said"),
    _UNSPEAKABLE: (LedgerState.SKIPPED, SkipRule.UNSPEAKABLE_CHARACTER),
}


def build(book: Book, utterances: Sequence[Utterance]) -> tuple[LedgerEntry, ...]:
    """Makes the ledger, chapter by chapter in reading order, then what was skipped while the book was read."""
    by_block: dict[tuple[int, int], list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_block[utterance.chapter_index, utterance.block_index].append(utterance)
    entries: list[LedgerEntry] = []
    for chapter in book.chapters:
        for block_index, block in enumerate(chapter.blocks):
            spoken = by_block.pop((chapter.index, block_index), [])
            entries += _block_entries(chapter.index, block, spoken)
    for skip in book.skipped:
        entries.append(LedgerEntry(skip.chapter_index, skip.text, _count(skip.text), LedgerState.SKIPPED, skip.rule))
    for strays in by_block.values():  # text that is in no block of the book
        entries += [_entry(u.chapter_index, u.text, (LedgerState.UNACCOUNTED, "not in the book")) for u in strays]
    return tuple(entries)


def coverage(ledger: Iterable[LedgerEntry]) -> Coverage:
    """Adds up a ledger, in characters without whitespace."""
    totals = dict.fromkeys(LedgerState, 0)
    for entry in ledger:
        totals[entry.state] += entry.chars
    return Coverage(
        source_chars=sum(totals.values()),
        spoken_chars=totals[LedgerState.SPOKEN],
        skipped_chars=totals[LedgerState.SKIPPED],
        unaccounted_chars=totals[LedgerState.UNACCOUNTED],
    )


def check(book: Book, script: Script) -> None:
    """Raises `CoverageError`, naming chapter and text, unless every character is spoken once or skipped by a rule.

    Recomputes the ledger: the one in the script is believed only when it says the same. It holds as well for a script
    that was read back from the database.
    """
    ledger = build(book, script.utterances)
    require_complete(book, script.utterances, ledger)
    if script.ledger != ledger or script.coverage != coverage(ledger):
        raise CoverageError(f"{book.title}: the coverage ledger does not match the text; please report the book")


def require_complete(book: Book, utterances: Sequence[Utterance], ledger: Iterable[LedgerEntry]) -> None:
    """Raises `CoverageError` where utterances are out of order, or their ledger has text that is unaccounted for."""
    _check_order(utterances)
    for entry in ledger:
        if entry.state == LedgerState.UNACCOUNTED:
            where = _name(book.chapters, entry.chapter_index)
            raise CoverageError(
                f"{where}: {_shorten(entry.text)} is {entry.rule}, so no audio was made; please report the book"
            )


def _check_order(utterances: Sequence[Utterance]) -> None:
    places = [(utterance.chapter_index, utterance.block_index, utterance.start) for utterance in utterances]
    for before, here, after in zip(places, places[1:], utterances[1:], strict=False):
        if before >= here:
            raise CoverageError(
                f"chapter {after.chapter_index + 1}: {_shorten(after.text)} is out of order; please report the book"
            )


def _block_entries(chapter_index: int, block: Block, utterances: Sequence[Utterance]) -> Iterator[LedgerEntry]:
    """Makes an entry for each run of characters that share a fate."""
    # 1. Mark each character, in one byte, by the utterances that hold it.
    marks = bytearray(len(block.text))
    pronounced = [(note.start, note.end) for note in block.markup if note.kind in SAYING_KINDS]
    for utterance in utterances:
        start = utterance.start
        end = min(utterance.end, len(block.text))
        is_true = block.text[utterance.start : utterance.end] == utterance.text and _says(utterance, pronounced)
        mark = _ONCE if is_true else _UNSAID
        here = marks[start:end]
        marks[start:end] = bytes(_TWICE if earlier else mark for earlier in here) if any(here) else [mark] * len(here)
    # 2. Mark what cannot be spoken, but for what markup gives words to.
    if utterances:
        _mark_unspeakable(block.text, marks, pronounced)
    # 3. The rest is decided by the block.
    fates = _FATES | {_UNMARKED: _fate_of_the_rest(block, marks)}
    for run in _RUN.finditer(marks):
        text = block.text[run.start() : run.end()].strip()
        if text:
            yield _entry(chapter_index, text, fates[run[0][0]])


def _mark_unspeakable(text: str, marks: bytearray, pronounced: Sequence[tuple[int, int]]) -> None:
    """Marks the characters of a block that cannot be spoken and that no markup gives words to."""
    for start, end in unspeakable(text):
        for position in range(start, end):
            has_words_by_markup = marks[position] == _ONCE and _overlaps(pronounced, position, position + 1)
            if marks[position] in (_UNMARKED, _ONCE) and not has_words_by_markup:
                marks[position] = _UNSPEAKABLE


def _fate_of_the_rest(block: Block, marks: bytearray) -> _Fate:
    """Says what became of the characters that no utterance covers: skipped with a silent block, or unaccounted."""
    if block.kind == BlockKind.SCENE_BREAK:
        return LedgerState.SKIPPED, SkipRule.SCENE_BREAK
    rest = "".join(block.text[run.start() : run.end()] for run in _UNMARKED_RUN.finditer(marks))
    for start, end in reversed(unspeakable(rest)):
        rest = rest[:start] + rest[end:]
    if not has_words(rest):
        return LedgerState.SKIPPED, SkipRule.NOTHING_TO_SAY
    return LedgerState.UNACCOUNTED, "not spoken"


def _says(utterance: Utterance, pronounced: Sequence[tuple[int, int]]) -> bool:
    """Tells whether the spoken text holds words, and every long plain word of the text that no markup replaces."""
    spoken = utterance.spoken.lower()
    words = _KEPT_WORD.finditer(utterance.text)
    return has_words(spoken) and all(
        word[0] in spoken or _overlaps(pronounced, utterance.start + word.start(), utterance.start + word.end())
        for word in words
    )


def _overlaps(ranges: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(first < end and start < last for first, last in ranges)


def _entry(chapter_index: int | None, text: str, fate: _Fate) -> LedgerEntry:
    return LedgerEntry(chapter_index, text, _count(text), fate[0], fate[1])


def _count(text: str) -> int:
    return len("".join(text.split()))


def _name(chapters: Sequence[Chapter], index: int | None) -> str:
    if index is None or not 0 <= index < len(chapters):
        return "outside of any chapter"
    return f"chapter {index + 1} ({chapters[index].title})"


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 3] + "...")
