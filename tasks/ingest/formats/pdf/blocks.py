"""Makes blocks of a PDF's lines: paragraphs, headings, verse, notes. Must not know files, pdfium or columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from storage.records import Block, BlockKind, Skip
from tasks.ingest.chapters import Mark, one_line
from tasks.ingest.events import INVISIBLE, Anchor, Event, GuessedSkip, is_scene_break
from tasks.ingest.formats.pdf.layout import Line, body_size, edge_rules, usual_gap
from tasks.ingest.front_pages import title_rule
from tasks.ingest.plain.headings import heading_of, is_loud
from tasks.ingest.plain.hyphens import Rejoiner
from tasks.ingest.skips import SkipRule

_HEADING_SIZE = 1.15  # of the body's: larger is a heading
_NOTE_SIZE = 0.93
_INDENT = 0.7  # in line heights
_MAX_INDENT = 4.5
_SHORT = 3.0  # in line heights before the right edge
_WIDE_GAP = 0.6  # in line heights more than between the lines of a paragraph
_VERSE_SHARE = 0.8  # of the column's width
_MIN_QUOTED_WORDS = 5
_MAX_HEADING_CHARS = 200
_SENTENCE_END = re.compile(r"[.!?:…][\"”’')\]]*$")
_NOTE_START = re.compile(r"(\d{1,3}|[*†‡§]+|[a-z])[.)\]]?\s*\S")
_CONTENTS_LINE = re.compile(r".*?(?:\.\s?){3,}\s*(?:\d{1,4}|[ivxlc]+)$|.*\S\s+\d{1,4}$")


@dataclass(frozen=True)
class Bookmark:
    """An entry of the file's outline. `page` counts from 0; `depth` too."""

    title: str
    page: int
    depth: int


@dataclass
class _Paragraph:
    """Lines that belong together."""

    lines: list[Line] = field(default_factory=list)
    is_heading: bool = False
    rule: SkipRule | None = None  # by which it is not read


def read_pages(
    pages: Sequence[Sequence[Line]], outline: Sequence[Bookmark], source: str, also_read: Collection[str]
) -> tuple[list[Event], list[Mark]]:
    """Returns the pages' blocks with an anchor before each chapter's heading, and the marks that name these chapters.

    Args:
        pages: the lines of each page in the order of reading.
        outline: the file's bookmarks; without any, headings start chapters.
        source: the file's name in messages.
        also_read: skip rules that are switched off.
    """
    return _Reader(pages, source, also_read).read(outline)


class _Reader:
    """One file being read."""

    def __init__(self, pages: Sequence[Sequence[Line]], source: str, also_read: Collection[str]) -> None:
        self._pages = pages
        self._source = source
        self._also_read = also_read
        self._body = body_size(line for lines in pages for line in lines)
        self._leading = usual_gap([line.gap for lines in pages for line in lines])
        self._rejoiner = Rejoiner("\n".join(line.text for lines in pages for line in lines))
        self._events: list[Event] = []
        self._marks: list[Mark] = []

    def read(self, outline: Sequence[Bookmark]) -> tuple[list[Event], list[Mark]]:
        """Gathers lines into paragraphs, page by page, then makes events of them."""
        # 1. Give every line to a paragraph; on each page, lines that are not read come after the others.
        edges = edge_rules(self._pages)
        paragraphs: list[_Paragraph] = []
        for at, lines in enumerate(self._pages):
            notes = _notes(lines, self._body, {index for page, index in edges if page == at})
            labels = {_label(lines[index].text) for index in notes if _NOTE_START.match(lines[index].text)}
            later: list[_Paragraph] = []
            for index, line in enumerate(lines):
                self._take_references(line, labels if index not in notes else ())
                rule = edges.get((at, index), SkipRule.NOTE_BODY if index in notes else None)
                if rule and rule not in self._also_read:
                    later.append(_Paragraph([line], rule=rule))
                else:
                    self._add_line(paragraphs, line)
            paragraphs += later
        self._join_over_captions(paragraphs)
        # 2. Make the events, with a mark where each chapter starts.
        self._skip_contents(paragraphs)
        self._skip_pull_quotes(paragraphs)
        chapters = self._chapters(paragraphs, outline)
        for number, paragraph in enumerate(paragraphs):
            for mark in chapters.get(number, ()):
                self._marks.append(mark)
                self._events.append(Anchor(mark.anchor))
            self._emit(paragraph)
        return self._events, self._marks

    def _take_references(self, line: Line, labels: Collection[str]) -> None:
        """Takes the marks of notes that this page has out of a line."""
        if SkipRule.NOTE_REFERENCE in self._also_read:
            return
        for start, end in reversed(line.raised):
            if (mark := line.text[start:end]).strip(" ,") in labels:
                self._skip(mark, SkipRule.NOTE_REFERENCE)
                line.text = (line.text[:start] + line.text[end:]).strip()

    def _add_line(self, paragraphs: list[_Paragraph], line: Line) -> None:
        """Gives the line to the paragraph that is open, or opens one."""
        heading = self._is_heading(line)
        current = next((p for p in reversed(paragraphs) if not p.rule), None)
        goes_on = (
            current is not None
            and current.is_heading == heading
            and (self._heading_goes_on if heading else self._goes_on)(current.lines, line)
        )
        if goes_on and current is not None:
            current.lines.append(line)
        else:
            paragraphs.append(_Paragraph([line], heading))

    def _is_heading(self, line: Line) -> bool:
        """Tells a heading by its size, its wording, or a bold or loud line that stands alone."""
        if len(line.text) > _MAX_HEADING_CHARS or not any(c.isalnum() for c in line.text):
            return False
        if line.size >= self._body * _HEADING_SIZE and len(line.text) > 1:
            return True
        alone = line.gap > _WIDE_GAP * line.size or line.gap == 0
        known = heading_of(line.text)
        if known is not None and known.kind != "numeral" and alone:
            return True
        short = line.right < line.right_edge - _SHORT * line.size
        return alone and short and (line.bold or is_loud(line.text)) and not _SENTENCE_END.search(line.text)

    def _heading_goes_on(self, lines: Sequence[Line], line: Line) -> bool:
        """Tells whether a line belongs to the heading above."""
        last = lines[-1]
        same = abs(last.size - line.size) < 0.1 * line.size and last.page == line.page and last.bold == line.bold
        known = heading_of(last.text)
        return same and line.gap < 0.8 * line.size and (known is None or not known.title) and len(lines) < 4

    def _goes_on(self, lines: Sequence[Line], line: Line) -> bool:
        """Tells whether a line of running text belongs to the paragraph above."""
        last = lines[-1]
        height = line.size
        if abs(last.size - line.size) > 0.12 * height or is_scene_break(line.text) or is_scene_break(last.text):
            return False
        indent = line.left - line.left_edge
        ended = _SENTENCE_END.search(last.text) is not None
        full = last.right > last.right_edge - _SHORT * height
        if (last.page, last.column) != (line.page, line.column):
            lines_apart = len(lines) > 1 and line.text[:1].isupper() and all(map(self._is_short, lines))
            return (not ended and not lines_apart) or (full and indent < _INDENT * height)
        if line.gap > max(_WIDE_GAP * height, self._usual_gap(lines) + 0.35 * height):
            return False
        in_sentence = not ended and full and line.text[:1].islower()  # whatever its indent, as beside a drop capital
        if last.left - last.left_edge >= _INDENT * height and len(lines) > 1 and not in_sentence:
            return abs(last.left - line.left) < _INDENT * height  # a quotation, all of it indented
        if _INDENT * height <= indent <= _MAX_INDENT * height and not in_sentence:
            return abs(last.left - line.left) < 1 and len(lines) == 1 and not (ended and not full)
        return full or not ended or not line.text[:1].isupper() or self._is_short(last)

    def _usual_gap(self, lines: Sequence[Line]) -> float:
        """Returns the gap between the lines of a paragraph, in points; of a single one that of most lines."""
        gaps = [line.gap for line in lines[1:]]
        return min(gaps) if gaps else max(0.25 * lines[0].size, self._leading)

    @staticmethod
    def _is_short(line: Line) -> bool:
        """Tells whether a line ends so early that its end was meant, as in verse."""
        width = line.right_edge - line.left_edge
        return line.right - line.left_edge < _VERSE_SHARE * width and not _SENTENCE_END.search(line.text)

    def _join_over_captions(self, paragraphs: list[_Paragraph]) -> None:
        """Puts a sentence that a picture's caption or words in large letters interrupt before these, whole."""
        interrupted: _Paragraph | None = None
        captions = 0
        kept: list[_Paragraph] = []
        for paragraph in paragraphs:
            is_caption = self._is_small(paragraph) or (paragraph.is_heading and heading_of(_text(paragraph)) is None)
            goes_on = not paragraph.is_heading and paragraph.lines[0].text[:1].islower()
            if interrupted and captions and goes_on and not paragraph.rule and not is_caption:
                interrupted.lines += paragraph.lines
                continue
            kept.append(paragraph)
            if paragraph.rule or (interrupted and is_caption):
                captions += not paragraph.rule
                continue
            ended = _SENTENCE_END.search(paragraph.lines[-1].text)
            interrupted = None if ended or is_caption or paragraph.is_heading else paragraph
            captions = 0
        paragraphs[:] = kept

    def _is_small(self, paragraph: _Paragraph) -> bool:
        return all(line.size < self._body * _NOTE_SIZE for line in paragraph.lines)

    def _skip_contents(self, paragraphs: Sequence[_Paragraph]) -> None:
        """Marks the lists of contents: from their title on all that ends in page numbers."""
        inside = False
        for paragraph in paragraphs:
            if paragraph.rule:
                continue
            text = " ".join(line.text for line in paragraph.lines)
            if title_rule(text) == SkipRule.TABLE_OF_CONTENTS:
                inside = True
            elif inside:
                entries = sum(1 for line in paragraph.lines if _CONTENTS_LINE.fullmatch(line.text))
                inside = entries * 2 >= len(paragraph.lines)
            if inside and SkipRule.TABLE_OF_CONTENTS not in self._also_read:
                paragraph.rule = SkipRule.TABLE_OF_CONTENTS

    def _skip_pull_quotes(self, paragraphs: Sequence[_Paragraph]) -> None:
        """Marks sentences of the text that are set once more in large letters, to catch the eye."""
        if SkipRule.PULL_QUOTE in self._also_read:
            return
        text = "".join(_letters(_text(p)) for p in paragraphs if not p.is_heading and not p.rule)
        for paragraph in paragraphs:
            words = _text(paragraph).split()
            if paragraph.is_heading and not paragraph.rule and len(words) >= _MIN_QUOTED_WORDS:
                paragraph.rule = SkipRule.PULL_QUOTE if _letters(_text(paragraph)) in text else None

    def _chapters(self, paragraphs: Sequence[_Paragraph], outline: Sequence[Bookmark]) -> dict[int, list[Mark]]:
        """Finds where chapters start, by the outline, else by headings. Maps paragraphs to marks."""
        if len(outline) > 1:
            return self._outlined(paragraphs, outline)
        headings = [n for n, p in enumerate(paragraphs) if p.is_heading and not p.rule]
        numbered = [n for n in headings if heading_of(_text(paragraphs[n])) is not None]
        if len(numbered) < 2:
            sizes = sorted({round(paragraphs[n].lines[0].size) for n in headings}, reverse=True)
            largest = next((s for s in sizes if sum(round(paragraphs[n].lines[0].size) == s for n in headings) > 1), 0)
            numbered = [n for n in headings if round(paragraphs[n].lines[0].size) >= largest > 0]
        return {n: [Mark(one_line(_title(paragraphs, n)), 0, f"heading-{n}")] for n in numbered}

    @staticmethod
    def _outlined(paragraphs: Sequence[_Paragraph], outline: Sequence[Bookmark]) -> dict[int, list[Mark]]:
        """Maps paragraphs to the outline's entries, each to the one of its page that has its words, else the first."""
        by_page: dict[int, list[int]] = {}
        for number, paragraph in enumerate(paragraphs):
            if not paragraph.rule:
                by_page.setdefault(paragraph.lines[0].page, []).append(number)
        marks: dict[int, list[Mark]] = {}
        for entry in outline:
            later = [page for page in by_page if page >= entry.page]
            here = by_page[min(later)] if later else []
            wanted = _letters(entry.title)
            titled = [n for n in here if wanted and _letters(_text(paragraphs[n])) == wanted]
            titled += [n for n in here if paragraphs[n].is_heading and _alike(wanted, _letters(_text(paragraphs[n])))]
            if place := (titled or here)[:1]:
                marks.setdefault(place[0], []).append(Mark(entry.title, 0, f"heading-{place[0]}", entry.depth))
        return marks

    def _emit(self, paragraph: _Paragraph) -> None:
        lines = paragraph.lines
        if paragraph.rule:
            text = " ".join(line.text for line in lines)
            self._events.append(GuessedSkip(text, paragraph.rule, source=self._source))
            return
        text = _text(paragraph)
        if paragraph.is_heading:
            self._block(BlockKind.HEADING, text)
        elif is_scene_break(text):
            self._block(BlockKind.SCENE_BREAK, text)
        elif len(lines) > 1 and sum(1 for line in lines[:-1] if self._is_short(line)) >= 0.6 * (len(lines) - 1):
            self._block(BlockKind.VERSE, text)
        else:
            joined, removed = self._rejoiner.join([line.text for line in lines])
            if removed:
                self._skip(removed, SkipRule.LINE_END_HYPHEN)
            deep = all(line.left - line.left_edge > _INDENT * line.size for line in lines) and len(lines) > 1
            self._block(BlockKind.QUOTE if deep else BlockKind.PARAGRAPH, joined)

    def _block(self, kind: BlockKind, text: str) -> None:
        if invisible := "".join(INVISIBLE.findall(text)):
            self._skip(invisible, SkipRule.INVISIBLE_CHARACTER)
            text = INVISIBLE.sub("", text)
        text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
        if text:
            self._events.append(Block(kind, text, self._source))

    def _skip(self, text: str, rule: SkipRule) -> None:
        self._events.append(Skip(text, rule, source=self._source))


def _notes(lines: Sequence[Line], body: float, edges: Collection[int]) -> set[int]:
    """Finds the lines of footnotes: small ones at the bottom of a column, from one that begins with a mark on."""
    notes: set[int] = set()
    for column in {line.column for line in lines}:
        block: list[int] = []
        for index in reversed([i for i, line in enumerate(lines) if line.column == column and i not in edges]):
            if lines[index].size > body * _NOTE_SIZE:
                break
            block.insert(0, index)
        while block and not _NOTE_START.match(lines[block[0]].text):
            block.pop(0)
        notes.update(block)
    return notes if len(notes) < len(lines) else set()


def _label(text: str) -> str:
    match = _NOTE_START.match(text)
    return match[1] if match else ""


def _text(paragraph: _Paragraph) -> str:
    return "\n".join(line.text for line in paragraph.lines)


def _title(paragraphs: Sequence[_Paragraph], at: int) -> str:
    """Returns a heading's lines, and those of the name right below a bare "Chapter 1"."""
    text = _text(paragraphs[at])
    heading = heading_of(text)
    below = next((paragraph for paragraph in paragraphs[at + 1 :] if not paragraph.rule), None)
    if heading is None or heading.title or heading.kind == "named" or below is None or not below.is_heading:
        return text
    name = _text(below)
    return text if heading_of(name) else f"{text}\n{name}"


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _alike(wanted: str, found: str) -> bool:
    return bool(wanted) and bool(found) and (wanted in found or found in wanted)
