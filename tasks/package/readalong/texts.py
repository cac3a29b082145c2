"""Makes texts for a read-along of an edition's timeline and the book whose blocks know their places in the file.

Must not know zip archives, XHTML or how words were timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from storage.records import Block, Book, Chapter
from tasks.ingest.events import TracedBlock
from tasks.ingest.html.places import ABSENT
from tasks.package.readalong.clips import SpokenChapter, SpokenText
from tasks.package.timeline import TimedChapter, TimedUtterance, Timeline


def spoken_chapters(timeline: Timeline, book: Book, grain: str) -> list[SpokenChapter]:
    """Makes a text of every utterance, or of every word of it, chapter by chapter.

    Args:
        timeline: the edition's; the audio of chapter n is file n.
        book: the edition's, its blocks traced; see `read_book`.
        grain: "sentence" or "word".
    """
    chapters = []
    for number, chapter in enumerate(timeline.chapters):
        read = book.chapters[chapter.index]
        documents = frozenset(read.blocks[utterance.block].source for utterance in chapter.utterances)
        texts = partial(_texts_in, number, chapter, read, timeline.sample_rate, grain)
        chapters.append(SpokenChapter(documents, texts))
    return chapters


def _texts_in(number: int, chapter: TimedChapter, read: Chapter, rate: int, grain: str) -> list[SpokenText]:
    return [
        text
        for utterance in chapter.utterances
        for text in _texts(number, utterance, read.blocks[utterance.block], rate, grain)
    ]


def _texts(number: int, utterance: TimedUtterance, block: Block, rate: int, grain: str) -> Iterator[SpokenText]:
    """Yields the texts of one utterance: itself, or its words where they are asked for and known."""
    whole = (utterance.start, utterance.end, utterance.start_sample, utterance.end_sample)
    words = [(word.start, word.end, word.start_sample, word.end_sample) for word in utterance.words]
    origins = block.origins if isinstance(block, TracedBlock) else (ABSENT,) * len(block.text)
    marks = tuple(
        (place, start * 1000 // rate)
        for begin, end, start, _ in words
        if (place := next((origins[at] for at in range(begin, end) if origins[at] != ABSENT), ABSENT)) != ABSENT
    )
    for begin, end, start, stop in _apart(words, origins) if grain == "word" and words else [whole]:
        places = [at for at in range(begin, end) if origins[at] != ABSENT]
        yield SpokenText(
            audio=number,
            document=block.source,
            letters="".join(block.text[at] for at in places),
            places=tuple(origins[at] for at in places),
            start_ms=start * 1000 // rate,
            end_ms=stop * 1000 // rate,
            text=block.text[begin:end],
            marks=marks,
        )


def _apart(words: Sequence[tuple[int, int, int, int]], origins: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Puts the words of a picture's description together, since they light up one place; others stay apart."""
    apart: list[tuple[int, int, int, int]] = []
    for begin, end, start, stop in words:
        if apart and origins[begin] != ABSENT and origins[begin] == origins[apart[-1][1] - 1]:
            first = apart.pop()
            apart.append((first[0], end, first[2], stop))
        else:
            apart.append((begin, end, start, stop))
    return apart
