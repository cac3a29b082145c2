"""Plain text to blocks: paragraphs out of hard-wrapped lines, chapter headings, verse, scene breaks.

Must not know files, encodings or the table of contents' rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.records import Block, BlockKind, Skip
from tasks.ingest.chapters import Mark, one_line
from tasks.ingest.html import INVISIBLE, INVISIBLE_RULE, Anchor, Event, is_scene_break
from tasks.ingest.rules import title_rule

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|first|second|third|fourth|fifth|last"
)
_CHAPTER = re.compile(
    rf"(?:chapter|book|part|canto|act|scene|letter|volume|stave)\s+(?:the\s+)?(?:\d+|[ivxlcdm]+|(?:{_NUMBER_WORDS})\b)"
    r"(?:[ \t]*[-.:—–\n].*|[ \t]+[A-Z“\"].*)?",
    re.I | re.S,
)
_NAMED = re.compile(r"(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusion|dedication)[.:]?", re.I)
_NUMERAL = re.compile(r"(?=[IVXLC])(?:X[LC]|L?X{0,3}|C{1,3})(?:I[XV]|V?I{0,3})\.?(?:[ \t\n]+[A-Z“\"].*)?", re.S)
_FIRST_NUMBER = re.compile(rf"\b(?:\d+|[IVXLC]+|(?i:{_NUMBER_WORDS}))\b")
_FIELD = re.compile(r"^(Title|Author|Language|Release date|Publisher):[ \t]*(.+)$", re.M | re.I)
_HEADER_CHARS = 5000
_MAX_HEADING_CHARS = 120
_MAX_HEADING_LINES = 3
_VERSE_SHARE = 0.72  # of the page's width: a paragraph of only shorter lines is verse
_MIN_WRAP, _MAX_WRAP = 40, 110  # widths at which people hard-wrap lines


def read_header(text: str) -> dict[str, str]:
    """`Title:`, `Author:` and the like of a Project Gutenberg header, names in lower case."""
    if "Project Gutenberg" not in text[:_HEADER_CHARS]:
        return {}
    return {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(text[:_HEADER_CHARS])}


def read_text(text: str, source: str) -> tuple[list[Event], list[Mark]]:
    """The blocks of a text with an anchor before each chapter's heading, and the marks that name these chapters."""
    events: list[Event] = []
    marks: list[Mark] = []
    invisible = "".join(INVISIBLE.findall(text))
    if invisible:
        events.append(Skip(invisible, INVISIBLE_RULE, source=source))
    paragraphs = _paragraphs(INVISIBLE.sub("", text))
    width = _page_width(paragraphs)
    contents: str | None = None  # what a list of contents begins with, while in one
    for number, lines in enumerate(paragraphs):
        joined = "\n".join(" ".join(line.split()) for line in lines)
        contents = _contents(joined, contents, paragraphs[number + 1 : number + 2])
        if contents is not None:
            events.append(Skip(" ".join(joined.split()), "table-of-contents", source=source))
        elif is_heading(joined):
            anchor = f"heading-{number}"
            events += [Anchor(anchor), Block(BlockKind.HEADING, joined, source)]
            marks.append(Mark(one_line(joined), 0, anchor))
        elif is_scene_break(joined):
            events.append(Block(BlockKind.SCENE_BREAK, joined, source))
        elif len(lines) > 1 and _is_verse(lines, width):
            events.append(Block(BlockKind.VERSE, joined, source))
        else:
            events.append(Block(BlockKind.PARAGRAPH, joined.replace("\n", " "), source))
    return events, marks


def is_heading(text: str) -> bool:
    """Whether a paragraph is a chapter's heading: "CHAPTER IV", "Chapter 4: The Sea", "XII.", "Preface"."""
    if len(text) > _MAX_HEADING_CHARS or text.count("\n") >= _MAX_HEADING_LINES:
        return False
    if text.rstrip().endswith((",", ";")):
        return False
    return any(pattern.fullmatch(text) for pattern in (_CHAPTER, _NAMED, _NUMERAL))


def _paragraphs(text: str) -> list[list[str]]:
    """Lines grouped by the blank lines between them; one line each where a file has no blank lines."""
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    blank = len(lines) - len(filled)
    if blank < len(filled) / 50 and _long_lines(filled):
        return [[line] for line in filled]
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line.expandtabs())
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _long_lines(lines: Sequence[str]) -> bool:
    return any(len(line) > _MAX_WRAP for line in lines)


def _page_width(paragraphs: Sequence[Sequence[str]]) -> int:
    """The width at which the file's lines are wrapped, in characters; 0 when they are not."""
    inner = sorted(len(line.rstrip()) for lines in paragraphs for line in lines[:-1])
    if not inner:
        return 0
    width = inner[int(len(inner) * 0.9)]
    return width if _MIN_WRAP <= width <= _MAX_WRAP else 0


def _is_verse(lines: Sequence[str], width: int) -> bool:
    """Whether the line ends are the author's: lines far shorter than the page's, each beginning like a verse."""
    longest = max(len(line.rstrip()) for line in lines[:-1])
    indented = all(line.startswith("  ") for line in lines)
    starts = sum(1 for line in lines if line.strip()[:1].isupper() or not line.strip()[:1].isalpha())
    return bool(width) and (longest < width * _VERSE_SHARE or indented) and starts >= len(lines) * 0.7


def _contents(text: str, contents: str | None, following: Sequence[Sequence[str]]) -> str | None:
    """The number that a list of contents starts with ("" for none yet) while `text` is part of one, else `None`.

    The list ends at a paragraph of prose, or where its first number comes again: that is the first chapter itself.
    """
    lines = text.split("\n")
    if title_rule(lines[0]) == "table-of-contents":
        return _number("\n".join(lines[1:]))
    if contents is None or (contents and _number(text) == contents):
        return None
    titles = all(len(line) < 80 for line in lines) and not re.search(r"[.!?][”\"]?$", text)
    if not (titles or is_heading(text)):
        return None
    next_text = "\n".join(following[0]) if following else ""
    if len(lines) > 1 or is_heading(next_text) or len(next_text) < 80:
        return contents or _number(text)
    return None


def _number(text: str) -> str:
    """The first number of a heading or a list, in lower case: "i" of "CHAPTER I." and of "I. The Start"."""
    match = _FIRST_NUMBER.search(text)
    return match[0].lower() if match else ""
