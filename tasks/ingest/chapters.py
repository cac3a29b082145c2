"""Puts the texts of a book and its table of contents together into chapters. Must not know files, EPUB or HTML.

A unit is one text of a book: a file of an EPUB's spine, or the whole of a text file.

A chapter starts where an entry of the table of contents points; everything up to the next such place belongs to it,
across files. Text before the first entry becomes a chapter of its own when it is not skipped by a rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from storage.records import Block, BlockKind, Chapter, Skip
from tasks.ingest.events import Anchor, Event, GuessedSkip
from tasks.ingest.front_pages import (
    are_notes,
    front_page_rule,
    gutenberg_bounds,
    is_kept,
    is_notes_title,
    is_text_of_book,
    title_rule,
)
from tasks.ingest.note_lists import find_note_list
from tasks.ingest.note_marks import PLAIN
from tasks.ingest.notes import ChapterNote
from tasks.ingest.plain.headings import heading_of, in_words
from tasks.ingest.skips import SkipRule

_ZERO_ALONE = re.compile(r"0+([1-9]\d?)(?:[.:)]\s+(.+)|[.:)]?)")
_ZERO = re.compile(r"^((?:[A-Za-z]+ )?)0+(?=[1-9]\d?\b(?![:.,/-]\d))")


@dataclass(frozen=True)
class Mark:
    """A place where a chapter of this title starts. `anchor` "" is the start of the unit; `depth` counts from 0."""

    title: str
    unit: int
    anchor: str = ""
    depth: int = 0


@dataclass
class _Draft:
    """A chapter in the making.

    `is_front` is text that no entry of the table of contents leads to; `by_title` is whether its title may show it to
    be no part of the text: a section "Footnotes" inside a chapter on typography is part of it.
    """

    title: str
    is_front: bool = False
    by_title: bool = True
    blocks: list[Block] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    notes: list[Block] = field(default_factory=list)  # to be read at its end


def assemble(
    units: Sequence[Sequence[Event | ChapterNote]],
    marks: Iterable[Mark],
    book_title: str,
    authors: Sequence[str],
    also_read: Collection[str] = (),
    *,
    reads_notes: bool = False,
) -> tuple[tuple[Chapter, ...], tuple[Skip, ...]]:
    """Makes chapters of a book's units. Returns them in reading order, and all skips, each with the chapter it lies in.

    Chapters that hold nothing to read vanish (a table of contents names title pages, and parts that share the place of
    their first chapter); their skips stay.

    Args:
        units: the events of each unit, in reading order.
        marks: where chapters start.
        book_title: the book's title, also of a chapter that has none.
        authors: the book's authors; a page that repeats title and author is a title page.
        also_read: skip rules that are switched off.
        reads_notes: whether notes are read; those whose marks nothing links to them, where they stand.
    """
    # 1. Cut the events where marks stand, and let the skip rules for whole pages and chapters work.
    drafts = _split(units, list(marks), also_read)
    _skip_gutenberg(drafts, also_read)
    if not reads_notes and SkipRule.NOTE_BODY not in also_read:
        _skip_note_lists(drafts)
    for draft in drafts:
        _apply_page_rules(draft, book_title, authors, also_read, reads_notes=reads_notes)
        draft.blocks += draft.notes
    # 2. Number the drafts that hold anything to read; of the others, only the skips stay.
    chapters: list[Chapter] = []
    skips: list[Skip] = []
    for draft in _open_with_parts(_merge_untitled(drafts)):
        speaks = any(block.kind != BlockKind.SCENE_BREAK for block in draft.blocks)
        index = len(chapters) if speaks else None
        if speaks:
            title = _without_zero(draft) or book_title
            chapters.append(Chapter(len(chapters), title, tuple(draft.blocks)))
        else:
            draft.skips += [
                Skip(block.text, SkipRule.SCENE_BREAK, source=block.source) for block in draft.blocks if block.text
            ]
        skips += [replace(skip, chapter_index=index) for skip in draft.skips]
    return tuple(chapters), tuple(skips)


def _without_zero(draft: _Draft) -> str:
    """Returns a chapter's title without the zero before its number: "01" over "The Door" is "Chapter one: The Door"."""
    title = draft.title or _first_heading(draft.blocks)
    match = _ZERO_ALONE.fullmatch(title)
    if match is None:
        return _ZERO.sub(r"\1", title)
    heads = [block.text for block in draft.blocks[:2] if block.kind == BlockKind.HEADING]
    has_name_below = len(heads) == 2 and heads[0] == title
    name = match[2] or (one_line(heads[1]) if has_name_below else "")
    return one_line(f"Chapter {in_words(int(match[1]))}\n{name}".strip())


def one_line(title: str) -> str:
    """Joins a heading's lines to one title: "I" over "The Old Buccaneer" is "I: The Old Buccaneer"."""
    first, *rest = title.split("\n")
    for line in rest:
        first += (" " if first[-1:] in ":.,;—-!?" else ": ") + line
    return first


def _split(
    units: Sequence[Sequence[Event | ChapterNote]], marks: list[Mark], also_read: Collection[str]
) -> list[_Draft]:
    """Cuts the events of all units into drafts of chapters."""
    # 1. Find the drafts that start at each place.
    starts: dict[tuple[int, str], list[_Draft]] = {}
    for mark in marks:
        draft = _Draft(mark.title, by_title=not mark.anchor or mark.depth == 0)
        starts.setdefault((mark.unit, mark.anchor), []).append(draft)
    marked_units = {mark.unit for mark in marks}
    # 2. Give every event to the draft that is open. The first holds what stands before all marks.
    drafts = [_Draft("", is_front=True)]
    for unit_index, events in enumerate(units):
        here = starts.get((unit_index, ""), [])
        drafts += here
        if not here and (drafts[-1].is_front or title_rule(drafts[-1].title)):
            # Front pages stand alone, as each may have a rule of its own; and a cover's or title page's rule must not
            # swallow a file behind it that the table of contents does not name.
            drafts.append(_Draft("", is_front=True))
        rule = None if unit_index in marked_units else _rule_by_title(_first_heading(events), _blocks(events))
        for event in events:
            if isinstance(event, Anchor):
                drafts += starts.pop((unit_index, event.id), [])
            elif isinstance(event, Skip):
                drafts[-1].skips.append(event)
            elif isinstance(event, ChapterNote):
                drafts[-1].notes += event.blocks
            elif rule is None or rule in also_read:
                drafts[-1].blocks.append(event)
            else:
                _skip_block(drafts[-1], event, rule)
    return drafts


def _skip_gutenberg(drafts: list[_Draft], also_read: Collection[str]) -> None:
    """Turns the blocks before and after Project Gutenberg's markers into skips."""
    if SkipRule.GUTENBERG_BOILERPLATE in also_read:
        return
    places = [(draft, block) for draft in drafts for block in draft.blocks]
    start, stop = gutenberg_bounds([block.text for _, block in places])
    if (start, stop) == (0, len(places)):
        return
    for draft in drafts:
        draft.blocks = []
    for index, (draft, block) in enumerate(places):
        if start <= index < stop:
            draft.blocks.append(block)
        elif block.text:
            draft.skips.append(Skip(block.text, SkipRule.GUTENBERG_BOILERPLATE, source=block.source))


def _skip_note_lists(drafts: Sequence[_Draft]) -> None:
    """Skips the lists of notes that nothing links to their marks, behind the chapter or the book that has these."""
    if any(skip.rule == SkipRule.NOTE_BODY for draft in drafts for skip in draft.skips):
        return  # the marks have their notes
    marks: list[str] = []
    for draft in drafts:
        here = [_mark(skip.text) for skip in draft.skips if skip.rule == SkipRule.NOTE_REFERENCE]
        marks += here
        notes = find_note_list(draft.blocks, here) or find_note_list(draft.blocks, marks)
        for block in draft.blocks[notes.start : notes.stop]:
            if block.text:
                draft.skips.append(GuessedSkip(block.text, SkipRule.NOTE_BODY, source=block.source))
        del draft.blocks[notes.start : notes.stop]


def _mark(reference: str) -> str:
    """Returns the mark of a note without brackets and raised figures: "12" of "[12]" and of "¹²"."""
    return reference.strip(" []()^").translate(PLAIN)


def _apply_page_rules(
    draft: _Draft, book_title: str, authors: Sequence[str], also_read: Collection[str], *, reads_notes: bool
) -> None:
    """Skips a whole chapter that its title, or a front page that its wording, shows to be no part of the text."""
    rule = _rule_by_title(draft.title or _first_heading(draft.blocks), draft.blocks) if draft.by_title else None
    if rule is None and draft.is_front:
        rule = front_page_rule([block.text for block in draft.blocks], book_title, authors)
    if rule is None and is_notes_title(draft.title or _first_heading(draft.blocks)):
        # "Notes" may also be a chapter of the story; with note bodies in it, or all of them read elsewhere, it is not.
        emptied = all(block.kind == BlockKind.HEADING for block in draft.blocks)
        holds_notes = any(skip.rule == SkipRule.NOTE_BODY for skip in draft.skips)
        lists_notes = not reads_notes and are_notes(_texts(draft.blocks))
        rule = SkipRule.NOTE_BODY if emptied or holds_notes or lists_notes else None
    if rule is not None and rule not in also_read:
        blocks = draft.blocks
        draft.blocks = []
        for block in blocks:
            _skip_block(draft, block, rule)


def _skip_block(draft: _Draft, block: Block, rule: SkipRule) -> None:
    """Skips a block of a page that the guess `rule` is about, unless it is prose."""
    if block.kind != BlockKind.HEADING and is_kept(rule, block.text):
        draft.blocks.append(block)
    elif block.text:
        draft.skips.append(GuessedSkip(block.text, rule, source=block.source))


def _rule_by_title(title: str, blocks: Iterable[Block]) -> SkipRule | None:
    """Returns the skip rule for a chapter of this title, `None` where its text is mostly prose, whatever its title."""
    rule = title_rule(title)
    if rule is None:
        return None
    return None if is_text_of_book(rule, _texts(blocks)) else rule


def _texts(blocks: Iterable[Block]) -> list[str]:
    """Returns the texts of blocks, headings apart."""
    return [block.text for block in blocks if block.kind != BlockKind.HEADING]


def _blocks(events: Iterable[Event | ChapterNote]) -> list[Block]:
    """Returns the blocks among events."""
    return [event for event in events if isinstance(event, Block)]


def _merge_untitled(drafts: Iterable[_Draft]) -> list[_Draft]:
    """Makes one draft of neighbouring drafts that have no title of their own."""
    merged: list[_Draft] = []
    for draft in drafts:
        if merged and draft.is_front and merged[-1].is_front and not _first_heading(draft.blocks):
            merged[-1].blocks += draft.blocks
            merged[-1].skips += draft.skips
        else:
            merged.append(draft)
    return merged


def _open_with_parts(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Gives the head of a part, "PART I" or "ACT I", that has no text of its own to the chapter that follows."""
    result: list[_Draft] = []
    for draft in reversed(drafts):
        following = result[-1] if result else None
        if following is None or not following.blocks or following.is_front or not _is_part_alone(draft):
            result.append(draft)
            continue
        if _is_part_alone(following) and not following.skips:
            result.append(draft)  # two parts in a row: nobody knows which of them is empty
            continue
        following.title = _under_part(draft.title, following.title or _first_heading(following.blocks))
        following.blocks = draft.blocks + following.blocks
        following.skips = draft.skips + following.skips
    return result[::-1]


def _under_part(part: str, title: str) -> str:
    """Joins the titles of a part and its first chapter: "Part I: One"; "Part I: The Sea — I: At the Inn"."""
    heading = heading_of(part)
    return one_line(f"{part}\n{title}") if heading is not None and not heading.title else f"{part} — {title}"


def _is_part_alone(draft: _Draft) -> bool:
    """Tells whether a draft is nothing but the head of a part."""
    heading = heading_of(draft.title)
    is_part = heading is not None and heading.kind == "part"
    return is_part and bool(draft.blocks) and all(block.kind == BlockKind.HEADING for block in draft.blocks)


def _first_heading(events: Iterable[Event | ChapterNote]) -> str:
    """Returns the first heading among events as one line, "" where there is none."""
    return next(
        (one_line(event.text) for event in events if isinstance(event, Block) and event.kind == BlockKind.HEADING), ""
    )
