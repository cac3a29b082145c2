"""`write_script`: a book's blocks to the utterances that will be spoken, with typed pauses and the coverage ledger.

Must not know where books come from, how speech is made, or how long pauses last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from configs.settings import SegmentSettings
from storage.records import Block, BlockKind, Book, Chapter, PauseKind, Script, Utterance
from tasks.segment import ledger
from tasks.segment.cut import pieces_of
from tasks.segment.normalise import normalise
from tasks.segment.rules.base import Context
from tasks.segment.sentences import SentenceSplitter

# Text this many times longer than `max_chars` cannot fit whatever its words: no need to normalise it to know.
_HOPELESS = 8


@dataclass(frozen=True)
class _Limits:
    """What an utterance's spoken text may be."""

    min_chars: int
    max_chars: int
    max_tokens: int
    token_count: Callable[[str], int]

    def allow(self, spoken: str) -> bool:
        return len(spoken) <= self.max_chars and self.token_count(spoken) <= self.max_tokens


def write_script(book: Book, settings: SegmentSettings, token_count: Callable[[str], int], max_tokens: int) -> Script:
    """Utterances in reading order, each within `settings.max_chars` and `max_tokens` of its spoken text.

    Args:
        book: as read by `tasks.ingest`.
        settings: lengths in characters.
        token_count: text tokens of a spoken text, as the engine counts them.
        max_tokens: most tokens that one utterance may have.

    Raises:
        CoverageError: text would be lost or said twice; a fault of ours.
        BadInputError: the limits leave no room for a single character.
    """
    splitter = SentenceSplitter(block.text for chapter in book.chapters for block in chapter.blocks)
    counted = lru_cache(maxsize=16384)(token_count)
    limits = _Limits(settings.min_chars, settings.max_chars, max_tokens, counted)
    british = book.language.lower().startswith("en-gb")
    utterances = tuple(
        utterance for chapter in book.chapters for utterance in _chapter(chapter, splitter, limits, british)
    )
    entries = ledger.build(book, utterances)
    script = Script(utterances, entries, ledger.coverage(entries))
    ledger.check(book, script)
    return script


def _chapter(chapter: Chapter, splitter: SentenceSplitter, limits: _Limits, british: bool) -> list[Utterance]:
    utterances: list[Utterance] = []
    for block_index, block in enumerate(chapter.blocks):
        if block.kind == BlockKind.SCENE_BREAK:
            if utterances:
                utterances[-1] = replace(utterances[-1], pause=PauseKind.SCENE)
            continue
        for spoken in _block(chapter.index, block_index, block, splitter, limits, british):
            utterances.append(replace(spoken, index=len(utterances)))
    if utterances:
        utterances[-1] = replace(utterances[-1], pause=PauseKind.CHAPTER)
    return utterances


def _block(
    chapter_index: int, block_index: int, block: Block, splitter: SentenceSplitter, limits: _Limits, british: bool
) -> Iterator[Utterance]:
    """The utterances of one block; the last has the pause that follows a block of its kind."""
    text, context = block.text, Context(british, block.kind)

    def fits(start: int, end: int) -> bool:
        return end - start <= _HOPELESS * limits.max_chars and limits.allow(normalise(text[start:end], context))

    heading = block.kind == BlockKind.HEADING
    sentences = [(0, len(text))] if heading else splitter.spans(text)
    pieces = pieces_of(text, sentences, fits, limits.min_chars)
    pieces = [piece for piece in pieces if normalise(text[piece.start : piece.end], context)]
    for number, piece in enumerate(pieces, start=1):
        pause = piece.pause
        if number == len(pieces):
            pause = PauseKind.HEADING if heading else PauseKind.PARAGRAPH
        source = text[piece.start : piece.end]
        spoken = normalise(source, context)
        yield Utterance(
            chapter_index, 0, block_index, piece.start, piece.end, source, spoken, pause, is_heading=heading
        )
