"""Makes blocks of plain text: paragraphs of hard-wrapped lines, chapter headings, verse, scene breaks, notes.

Must not know files or encodings. Every character of the text ends in one block or one skip; `read_text` counts again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from storage.records import Block, BlockKind, Skip
from tasks.ingest.chapters import Mark, one_line
from tasks.ingest.events import INVISIBLE, Anchor, Event, GuessedSkip, is_scene_break
from tasks.ingest.formats.text import gutenberg
from tasks.ingest.formats.text.gutenberg import note_label, strip_inline
from tasks.ingest.front_pages import is_notes_title
from tasks.ingest.latex import UNSPOKEN, respell
from tasks.ingest.note_marks import NoteMarks
from tasks.ingest.plain.headings import (
    Contents,
    Heading,
    find_contents,
    heading_of,
    in_sequence,
    is_loud,
    is_title_case,
    keys_of,
)
from tasks.ingest.plain.hyphens import Rejoiner
from tasks.ingest.plain.lines import (
    BULLET,
    Paragraph,
    is_indented,
    is_verse,
    keeps_lines,
    list_items,
    page_width,
    paragraphs,
    table_rows,
    without_line_numbers,
)
from tasks.ingest.prose import is_prose
from tasks.ingest.recount import require_whole
from tasks.ingest.skips import SkipRule

_FRONT_PAGES = 40  # paragraphs in which a title page may stand
_MAX_TITLE_CHARS = 100
_MAX_SUBTITLE_CHARS = 80
_BY = re.compile(r"(?:written )?by(?: the author)?[.:]?", re.I)
_CREDITED = re.compile(
    r"(?:by|author of|translated|edited|illustrated|with .{0,40}(?:illustrations|drawings|introduction)|"
    r"illustrations by|in (?:one|two|three|four) volumes?|a (?:novel|romance|story|tale)|"
    r"vol(?:ume|\.) [ivx\d]+|(?:first|second|third|new|revised) edition)\b.{0,120}",
    re.I | re.S,
)
_IMPRINT = re.compile(
    r"copyright|all rights reserved|©|\bprinted (?:in|by|at)\b|\bpublished\b|\bpublishers?\b|\bisbn\b|\bpress\b|"
    r"(?:^|\s)(?:1[5-9]|20)\d\d\.?$|^m(?:[dclxvi]|m(?=[dclxvi]))[mdclxvi]{2,}\.?$",
    re.I,
)
_PROSE_CHARS = 160
_PAGE_NUMBER = re.compile(r"[-–—\[(]?\s*\d{1,4}\s*[-–—\])]?")
_MANY_PAGES = 15
_LINES_PER_PAGE = 70
_LISTED_NOTE = re.compile(r"(\d{1,3})[.):]?\s+\S")
_UNDERLINE = re.compile(r"[=\-~*^]{3,}")


def read_text(
    text: str,
    source: str,
    title: str = "",
    authors: Sequence[str] = (),
    also_read: Collection[str] = (),
) -> tuple[list[Event], list[Mark]]:
    """Returns a text's blocks with an anchor before each chapter's heading, and the marks that name these chapters.

    Args:
        text: the whole file.
        source: the file's name in messages.
        title: the book's, "" if unknown; a paragraph that repeats it at the start is a title page.
        authors: the book's, if known; a paragraph that names them at the start is a title page.
        also_read: skip rules that are switched off.

    Raises:
        CoverageError: text went missing; a fault of ours.
    """
    reader = _Reader(text, source, also_read)
    events, marks = reader.read(title, authors)
    require_whole(" ".join([text, *reader.added]), events, source)
    return events, marks


class _Reader:
    """One text being read: its paragraphs, and what each of them has turned out to be."""

    def __init__(self, text: str, source: str, also_read: Collection[str]) -> None:
        self._source = source
        self._also_read = also_read
        self._invisible = "".join(INVISIBLE.findall(text))
        visible = INVISIBLE.sub("", text)
        self._groups = [part for group in paragraphs(visible) for part in _without_headings(group)]
        self._width = page_width(self._groups)
        self._rejoiner = Rejoiner(visible)
        self._marks = NoteMarks(visible)
        self._skipped: dict[int, SkipRule] = {}  # paragraph to rule
        self._headings: dict[int, str] = {}  # paragraph to the chapter's title, "" for a heading that starts none
        self._notes: frozenset[str] = frozenset()
        self._events: list[Event] = []
        self.added: list[str] = []  # words of our own, in place of formulas

    def read(self, title: str, authors: Sequence[str]) -> tuple[list[Event], list[Mark]]:
        """Recognises what every paragraph is, then makes events of them in order."""
        # 1. Find what is no part of the text, then headings in the rest, then front pages before the first of them.
        groups = self._groups
        start, stop = gutenberg.book_proper(groups)
        for index in (*range(start), *range(stop, len(groups))):
            self._skipped[index] = SkipRule.GUTENBERG_BOILERPLATE
        self._skipped.update(dict.fromkeys(gutenberg.credits(groups, start, stop), SkipRule.TRANSCRIBER_NOTE))
        self._find_page_numbers()
        contents = [found for found in find_contents(groups) if start <= found.start < stop]
        for found in contents:
            self._skipped.update(dict.fromkeys(range(found.start, found.stop), SkipRule.TABLE_OF_CONTENTS))
        self._find_notes()
        self._find_headings(contents)
        self._find_front_pages(start, stop, title, authors)
        for rule in self._also_read:
            self._skipped = {index: name for index, name in self._skipped.items() if name != rule}
        # 2. Make the events.
        marks = []
        for index, group in enumerate(groups):
            if index in self._headings and index not in self._skipped and self._headings[index]:
                marks.append(Mark(self._headings[index], 0, f"heading-{index}"))
                self._events.append(Anchor(f"heading-{index}"))
            self._emit(index, group)
        if self._invisible:
            self._skip(self._invisible, SkipRule.INVISIBLE_CHARACTER)
        self._open_with_title()
        return self._events, marks

    def _open_with_title(self) -> None:
        """Lets the first chapter begin with the title that stands above it: one line is no chapter of its own."""
        first = next((at for at, event in enumerate(self._events) if isinstance(event, Anchor)), 0)
        above = [event.text for event in self._events[:first] if isinstance(event, Block)]
        if 0 < len(" ".join(above)) <= _MAX_TITLE_CHARS and not any(map(is_prose, above)):
            self._events.insert(0, self._events.pop(first))

    def _find_page_numbers(self) -> None:
        """Skips the page numbers of a file made from a print: numbers that stand alone, many and close together."""
        numbers = [i for i, group in enumerate(self._groups) if _PAGE_NUMBER.fullmatch(group.text)]
        lines = sum(len(group.lines) + group.blank_before for group in self._groups)
        if len(numbers) >= _MANY_PAGES and lines / len(numbers) < _LINES_PER_PAGE:
            self._skipped.update((index, SkipRule.PAGE_NUMBER) for index in numbers if index not in self._skipped)

    def _find_notes(self) -> None:
        """Skips the bodies of notes. A note of several paragraphs in brackets ends where its bracket closes."""
        referred = set(gutenberg.references("\n".join(group.text for group in self._groups)))
        labels = set()
        depth = 0
        titled = False  # the title "FOOTNOTES", or a rule, stands above
        for index, group in enumerate(self._groups):
            if index in self._skipped:
                continue
            if titled and self._is_listed_note(index):
                self._skipped[index] = SkipRule.NOTE_BODY
                continue
            if self._rules_off_notes(index):
                titled = True
                continue
            label = note_label(group.text, None if titled else referred)
            if label is None and self._heads_notes(index):
                self._skipped[index] = SkipRule.NOTE_BODY
                titled = True
                continue
            if label is not None:
                labels.add(label)
                depth = 0
            if label is None and depth <= 0:
                titled = False
                continue
            self._skipped[index] = SkipRule.NOTE_BODY
            depth += group.text.count("[") - group.text.count("]")
        self._notes = frozenset(labels)

    def _heads_notes(self, index: int) -> bool:
        """Tells whether a paragraph is the title "FOOTNOTES:" right above a note."""
        below = index + 1
        title = self._groups[index].text.strip("_=*[] :.")
        if below >= len(self._groups) or not is_notes_title(title):
            return False
        return note_label(self._groups[below].text, None) is not None or self._is_listed_note(below)

    def _rules_off_notes(self, index: int) -> bool:
        """Tells whether a paragraph is a rule above two or more such notes."""
        below = range(index + 1, index + 3)
        return is_scene_break(self._groups[index].text) and all(map(self._is_listed_note, below))

    def _is_listed_note(self, index: int) -> bool:
        """Tells whether a paragraph under such a title is "1. Letters, p. 5" and a mark in the text has its number."""
        match = _LISTED_NOTE.match(self._groups[index].text) if index < len(self._groups) else None
        return match is not None and int(match[1]) in self._marks.numbers

    def _find_headings(self, contents: Sequence[Contents]) -> None:
        """Finds headings, and which of them start chapters: those that the contents name, else the numbered ones."""
        candidates = {
            index: heading
            for index, group in enumerate(self._groups)
            if index not in self._skipped and (heading := heading_of(_unmarked(group.text))) is not None
        }
        numerals = [(index, heading) for index, heading in candidates.items() if heading.kind == "numeral"]
        counting = in_sequence(numerals)
        found = {i: h for i, h in candidates.items() if h.kind != "numeral" or i in counting}
        keys = frozenset(key for listed in contents for key in listed.keys)
        named = {i for i in range(len(self._groups)) if self._is_named(i, keys)}
        loud = {i for i in range(len(self._groups)) if i not in found and self._looks_like_title(i)}
        if len(named) > 1:
            words = {found[i].word for i in named if i in found} - {""}
            chapters = named | {i for i, h in found.items() if not h.title and i + 1 in named}  # above its title
            chapters |= {i for i, h in found.items() if h.kind in ("named", "part") or h.word in words}
        else:
            chapters = _top_kinds(found) or loud
        for index in sorted({*found, *named, *loud}):
            if index in self._headings:
                continue  # the title under a number
            self._headings[index] = one_line(_unmarked(self._groups[index].text)) if index in chapters else ""
            self._add_subtitle(index, found.get(index), keys)

    def _is_named(self, index: int, keys: frozenset[str]) -> bool:
        """Tells whether the list of contents names a paragraph."""
        group = self._groups[index]
        if index in self._skipped or len(group.text) > 120 or len(group.lines) > 3:
            return False
        return bool(keys & keys_of(_unmarked(group.text)))

    def _looks_like_title(self, index: int) -> bool:
        """Tells a line or two in capitals, or in the middle of the page, with more room above than a paragraph has."""
        group = self._groups[index]
        text = group.text
        if index in self._skipped or len(group.lines) > 3 or len(text) > _MAX_TITLE_CHARS or is_scene_break(text):
            return False
        if index + 1 >= len(self._groups) or index + 1 in self._skipped or text.startswith("["):
            return False
        if is_loud(_unmarked(text)):
            return group.blank_before > 1 or (
                not self._has_wide_gaps and group.blank_before > 0 and not text.endswith((".", "!", "?", ",", ";"))
            )
        centred = bool(self._width) and group.indent > self._width * 0.15
        return centred and group.blank_before > 2 and len(group.lines) == 1 and is_title_case(text)

    @property
    def _has_wide_gaps(self) -> bool:
        return any(group.blank_before > 1 for group in self._groups)

    def _add_subtitle(self, index: int, heading: Heading | None, keys: frozenset[str]) -> None:
        """Takes the title that stands by itself below "CHAPTER I" for a part of the heading."""
        below = index + 1
        if heading is None or heading.title or below + 1 >= len(self._groups) or below in self._skipped:
            return
        group = self._groups[below]
        text = _unmarked(group.text)
        if len(group.lines) > 2 or len(text) > _MAX_SUBTITLE_CHARS or text.startswith(("[", "{")):
            return
        if heading_of(text) or is_scene_break(text):
            return
        if is_loud(text) or keys & keys_of(text) or (is_title_case(text) and "\n" not in text):
            if self._headings[index]:
                self._headings[index] = one_line(f"{self._headings[index]}\n{one_line(text)}")
            self._headings[below] = ""

    def _find_front_pages(self, start: int, stop: int, title: str, authors: Sequence[str]) -> None:
        """Skips the title page and the imprint before the first chapter."""
        wanted = [_letters(name) for name in (title, *authors) if name]
        for index in range(start, min(stop, start + _FRONT_PAGES)):
            group = self._groups[index]
            if index in self._skipped or is_scene_break(group.text):
                continue
            if self._headings.get(index) and not any(_letters(group.text) == name for name in wanted):
                return
            if is_prose(group.text):
                return
            plain = _letters(_unmarked(group.text))
            if _IMPRINT.search(_unmarked(group.text)):
                self._skipped[index] = SkipRule.COPYRIGHT_PAGE
            elif (
                any(plain == name or (name in plain and len(plain) < len(name) + 60) for name in wanted)
                or _BY.fullmatch(group.text)
                or _CREDITED.fullmatch(_unmarked(group.text))
            ):
                self._skipped[index] = SkipRule.TITLE_PAGE

    def _emit(self, index: int, group: Paragraph) -> None:
        if index in self._skipped:
            self._skip(" ".join(group.text.split()), self._skipped[index], guessed=self._is_guess(index))
        elif index in self._headings:
            self._emit_heading(group)
        elif is_scene_break(group.text):
            self._add(BlockKind.SCENE_BREAK, group.text)
        else:
            self._emit_body(group)

    def _emit_heading(self, group: Paragraph) -> None:
        lines = list(group.clean_lines)
        if len(lines) > 1 and _UNDERLINE.fullmatch(lines[-1]):
            self._skip(lines.pop(), SkipRule.HEADING_RULE)
        self._add(BlockKind.HEADING, "\n".join(lines))

    def _emit_body(self, group: Paragraph) -> None:
        """Adds the blocks of a paragraph that is no heading: a list, a table, lines that stand apart, or prose."""
        bare, numbers = without_line_numbers(group)
        if items := list_items(group):
            for lines in items:
                self._emit_item(lines)
        elif rows := table_rows(group):
            for cells in rows:
                self._add(BlockKind.TABLE_ROW, "\n".join(cells))
        elif keeps_lines(group, self._width):
            self._add(BlockKind.PARAGRAPH, group.text)
        elif is_verse(bare, self._width):
            for number in numbers:
                self._skip(number, SkipRule.LINE_NUMBER)
            self._add(BlockKind.VERSE, bare.text)
        else:
            kind = BlockKind.QUOTE if is_indented(group, self._width) else BlockKind.PARAGRAPH
            self._add(kind, self._joined(group.clean_lines))

    def _emit_item(self, lines: Sequence[str]) -> None:
        if bullet := BULLET.match(lines[0]):
            self._skip(bullet[0], SkipRule.LIST_MARK)
            lines = [lines[0][bullet.end() :].strip(), *lines[1:]]
        self._add(BlockKind.LIST_ITEM, self._joined(lines))

    def _joined(self, lines: Sequence[str]) -> str:
        text, removed = self._rejoiner.join(lines)
        if removed:
            self._skip(removed, SkipRule.LINE_END_HYPHEN)
        return text

    def _add(self, kind: BlockKind, text: str) -> None:
        text, left_out = strip_inline(text, self._notes, self._also_read)
        for what, rule in left_out:
            self._skip(" ".join(what.split()), rule)
        if SkipRule.NOTE_REFERENCE not in self._also_read:
            for start, end in reversed(self._marks.find(text)):
                self._skip(text[start:end], SkipRule.NOTE_REFERENCE)
                text = text[:start] + text[end:]
        text, markup, formulas = respell(text) if SkipRule.MATHML not in self._also_read else (text, (), ())
        for formula in formulas:
            self._skip(formula, SkipRule.MATHML, guessed=True)
            self.added.append(UNSPOKEN)
        if text:
            self._events.append(Block(kind, text, self._source, markup))

    def _is_guess(self, index: int) -> bool:
        """Tells whether a paragraph is skipped by a guess.

        All are, but for Project Gutenberg's frame, and notes in brackets: "[Footnote 2: ...]".
        """
        rule = self._skipped[index]
        if rule not in (SkipRule.NOTE_BODY, SkipRule.TRANSCRIBER_NOTE):
            return rule != SkipRule.GUTENBERG_BOILERPLATE
        first = index
        while not self._groups[first].text.startswith("[") and self._skipped.get(first - 1) == rule:
            first -= 1
        return not self._groups[first].text.startswith("[")

    def _skip(self, text: str, rule: SkipRule, *, guessed: bool = False) -> None:
        self._events.append((GuessedSkip if guessed else Skip)(text, rule, source=self._source))


def _top_kinds(found: dict[int, Heading]) -> set[int]:
    """Returns the headings that start chapters where no list of contents names them.

    Bare numbers do so where there is no heading of a higher kind.
    """
    kinds = {heading.kind for heading in found.values()}
    lowest = ["numeral"] if not kinds & {"section", "part"} else []
    return {index for index, heading in found.items() if heading.kind in ("section", "part", "named", *lowest)}


def _without_headings(group: Paragraph) -> list[Paragraph]:
    """Parts a chapter's bare number from the text right below it."""
    first = heading_of(group.clean_lines[0]) if len(group.text) > _PROSE_CHARS else None
    if first is None or first.kind not in ("section", "part"):
        return [group]
    return [Paragraph(group.lines[:1], group.blank_before), Paragraph(group.lines[1:], 0)]


def _unmarked(text: str) -> str:
    """Takes marks of emphasis, underlining and notes out of a heading."""
    lines = text.split("\n")
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[-1]):
        lines.pop()
    return strip_inline("\n".join(lines), (), ())[0] or text


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
