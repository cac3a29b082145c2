"""Recognises the conventions of Project Gutenberg's text files: frame, credits, marks of emphasis, notes, pictures.

Must not know files or chapters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tasks.ingest.plain.lines import Paragraph
from tasks.ingest.prose import tells
from tasks.ingest.skips import SkipRule

_FIELD = re.compile(
    r"^(Title|Author|Language|Release date|Posting date|Publisher|Translator|Original publication):"
    r"[ \t]*(.+(?:\n {6,}.+)*)$",
    re.M | re.I,
)
_HEADER_CHARS = 8000
_START = re.compile(
    r"\*\*\*\s*START OF (?:THE|THIS) PROJECT GUTENBERG|^\*END\s?\*\s*THE SMALL PRINT|^\*END THE SMALL PRINT", re.I
)
_STOP = re.compile(r"\*\*\*\s*END OF (?:THE|THIS) PROJECT GUTENBERG|^End of (?:the |this )?Project Gutenberg", re.I)
_CREDIT = re.compile(
    r"(?:e-?text |this e-?(?:book|text) was |html version |\[?updated |scanned |digitized )?"
    r"(?:produced|prepared|scanned|created|transcribed|proofread|digitized) (?:by|from)\b|"
    r"credits?:|\[?transcriber['’]?s['’]? notes?\b|"
    r"\[?editor['’]s note: this e-?text|\[?note: project gutenberg",
    re.I,
)
_MAKERS = re.compile(r"gutenberg|proofread|transcri|scann|digiti[sz]|e-?text|e-?book|html|https?:|archive", re.I)
_TRANSCRIBER = re.compile(r"\[?_?transcriber['’]?s['’]?\s+notes?\b_?", re.I)
# What the sentences under that title are about.
_TRANSCRIBING = re.compile(
    r"\b(?:errors?|typos?|typographical|misprints?|spelling|hyphenat\w+|punctuation|italics?|footnotes?|illustrations?|"
    r"transcri\w+|corrected|corrections?|retained|silently|printed|original|inconsistenc\w+|cover image)\b"
    r"|^(?:on )?(?:page|p\.|line|chapter) \d"
    r"|[\"”’] (?:was |has been |is )?(?:changed|corrected|replaced|amended|added)\b",
    re.I,
)
_CREDIT_PAGES = 12  # paragraphs in which credits may stand

_NOTE_BODY = re.compile(r"\[(?:Footnote|Note)\s*([\dA-Z*†‡§]{1,4})?[:.]|\[(\d{1,4}|[A-Z]|\*+|[†‡§])\]\s+(?=\S)", re.I)
_INLINE = re.compile(
    r"(?P<picture>\[(?:Illustration|Figure|Plate|Frontispiece|Map|Decoration|Music)\b[^\[\]]{0,2000}\])"
    r"|(?P<page>\[(?:pg|p|page)\.?\s*[\divxlc]{1,7}\]|\{(?:pg\s*|p\.?\s*)?[\divxlc]{1,7}\}|\[blank page\])"
    r"|(?P<side>\[sidenote:[^\[\]]{0,600}\])"
    r"|(?P<note>(?<!\[)\[(?:\d{1,4}|[A-Z]|\*+|[†‡§])\](?!\]))"
    r"|(?P<emphasis>(?<![\w_])_(?=[^\s_])(?:[^_]{1,2000}?)(?<=[^\s_])_(?![\w_])"
    r"|(?<![\w=])=(?=[^\s=])(?:[^=\n]{1,200}?)(?<=[^\s=])=(?![\w=]))",
    re.I,
)
_REFERENCE = re.compile(r"(?<=[\w.,;:!?”’\"')*_])[ \t]?\[(\d{1,4}|[A-Z]|\*+|[†‡§])\]")
_BEFORE_NO_NOTE = ("", " ", "\n", "-", "–", "—", "(", "/")  # "[32]–[35]" are paragraphs of a judgment
_INLINE_START = frozenset("[{_=")
_BY_KIND = {
    "picture": SkipRule.ILLUSTRATION,
    "page": SkipRule.PAGE_BREAK,
    "side": SkipRule.SIDENOTE,
    "note": SkipRule.NOTE_REFERENCE,
}


def read_header(text: str) -> dict[str, str]:
    """Reads `Title:`, `Author:` and the like of a Project Gutenberg header, names in lower case."""
    head = text[:_HEADER_CHARS]
    if "Project Gutenberg" not in head:
        return {}
    return {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(head)}


def book_proper(groups: Sequence[Paragraph]) -> tuple[int, int]:
    """Returns `[start, stop)` of the paragraphs between Project Gutenberg's markers, or of all of them."""
    start = 0
    for index, group in enumerate(groups):
        if _START.search(group.text):
            start = index + 1
        elif _STOP.search(group.text):
            return start, index
    return start, len(groups)


def credits(groups: Sequence[Paragraph], start: int, stop: int) -> set[int]:
    """Finds the paragraphs near the start in which the makers of the file, not of the book, speak."""
    found: set[int] = set()
    for index in range(start, min(start + _CREDIT_PAGES, stop)):
        text = groups[index].text
        if _CREDIT.match(text) and (not tells(text) or _MAKERS.search(text)):
            found.add(index)
    return found | _transcriber_notes(groups, start, stop)


def _transcriber_notes(groups: Sequence[Paragraph], start: int, stop: int) -> set[int]:
    """Finds the transcriber's notes: in brackets up to the closing one, else the sentences on transcribing below.

    A note may stand anywhere: before the text, at a chapter's end, behind everything.
    """
    found: set[int] = set()
    depth = 0
    for index in range(start, stop):
        text = groups[index].text
        begins = depth <= 0 and _TRANSCRIBER.match(text) is not None
        goes_on = depth <= 0 and index - 1 in found and not _is_closed_note(groups[index - 1].text)
        if begins:
            depth = 0
        if begins or depth > 0 or (goes_on and _TRANSCRIBING.search(text)):
            found.add(index)
            depth += text.count("[") - text.count("]")
    return found


def _is_closed_note(text: str) -> bool:
    """Tells whether a note ended with the bracket it began with."""
    return text.startswith("[") or text.endswith("]")


def note_label(text: str, referred: Collection[str] | None) -> str | None:
    """Returns the label of a note's body, "1" of "[1] See above." and "[Footnote 1: See above.]"; else `None`.

    `referred` are the labels in the text that may lead to a note: "[32] The court held" without any is no note. Under
    the title "FOOTNOTES" it is one all the same: `None`.
    """
    match = _NOTE_BODY.match(text)
    if match is None or (referred is not None and match[2] and match[2] not in referred):
        return None
    return match[1] or match[2] or "*"


def references(text: str) -> list[str]:
    """Lists the labels in brackets that stand behind a word or a stop, and may lead to a note."""
    return _REFERENCE.findall(text)


def strip_inline(
    text: str, notes: Collection[str], also_read: Collection[str]
) -> tuple[str, list[tuple[str, SkipRule]]]:
    """Takes marks that are no words out of a text. Returns the text, and what was left out with its skip rules.

    Args:
        text: of one block.
        notes: the labels of the book's notes: `[1]` is a reference where a note of that label exists, or where it
            touches the word before it.
        also_read: skip rules that are switched off.
    """
    left_out: list[tuple[str, SkipRule]] = []
    if _INLINE_START.isdisjoint(text):
        return text, left_out

    def replace(match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        mark = match[0]
        # 1. Of emphasis, the signs go and the words stay; there may be marks among them.
        if kind == "emphasis":
            if SkipRule.EMPHASIS_MARK in also_read:
                return mark
            left_out.append((mark[0] * 2, SkipRule.EMPHASIS_MARK))
            return strip(mark[1:-1])
        # 2. Of all else, the whole mark goes, but for brackets that lead to no note.
        before = text[match.start() - 1 : match.start()]
        label = mark[1:-1]
        if kind == "note" and label not in notes and (before in _BEFORE_NO_NOTE or not label.isdigit()):
            return mark
        if _BY_KIND[kind] in also_read:
            return mark
        left_out.append((mark, _BY_KIND[kind]))
        return ""

    def strip(inner: str) -> str:
        return _INLINE.sub(replace, inner)

    stripped = strip(text)
    if not left_out:
        return text, []
    lines = (" ".join(line.split()) for line in stripped.split("\n"))
    return "\n".join(line for line in lines if line), left_out
