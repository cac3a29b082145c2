"""Reads the characters of a PDF's page into fragments of lines with their places. Must not know columns."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from tasks.ingest.html.inline import LIGATURES

_COLUMN_GAP = 1.6  # in line heights: a wider gap within a line may be one between columns
_SAME_LINE = 0.5  # of the smaller height must overlap
_RAISED_SHARE = 0.82  # of the line's height: a smaller character may be a note's mark
_LINE_END_HYPHENS = frozenset({0x2, 0xFFFE})  # how pdfium writes a hyphen at a line's end
_UNMAPPED = "\ufffd"


@dataclass
class Fragment:
    """Characters in one row without a wide gap. Lengths in points; y grows upwards."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    raised: list[tuple[int, int]] = field(default_factory=list)  # stretches of small characters above the line
    bold: bool = False

    @property
    def size(self) -> float:
        """Returns the line's height in points, which goes with the size of its letters."""
        return self.top - self.bottom


@dataclass(frozen=True)
class Page:
    """One page: its fragments in the file's order, and the letters of text that stands crosswise."""

    number: int  # from 0
    width: float
    height: float
    fragments: tuple[Fragment, ...]
    crosswise: str


@dataclass(frozen=True)
class _Character:
    """One character with its box, in points, upright, and its index in pdfium's page."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    index: int


def read_page(document: pypdfium2.PdfDocument, number: int) -> Page:
    """Reads the text of one page, upright."""
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            rotation = page.get_rotation()
            width, height = page.get_size()
            fragments: list[Fragment] = []
            crosswise = ""
            for characters in _runs(_characters(text_page.raw, rotation)):
                fragment = _fragment(characters, text_page.raw)
                if not fragment.text:
                    continue
                angle = pdfium.FPDFText_GetCharAngle(text_page.raw, characters[0].index)
                if abs(math.remainder(angle + math.radians(rotation), 2 * math.pi)) > 0.3:
                    crosswise += fragment.text  # its letters stand in rows of their own
                else:
                    fragments.append(fragment)
            return Page(number, width, height, tuple(fragments), crosswise)
        finally:
            text_page.close()
    finally:
        page.close()


def _characters(raw: pdfium.FPDF_TEXTPAGE, rotation: int) -> Iterator[_Character | None]:
    """Yields the characters with their boxes; `None` where pdfium found the end of a line."""
    box = pdfium.FS_RECTF()
    for index in range(pdfium.FPDFText_CountChars(raw)):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code in (10, 13):
            yield None
            continue
        pdfium.FPDFText_GetLooseCharBox(raw, index, ctypes.byref(box))
        left, right, bottom, top = _upright(box, rotation)
        yield _Character(_letter(code), left, right, bottom, top, index)


def _letter(code: int) -> str:
    """Returns the letters of a character's code; U+FFFD for a code that means nothing."""
    if code in _LINE_END_HYPHENS:
        return "-"
    if code == 0 or 0xD800 <= code < 0xE000 or code == 0xFFFF:
        return _UNMAPPED
    letter = chr(code).translate(LIGATURES)
    return " " if letter.isspace() else _UNMAPPED if unicodedata.category(letter[0]) in ("Cc", "Co", "Cn") else letter


def _upright(box: pdfium.FS_RECTF, rotation: int) -> tuple[float, float, float, float]:
    """Returns left, right, bottom, top as they are when the page is shown."""
    if rotation == 90:
        return box.bottom, box.top, -box.right, -box.left
    if rotation == 180:
        return -box.right, -box.left, -box.top, -box.bottom
    if rotation == 270:
        return -box.top, -box.bottom, box.left, box.right
    return box.left, box.right, box.bottom, box.top


def _runs(characters: Iterator[_Character | None]) -> Iterator[list[_Character]]:
    """Yields the characters of one row, cut at wide gaps."""
    run: list[_Character] = []
    for character in characters:
        if character is None:
            continue
        if run and character.text != " " and not _goes_on(run, character):
            yield run
            run = []
        if run or character.text != " ":
            run.append(character)
    if run:
        yield run


def _goes_on(run: list[_Character], character: _Character) -> bool:
    """Tells whether a character stands in the same row as a run, close behind it."""
    last = next((c for c in reversed(run) if c.text != " "), run[-1])
    height = min(last.top - last.bottom, character.top - character.bottom)
    overlap = min(last.top, character.top) - max(last.bottom, character.bottom)
    gap = character.left - last.right
    tall = max(last.top - last.bottom, character.top - character.bottom)
    return overlap > _SAME_LINE * height and -tall < gap < _COLUMN_GAP * tall


def _fragment(run: list[_Character], raw: pdfium.FPDF_TEXTPAGE) -> Fragment:
    """Makes a fragment of a run. Its height is the usual one: a drop capital or a note's mark does not count."""
    # 1. Find the usual height.
    letters = [c for c in run if c.text != " "]
    heights = sorted(c.top - c.bottom for c in letters)
    height = heights[len(heights) // 2]
    usual = next(c for c in letters if abs(c.top - c.bottom - height) < 0.01)
    # 2. Gather the text, single spaces in it, and the places of raised characters.
    text = ""
    raised: list[tuple[int, int]] = []
    for character in run:
        small = character.top - character.bottom < _RAISED_SHARE * height and character.text != " "
        if character.text == " " and text.endswith(" "):
            continue
        if small and character.bottom > usual.bottom + 0.1 * height:
            start = raised.pop()[0] if raised and raised[-1][1] == len(text) else len(text)
            raised.append((start, len(text) + len(character.text)))
        text += character.text
    weight = pdfium.FPDFText_GetFontWeight(raw, usual.index)
    stripped = text.rstrip()
    return Fragment(
        stripped,
        min(c.left for c in letters),
        max(c.right for c in letters),
        usual.bottom,
        usual.top,
        raised,
        bold=weight >= 600,
    )
