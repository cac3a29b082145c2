"""Groups the lines of a text file into paragraphs, and recognises these by their shape. Must not know their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tasks.patterns import regexp

_MIN_WRAP = 40  # characters, and
_MAX_WRAP = 110  # between these widths people hard-wrap lines
_VERSE_SHARE = 0.72  # of the page's width: a paragraph of only shorter lines is verse
_INDENTED_VERSE_SHARE = 0.9
_VERSE_STARTS = 0.7  # of the lines begin with a capital
_SURE_LINES = 3
_EARLY_SHARE = 0.6  # of the lines
_MAX_VERSE_CHARS = 72
_RIGHT_SHARE = 0.35  # lines that begin behind this share of the width are a letter's head or foot
_PAGE_ENDS = regexp("(?P<before>[^\n\f\u2029]?)\n*[\f\u2029]\n*(?P<after>[^\n\f\u2029]?)")
_LINE_ENDS = regexp("[\v\x1c-\x1e\x85\u2028]")
# A marker of Project Gutenberg's stands alone even where no empty line parts it from the text.
_MARKER = regexp(r"^[ \t]*(\*\*\*[ \t]*(?:START|END) OF [^\n]*(?:\n[^\n]+)?\*\*\*)[ \t]*$", re.M | re.I)
_SENTENCE_END = regexp(r"[.!?:;…][\"”’')\]_]*$")
_COLUMNS = regexp(r"\S(?: {3,}| *\t+ *|\s+\|\s+)(?=\S)")
_ITEM = regexp(r"\s*(?:[-*•◦▪‣]|\d{1,3}[.)]|[a-z][.)])\s+\S")
_LINE_NUMBER = regexp(r"(?<=\S)(?: {3,}| *\t\s*)(?P<number>[1-9]\d{0,3})\s*$")
BULLET = regexp(r"[-*•◦▪‣](?=\s)")


@dataclass(frozen=True)
class Paragraph:
    """Neighbouring lines, without tabs at their start, and the number of empty lines before them."""

    lines: tuple[str, ...]
    blank_before: int

    @cached_property
    def clean_lines(self) -> tuple[str, ...]:
        """Returns the lines with their whitespace collapsed."""
        return tuple(" ".join(line.split()) for line in self.lines)

    @cached_property
    def text(self) -> str:
        """Returns the collapsed lines, one below the other."""
        return "\n".join(self.clean_lines)

    @property
    def indent(self) -> int:
        """Returns the columns before the leftmost line."""
        return min(len(line) - len(line.lstrip()) for line in self.lines)


def paragraphs(text: str) -> list[Paragraph]:
    """Cuts a text into paragraphs, by whichever of four habits its writer had.

    Empty lines between paragraphs; one line a paragraph; indented first lines and no empty lines; an empty line after
    every line.
    """
    text = _LINE_ENDS.sub("\n", _PAGE_ENDS.sub(_page_end, text))
    lines = _MARKER.sub(r"\n\1\n", text).split("\n")
    filled = sum(1 for line in lines if line.strip())
    groups = _by_empty_lines(lines)
    if len(lines) - filled < filled / 50:
        if any(len(line) > _MAX_WRAP for line in lines):
            return [Paragraph((line.expandtabs(),), 0) for line in lines if line.strip()]
        return [part for group in groups for part in _by_indents(group)]
    return _double_spaced(groups) or groups


def _page_end(match: re.Match[str]) -> str:
    """Returns a line's end for a page's end inside a sentence, else the empty lines between two paragraphs."""
    goes_on = match["after"].islower() and match["before"] not in ("", *'.!?:;…"”’)')
    return match["before"] + ("\n" if goes_on else "\n\n\n") + match["after"]


def page_width(groups: Sequence[Paragraph]) -> int:
    """Returns the width at which the file's lines are wrapped, in characters; 0 when they are not."""
    inner = sorted(len(line.rstrip()) for group in groups for line in group.lines[:-1])
    width = inner[int(len(inner) * 0.9)] if inner else 0
    return width if _MIN_WRAP <= width <= _MAX_WRAP else 0


def is_verse(group: Paragraph, width: int) -> bool:
    """Tells whether the line ends are the author's.

    Lines of verse begin with capitals, and are far shorter than the page's; or the file has no wrapped lines, and the
    edge is ragged; or there are so many capitals after lines without a stop that no prose has them.
    """
    lines = group.lines
    if len(lines) < 2:
        return False
    longest = max(len(line.strip()) for line in lines[:-1])
    first = [line.strip()[:1] for line in lines]
    starts = sum(1 for letter in first if letter.isupper() or not letter.isalpha())
    if not width:
        return longest < _MIN_WRAP and (starts >= len(lines) * _VERSE_STARTS or _breaks_early(group.clean_lines))
    short = longest < width * (_VERSE_SHARE if group.indent < 2 else _INDENTED_VERSE_SHARE)
    if short:
        return starts >= len(lines) * _VERSE_STARTS
    open_lines = sum(1 for line in lines[:-1] if not _SENTENCE_END.search(line.rstrip()))
    return starts == len(lines) >= _SURE_LINES and open_lines >= len(lines) / 2 and longest < _MAX_VERSE_CHARS


def _breaks_early(lines: Sequence[str]) -> bool:
    """Tells whether most lines end though the next word had room: nobody wrapped these."""
    width = max(map(len, lines))
    early = sum(len(line) + 1 + len(below.split(" ", 1)[0]) <= width for line, below in pairwise(lines))
    return len(lines) >= _SURE_LINES and early >= (len(lines) - 1) * _EARLY_SHARE


def keeps_lines(group: Paragraph, width: int) -> bool:
    """Tells whether lines stand apart without being verse: the address, date and signature of a letter."""
    if not width or len(group.lines) < 2:
        return False
    return group.indent > width * _RIGHT_SHARE or (not is_verse(group, width) and _all_short(group, width))


def _all_short(group: Paragraph, width: int) -> bool:
    return max(len(line.strip()) for line in group.lines) < width * 0.5


def is_indented(group: Paragraph, width: int) -> bool:
    """Tells whether a paragraph of running text stands in from both margins or the left one: a quotation."""
    return bool(width) and len(group.lines) > 1 and group.indent >= 2


def table_rows(group: Paragraph) -> list[tuple[str, ...]]:
    """Returns the cells of each line where all lines are set in columns, else nothing."""
    if len(group.lines) < 2 or not all(_COLUMNS.search(line.strip()) for line in group.lines):
        return []
    return [
        tuple(" ".join(cell.split()) for cell in re.split(r" {3,}| *\t+ *|\s+\|\s+", line.strip()) if cell.strip())
        for line in group.lines
    ]


def list_items(group: Paragraph) -> list[tuple[str, ...]]:
    """Returns the lines of each item where the paragraph is a list of at least two, else nothing.

    A first line that ends in a colon, "Things to bring:", is an item of its own; without bullets, short lines under it
    are the items.
    """
    lines = group.lines
    introduced = lines[0].rstrip().endswith(":")
    starts = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    if introduced and not starts and len(lines) > _SURE_LINES and all(map(_is_bare_item, lines[1:])):
        return [(line,) for line in group.clean_lines]
    if introduced and starts[:1] == [1]:
        starts.insert(0, 0)
    if len(starts) < 2 or starts[0] != 0:
        return []
    ends = [*starts[1:], len(lines)]
    return [group.clean_lines[start:end] for start, end in zip(starts, ends, strict=True)]


def _is_bare_item(line: str) -> bool:
    """Tells whether a line may be an item of a list without bullets: a few words without a stop."""
    return len(line.strip()) < _MIN_WRAP and not line.rstrip().endswith((".", ",", ";", ":", "!", "?", "-"))


def without_line_numbers(group: Paragraph) -> tuple[Paragraph, list[str]]:
    """Takes the numbers of lines, every fifth or tenth, out of a stanza that has them far behind its lines.

    Returns the paragraph, and the numbers.
    """
    matches = [_LINE_NUMBER.search(line) for line in group.lines]
    numbers = [match["number"] for match in matches if match is not None]
    if not numbers or any(int(number) % 5 for number in numbers) or 2 * len(numbers) > len(group.lines):
        return group, []
    lines = (line[: match.start()] if match else line for line, match in zip(group.lines, matches, strict=True))
    return Paragraph(tuple(lines), group.blank_before), numbers


def _by_empty_lines(lines: Sequence[str]) -> list[Paragraph]:
    groups: list[Paragraph] = []
    current: list[str] = []
    blank = before = 0
    for line in [*lines, ""]:
        if line.strip():
            if not current:
                before = blank
            current.append(line.expandtabs())
            blank = 0
            continue
        if current:
            groups.append(Paragraph(tuple(current), before))
            current = []
        blank += 1
    return groups


def _by_indents(group: Paragraph) -> list[Paragraph]:
    """Cuts a paragraph where a line stands in and those around it do not."""
    indents = [len(line) - len(line.lstrip()) for line in group.lines]
    base = min(indents)
    starts = [0] + [
        index
        for index in range(1, len(indents))
        if base + 2 <= indents[index] <= base + 12 and indents[index - 1] == base
    ]
    if len(starts) < 2:
        return [group]
    ends = [*starts[1:], len(group.lines)]
    pieces = zip(starts, ends, strict=True)
    return [Paragraph(group.lines[start:end], group.blank_before if start == 0 else 0) for start, end in pieces]


def _double_spaced(groups: Sequence[Paragraph]) -> list[Paragraph]:
    """Returns the paragraphs of a text with an empty line after every line; none for a text of another habit.

    Such paragraphs end where a line is short or two lines are empty.
    """
    single = [group for group in groups if len(group.lines) == 1]
    if len(groups) < 20 or len(single) < len(groups) * 0.95:
        return []
    lengths = sorted(len(group.lines[0].rstrip()) for group in single)
    width = lengths[int(len(lengths) * 0.9)]
    open_ended = sum(1 for group in single if not _SENTENCE_END.search(group.lines[0].rstrip()))
    if not _MIN_WRAP <= width <= _MAX_WRAP or open_ended < len(single) * 0.6:
        return []
    result: list[Paragraph] = []
    for group in groups:
        last = result[-1].lines[-1].rstrip() if result else ""
        ended = len(last) < width * 0.8 or group.blank_before > 1 or (_SENTENCE_END.search(last) and len(last) < width)
        indented = group.lines[0].startswith("  ")
        if result and not ended and not indented:
            result[-1] = Paragraph((*result[-1].lines, *group.lines), result[-1].blank_before)
        else:
            result.append(group)
    return result
