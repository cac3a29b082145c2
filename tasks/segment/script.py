"""Writes a book's script: the utterances that will be spoken, with typed pauses and the coverage ledger.

Must not know where books and their markup come from, how speech is made, or how long pauses last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from configs.settings import SegmentSettings
from storage.records import Block, BlockKind, Book, Chapter, MarkupKind, PauseKind, Script, Utterance
from tasks.annotate.readers import value_between
from tasks.errors import BadInputError
from tasks.ingest.plain.headings import heading_of
from tasks.normalise.rules.base import Context, is_british
from tasks.patterns import regexp
from tasks.segment import ledger
from tasks.segment.cut import Part, parts_of
from tasks.segment.saying import Saying
from tasks.segment.sentences import SentenceSplitter
from tasks.voices.references import directed_text, parse_reference

# Text this many times longer than `max_chars` cannot fit whatever its words: no need to normalise it to know.
_HOPELESS = 8
_SHOWN_CHARS = 60  # of a text in a message
_LINE = regexp(r"[^\n]+")


@dataclass(frozen=True)
class _Limits:
    """The limits of an utterance, in characters and tokens of its spoken text."""

    min_chars: int
    max_chars: int
    max_tokens: int
    token_count: Callable[[str], int]

    def allow(self, spoken: str, direction: str) -> bool:
        """Tells whether a text may be an utterance of a voice that speaks with that direction, which may be ""."""
        said = directed_text(direction, spoken)
        return len(spoken) <= self.max_chars and self.token_count(said) <= self.max_tokens


@dataclass(frozen=True)
class _Section:
    """A part of a block that one voice reads without a pause that the text asks for; `pause` is what ends it, or ""."""

    start: int
    end: int
    voice: str
    pause: str


def write_script(
    book: Book, settings: SegmentSettings, token_count: Callable[[str], int], max_tokens: int, narrator: str = ""
) -> Script:
    """Cuts a book into utterances in reading order, each within `settings.max_chars` and `max_tokens` as spoken.

    The tokens of a voice's direction count as well, because it is spoken before each utterance.

    Args:
        book: as read by `tasks.ingest`, its markup complete: values of voices are names of voices.
        settings: lengths in characters.
        token_count: text tokens of a spoken text as the engine counts them, or more where that is within the limit.
        max_tokens: most tokens that one utterance may have.
        narrator: the voice that reads where the markup names none; only its direction, if it has one, is heeded.

    Raises:
        CoverageError: text would be lost or spoken twice; a fault of ours.
        BadInputError: the limits leave no room for a single character, or for words that markup puts in place of a
            text.
    """
    splitter = SentenceSplitter(block.text for chapter in book.chapters for block in chapter.blocks)
    counted = lru_cache(maxsize=16384)(token_count)
    limits = _Limits(settings.min_chars, settings.max_chars, max_tokens, counted)
    british = is_british(settings.locale, book.language)
    writer = _Writer(splitter, limits, british, narrator)
    utterances = tuple(utterance for chapter in book.chapters for utterance in writer.chapter(chapter))
    entries = ledger.build(book, utterances)
    ledger.require_complete(book, utterances, entries)
    return Script(utterances, entries, ledger.coverage(entries))


@dataclass(frozen=True)
class _Writer:
    """Writes one book's chapters."""

    splitter: SentenceSplitter
    limits: _Limits
    british: bool
    narrator: str

    def chapter(self, chapter: Chapter) -> list[Utterance]:
        """Writes the utterances of one chapter, with the pauses between its blocks."""
        utterances: list[Utterance] = []
        for block_index, block in enumerate(chapter.blocks):
            if block.kind == BlockKind.SCENE_BREAK:
                if utterances:
                    utterances[-1] = replace(utterances[-1], pause=PauseKind.SCENE)
                continue
            following = chapter.blocks[block_index + 1].kind if block_index + 1 < len(chapter.blocks) else None
            _ask_for_pauses(utterances, block, at=0)
            before = len(utterances)
            self._block(utterances, chapter.index, block_index, block)
            if len(utterances) > before:
                utterances[-1] = replace(utterances[-1], pause=_after_block(block.kind, following))
            _ask_for_pauses(utterances, block, at=len(block.text))
        if utterances:
            utterances[-1] = replace(utterances[-1], pause=PauseKind.CHAPTER)
        return utterances

    def _block(self, utterances: list[Utterance], chapter_index: int, block_index: int, block: Block) -> None:
        """Appends the utterances of one block."""
        saying = Saying(block, Context(self.british, block.kind))
        sections = _sections(block)
        self._require_room(saying, block, sections)
        sentences = self._sentences(saying.text, block.kind)
        # "Chapter I" stands alone, and so does a line of verse.
        alone = block.kind == BlockKind.HEADING or (block.kind == BlockKind.VERSE and "\n" in saying.text)
        min_chars = 0 if alone else self.limits.min_chars
        for section in sections:
            for part in self._parts(saying, sentences, section, min_chars):
                spoken = saying.spoken(part.start, part.end)
                if spoken:
                    utterance = Utterance(
                        chapter_index=chapter_index,
                        index=len(utterances),
                        block_index=block_index,
                        start=part.start,
                        end=part.end,
                        text=block.text[part.start : part.end],
                        spoken=spoken,
                        pause=_within_block(part, saying.text, block.kind),
                        is_heading=block.kind == BlockKind.HEADING,
                        voice=section.voice,
                    )
                    utterances.append(utterance)
            if section.pause and section.end < len(block.text):
                _ask_for_pause(utterances, section.pause)

    def _sentences(self, text: str, kind: BlockKind) -> list[tuple[int, int]]:
        """Finds the sentences of a block: a heading's number and its title are one each, a line of verse is one."""
        if kind == BlockKind.HEADING:
            return list(_heading_spans(text))
        if kind == BlockKind.VERSE and "\n" in text:
            return [line.span() for line in _LINE.finditer(text)]
        return self.splitter.spans(text)

    def _parts(
        self, saying: Saying, sentences: Sequence[tuple[int, int]], section: _Section, min_chars: int
    ) -> Iterator[Part]:
        """Cuts a section into parts of `min_chars` or more. Each fits, and no marked stretch lies in two."""
        direction = self._direction(section)

        def fits(start: int, end: int) -> bool:
            plain = end - start - saying.marked_chars
            return plain <= _HOPELESS * self.limits.max_chars and self.limits.allow(
                saying.spoken(start, end), direction
            )

        inside = [
            (max(start, section.start), min(end, section.end))
            for start, end in sentences
            if start < section.end and end > section.start
        ]
        ends = {end for _, end in sentences}
        parts = parts_of(saying.text, inside, fits, min_chars)
        for part in _around_stretches(parts, saying):
            cut_off = part.end == parts[-1].end and section.end not in ends and section.end < len(saying.text)
            yield replace(part, pause=PauseKind.CLAUSE) if cut_off else part

    def _direction(self, section: _Section) -> str:
        return parse_reference(section.voice or self.narrator).direction

    def _require_room(self, saying: Saying, block: Block, sections: Sequence[_Section]) -> None:
        """Raises `BadInputError` where markup puts more words in place of a text than an utterance may have."""
        for stretch in saying.stretches:
            section = next(section for section in sections if section.start <= stretch.start < section.end)
            if not self.limits.allow(stretch.spoken, self._direction(section)):
                raise BadInputError(
                    f"{block.source}: what is to be said for {block.text[stretch.start : stretch.end][:_SHOWN_CHARS]!r}"
                    f" is longer than an utterance may be ({self.limits.max_chars} characters): mark shorter parts"
                )


def _heading_spans(text: str) -> Iterator[tuple[int, int]]:
    """Finds the number of a heading and its title as `[start, end)`: "Chapter I" and "The Clock", or all of it."""
    start = 0
    while (heading := heading_of(text[start:])) is not None and heading.title:
        title = text.rindex(heading.title)
        yield start, title
        start = title
    yield start, len(text)


def _sections(block: Block) -> list[_Section]:
    """Cuts a block where a voice begins or ends, and at pauses."""
    voices = [note for note in block.markup if note.kind == MarkupKind.VOICE]
    pauses = {note.start: note.value for note in block.markup if note.kind == MarkupKind.PAUSE}
    if not voices and not pauses:
        return [_Section(0, len(block.text), "", "")]
    edges = {0, len(block.text), *pauses, *(note.start for note in voices), *(note.end for note in voices)}
    places = sorted(edge for edge in edges if 0 <= edge <= len(block.text))
    sections: list[_Section] = []
    for start, end in pairwise(places):
        voice = value_between(voices, start, end)
        if sections and sections[-1].voice == voice and not sections[-1].pause:
            sections[-1] = _Section(sections[-1].start, end, voice, pauses.get(end, ""))
        else:
            sections.append(_Section(start, end, voice, pauses.get(end, "")))
    return sections


def _around_stretches(parts: Sequence[Part], saying: Saying) -> list[Part]:
    """Moves cuts that fell into a stretch, as can happen in text without spaces, behind it."""
    if not saying.stretches:
        return list(parts)
    whole: list[Part] = []
    for part in parts:
        start = whole[-1].end if whole and whole[-1].end > part.start else part.start
        inside = [stretch.end for stretch in saying.stretches if stretch.start < part.end < stretch.end]
        end = max([part.end, *inside])
        if start < end:
            whole.append(Part(start, end, part.pause))
    return whole


def _within_block(part: Part, text: str, kind: BlockKind) -> PauseKind:
    """Returns the pause after a part that is not the block's last: of verse and headings they are longer."""
    if kind == BlockKind.VERSE and text[part.end : part.end + 1] == "\n":
        return PauseKind.VERSE_LINE
    if kind == BlockKind.HEADING and part.pause == PauseKind.SENTENCE:
        return PauseKind.PARAGRAPH  # run together, "Chapter IV. Thirteen Minutes" is heard as 413 minutes
    return part.pause


def _after_block(kind: BlockKind, following: BlockKind | None) -> PauseKind:
    """Returns the pause after a block's last utterance."""
    if kind == BlockKind.HEADING:
        return PauseKind.HEADING
    return PauseKind.STANZA if kind == following == BlockKind.VERSE else PauseKind.PARAGRAPH


def _ask_for_pauses(utterances: list[Utterance], block: Block, at: int) -> None:
    """Puts the pauses that markup asks for at a block's beginning or end in place of the one between blocks."""
    for note in block.markup:
        if note.kind == MarkupKind.PAUSE and note.start == at:
            _ask_for_pause(utterances, note.value)


def _ask_for_pause(utterances: list[Utterance], value: str) -> None:
    """Gives the last utterance a pause: seconds, or the name of a kind. A chapter does not begin with one."""
    if not utterances:
        return
    if value in list(PauseKind):
        utterances[-1] = replace(utterances[-1], pause=PauseKind(value))
    else:
        utterances[-1] = replace(utterances[-1], pause_s=float(value))
