"""Puts the lines of a PDF's page into the order of reading: finds columns, rows, and lines at the page's edges.

Must not know paragraphs, headings or PDF files.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tasks.ingest.formats.pdf.fragments import Fragment, Page
from tasks.ingest.plain.headings import heading_of
from tasks.ingest.skips import SkipRule

_MIN_COLUMN_LINES = 4
_MIN_COLUMN_CHARS = 12  # a line's, on average: page numbers and cells of tables are shorter
_MAX_CROSSING = 0.25  # of the lines may run across the gutter: titles above two columns
_MIN_UNDECIDED = 3  # rows of texts side by side on a page without columns
_WIDE_GAP = 1.0  # in line heights, between texts of one row
_MIN_BESIDE = 2  # lines side by side that show columns where other pages have them
_GUTTER = 0.6  # in line heights
_MAX_COLUMNS = 4
_EDGE_LINES = 3  # at the top and at the bottom of a page may be no part of the text
_MIN_REPEATS = 3  # pages at one height of which a line comes again
_BAND = 3.0  # points: lines so close are at one height
_HEAD_SIZE = 1.1  # of the body's: larger is a heading
_SMALL_SIZE = 0.92  # of the body's: smaller, and twice word for word at one height, is no text
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.I)
_PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[-–—\[(|]*\s*(?P<number>\d{1,4}|[ivxlc]{1,7})\s*[-–—\])|]*(?:\s*(?:of|/)\s*\d{1,4})?", re.I
)


@dataclass
class Line:
    """One line of a column. `left_edge` and `right_edge` are the column's. Lengths in points."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool
    page: int
    raised: list[tuple[int, int]] = field(default_factory=list)
    left_edge: float = 0.0
    right_edge: float = 0.0
    column: int = 0  # of its page
    gap: float = 0.0  # to the line above in its column; 0 for its first


def usual_gutter(pages: Sequence[Page]) -> float | None:
    """Returns where the gutter of most pages with columns is, in points; `None` where fewer than half have one."""
    gutters = [gutter for page in pages if (gutter := _gutter(page.fragments)) is not None]
    if not gutters or 2 * len(gutters) < len(pages):
        return None
    return sorted(gutters)[len(gutters) // 2]


def page_lines(page: Page, gutter: float | None = None) -> list[Line]:
    """Returns the page's lines, columns one after the other.

    Args:
        page: one page.
        gutter: the usual one of the book, in points: a page of a few lines, such as the last, shows none by itself.
    """
    lines: list[Line] = []
    for number, column in enumerate(_columns(list(page.fragments), _MAX_COLUMNS, gutter)):
        rows = [_line(row, page.number) for row in _rows(column)]
        for line, above in zip(rows, [None, *rows], strict=False):
            line.column = number
            line.gap = above.bottom - line.top if above is not None else 0.0
        _set_edges(rows)
        lines += rows
    return lines


def is_undecided(page: Page, gutter: float | None = None) -> bool:
    """Tells whether lines of text stand side by side on a page though no columns were found there.

    Such a page is read from top to bottom, across. Cells of tables are too short to count.
    """
    beside = 0
    for column in _columns(list(page.fragments), _MAX_COLUMNS, gutter):
        for row in _rows(column):
            texts = [fragment for fragment in row if len(fragment.text) >= _MIN_COLUMN_CHARS]
            beside += any(right.left - left.right > _WIDE_GAP * left.size for left, right in pairwise(texts))
    return beside >= _MIN_UNDECIDED


def edge_rules(pages: Sequence[Sequence[Line]]) -> dict[tuple[int, int], SkipRule]:
    """Finds running heads, running feet and page numbers. Maps (page's index, line's index) to the skip rule.

    A number that counts the pages is one. At a height at which most lines come again on other pages, whatever the
    number beside them, all are: a short chapter's title stands there but once.
    """
    usual = usual_gap([gap for lines in pages for gap in _gaps(_from_top(lines))])
    edges = {(at, index): line for at, lines in enumerate(pages) for index, line in _edge_lines(lines, usual)}
    edges |= _repeated_edges(pages)
    body = body_size(line for lines in pages for line in lines)
    found = _page_numbers(edges, len(pages))
    bands: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for key, line in edges.items():
        if key not in found and line.size < body * _HEAD_SIZE:
            bands[round(line.bottom / _BAND)].append(key)
    heads = {key for key, line in edges.items() if line is _first_line(pages[key[0]])}
    unopened = max(sum(not _opens_chapter(lines, body) for lines in pages), 2)
    for keys in bands.values():
        words = Counter(_pattern(edges[key].text) for key in keys)
        exact = Counter(edges[key].text for key in keys)
        repeated = [
            key
            for key in keys
            if words[_pattern(edges[key].text)] > 1
            and (exact[edges[key].text] > 1 or heading_of(edges[key].text) is None)
        ]
        alike = [key for key in repeated if exact[edges[key].text] >= (unopened if key in heads else len(pages))]
        if len(repeated) >= max(_MIN_REPEATS, len(keys) / 2) or alike == keys:
            found.update(dict.fromkeys(keys, SkipRule.RUNNING_HEAD))
        else:  # in a short file two pages may be all that have the same one
            small = [key for key in keys if key in heads and edges[key].size < body * _SMALL_SIZE]
            again = [key for key in small if exact[edges[key].text] > 1]
            found.update(dict.fromkeys(small if 2 * len(again) >= len(keys) else again, SkipRule.RUNNING_HEAD))
    return found


def _columns(fragments: list[Fragment], most: int, usual: float | None = None) -> list[list[Fragment]]:
    """Sorts fragments into columns; one that runs across stands between those above and those below it."""
    gutter = _gutter(fragments) if most > 1 else None
    if gutter is None and usual is not None and _has_columns_at(fragments, usual):
        gutter = usual
    if gutter is None:
        return [fragments] if fragments else []
    result: list[list[Fragment]] = []
    band: list[Fragment] = []
    for fragment in [*sorted(fragments, key=lambda f: -f.top), None]:
        crosses = fragment is None or fragment.left < gutter < fragment.right
        if not crosses and fragment is not None:
            band.append(fragment)
            continue
        for side in ([f for f in band if f.right <= gutter], [f for f in band if f.left >= gutter]):
            result += _columns(side, most - 1)
        band = []
        if fragment is not None:
            if result and len(result[-1]) and result[-1][-1].left < gutter < result[-1][-1].right:
                result[-1].append(fragment)
            else:
                result.append([fragment])
    return result


def _gutter(fragments: Sequence[Fragment]) -> float | None:
    """Returns the middle of the widest empty strip between two columns of running text, `None` where there is none."""
    # 1. Count, strip by strip, how many fragments lie across it.
    if len(fragments) < 2 * _MIN_COLUMN_LINES:
        return None
    size = sorted(f.size for f in fragments)[len(fragments) // 2]
    left = min(f.left for f in fragments)
    right = max(f.right for f in fragments)
    step = max(size / 4, (right - left) / 2000, 0.1)
    count = int((right - left) / step) + 1
    changes = [0] * (count + 2)
    for fragment in fragments:
        changes[int((fragment.left - left) / step)] += 1
        changes[int((fragment.right - left) / step) + 1] -= 1
    # 2. Join the strips that few fragments cross.
    crossing = 0
    strips = []
    start = None
    allowed = len(fragments) * _MAX_CROSSING / 2
    for index in range(count + 1):
        crossing += changes[index]
        if crossing <= allowed and start is None:
            start = index
        elif crossing > allowed and start is not None:
            strips.append((start, index))
            start = None
    # 3. Take the widest that parts running text.
    inner = [(a, b) for a, b in strips if a > 0 and (b - a) * step >= size * _GUTTER]
    for a, b in sorted(inner, key=lambda strip: strip[0] - strip[1]):
        middle = left + (a + b) / 2 * step
        if _parts_text(fragments, middle):
            return middle
    return None


def _parts_text(fragments: Sequence[Fragment], gutter: float) -> bool:
    """Tells whether lines of text stand side by side left and right of the gutter."""
    sides = [f for f in fragments if f.right <= gutter], [f for f in fragments if f.left >= gutter]
    for side in sides:
        if len(side) < max(_MIN_COLUMN_LINES, len(fragments) * 0.15):
            return False
        if sum(len(f.text) for f in side) < _MIN_COLUMN_CHARS * len(side):
            return False
    (left_low, left_high), (right_low, right_high) = (
        (min(f.bottom for f in side), max(f.top for f in side)) for side in sides
    )
    common = min(left_high, right_high) - max(left_low, right_low)
    return common > 0.4 * min(left_high - left_low, right_high - right_low)


def _has_columns_at(fragments: Sequence[Fragment], gutter: float) -> bool:
    """Tells whether some lines of text stand side by side at a gutter that other pages have."""
    left = [f for f in fragments if f.right <= gutter and len(f.text) >= _MIN_COLUMN_CHARS]
    right = [f for f in fragments if f.left >= gutter and len(f.text) >= _MIN_COLUMN_CHARS]
    beside = sum(any(f.bottom < other.top and other.bottom < f.top for other in right) for f in left)
    crossing = sum(f.left < gutter < f.right for f in fragments)
    return beside >= _MIN_BESIDE and crossing <= _MAX_CROSSING * len(fragments)


def _rows(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Sorts the fragments of one column from top to bottom, those at one height together."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=lambda f: (-f.bottom, f.left)):
        last = rows[-1][0] if rows else None
        overlap = min(last.top, fragment.top) - max(last.bottom, fragment.bottom) if last else 0.0
        if last is not None and overlap > 0.5 * min(last.size, fragment.size):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    return [sorted(row, key=lambda f: f.left) for row in rows]


def _line(row: Sequence[Fragment], page: int) -> Line:
    """Joins the fragments of a row to a line."""
    text = ""
    raised: list[tuple[int, int]] = []
    for fragment in row:
        text += " " if text else ""
        raised += [(start + len(text), end + len(text)) for start, end in fragment.raised]
        text += fragment.text
    longest = max(row, key=lambda f: len(f.text))
    return Line(
        text,
        row[0].left,
        max(f.right for f in row),
        longest.bottom,
        longest.top,
        longest.size,
        longest.bold,
        page,
        raised,
    )


def _set_edges(lines: Sequence[Line]) -> None:
    """Sets the column's margins on its lines: where most lines begin, and where full ones end."""
    if not lines:
        return
    starts = Counter(round(line.left) for line in lines)
    common = starts.most_common(1)[0]
    left = float(min(lines, key=lambda line: line.left).left if common[1] < 3 else common[0])
    ends = sorted(line.right for line in lines)
    right = ends[int(len(ends) * 0.85)]
    for line in lines:
        line.left_edge = left
        line.right_edge = right


def _opens_chapter(lines: Sequence[Line], body: float) -> bool:
    """Tells whether a page begins with a heading: such a page often has no running head."""
    first = _first_line(lines)
    return first is None or first.size >= body * _HEAD_SIZE or heading_of(first.text) is not None


def _first_line(lines: Sequence[Line]) -> Line | None:
    """Returns the highest line of a page, `None` of an empty one."""
    return max(lines, key=lambda line: line.bottom, default=None)


def _edge_lines(lines: Sequence[Line], usual: float) -> list[tuple[int, Line]]:
    """Returns the lines at a page's top and bottom that a gap parts from the text, and numbers even without one.

    Args:
        lines: of one page.
        usual: the gap between most lines of the book, in points; a page with few lines shows none by itself.
    """
    ordered = _from_top(lines)
    gaps = _gaps(ordered)
    usual = min(usual, usual_gap(gaps))
    wide = [gap > usual + 0.5 * above.size for gap, (_, above) in zip(gaps, ordered, strict=False)]
    top = max((at + 1 for at, is_wide in enumerate(wide[:_EDGE_LINES]) if is_wide), default=0)
    foot = max((at + 1 for at, is_wide in enumerate(reversed(wide[-_EDGE_LINES:])) if is_wide), default=0)
    edges = dict(ordered[:top]) | dict(ordered[len(ordered) - foot :])
    edges |= {at: line for at, line in ordered[:1] + ordered[-1:] if _PAGE_NUMBER.fullmatch(line.text)}
    return list(edges.items())


def _repeated_edges(pages: Sequence[Sequence[Line]]) -> dict[tuple[int, int], Line]:
    """Finds first and last lines that stand word for word at the same height of another page: with wide leading no gap
    parts a running head from the text."""
    outer = {
        (at, index): line
        for at, lines in enumerate(pages)
        for index, line in [*_from_top(lines)[:1], *_from_top(lines)[-1:]]
    }
    places = Counter((round(line.bottom / _BAND), line.text) for line in outer.values())
    return {key: line for key, line in outer.items() if places[round(line.bottom / _BAND), line.text] > 1}


def _from_top(lines: Sequence[Line]) -> list[tuple[int, Line]]:
    """Returns a page's lines with their indices, the highest first."""
    return sorted(enumerate(lines), key=lambda item: -item[1].bottom)


def _gaps(ordered: Sequence[tuple[int, Line]]) -> list[float]:
    """Returns the room between each line and the next one below, in points."""
    return [above.bottom - below.top for (_, above), (_, below) in pairwise(ordered)]


def usual_gap(gaps: Sequence[float]) -> float:
    """Returns the gap between the lines of a paragraph, 0 where there are none; few gaps are narrower, some wider."""
    below = sorted(gap for gap in gaps if gap >= 0)  # lines of two columns stand side by side
    return below[len(below) // 3] if below else 0.0


def _pattern(text: str) -> str:
    """Returns the words of a line, with every number alike."""
    return " ".join(_DIGITS.sub("#", text.casefold()).split()).strip("#| -–—·•")


def _page_numbers(edges: dict[tuple[int, int], Line], pages: int) -> dict[tuple[int, int], SkipRule]:
    """Finds lines of nothing but a number whose difference to the page's place is the same on most such pages."""
    numbers = {key: match["number"] for key, line in edges.items() if (match := _PAGE_NUMBER.fullmatch(line.text))}
    digits = {key: int(number) for key, number in numbers.items() if number.isdigit()}
    offsets = Counter(number - key[0] for key, number in digits.items())
    if not offsets:
        return {}
    usual, times = offsets.most_common(1)[0]
    if times < min(_MIN_REPEATS, pages):
        return {}
    roman = {key for key, number in numbers.items() if not number.isdigit() and len(numbers) > _MIN_REPEATS}
    return {key: SkipRule.PAGE_NUMBER for key in {k for k, number in digits.items() if number - k[0] == usual} | roman}


def body_size(lines: Iterable[Line]) -> float:
    """Returns the size in which most characters are set, in points."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0
