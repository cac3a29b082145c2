"""Writes media overlays (EPUB 3.3, section 9): which element lights up during which clip.

The shape is one that all known readers take: no text reference at the body, one sequence for the file with every pair
in it, notes as sequences of their own, which readers can skip. Must not know how elements and clips are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import quoteattr

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n<body>\n'
)


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class Pair:
    """An element of the text and its clip. `audio` is relative to the overlay."""

    id: str
    audio: str
    begin_ms: int
    end_ms: int
    note: str = ""  # "footnote" or "endnote": what the text is part of


def smil(text_href: str, pairs: Sequence[Pair]) -> str:
    """Writes the overlay of one file of text, which is at `text_href` from the overlay; pairs in the file's order."""
    lines = [_HEAD, f'<seq id="all" epub:textref={quoteattr(text_href)} epub:type="chapter">\n']
    number = 0
    for note, group in groupby(pairs, key=lambda pair: pair.note):
        own = list(group)
        if note:
            target = quoteattr(f"{text_href}#{own[0].id}")
            lines.append(f'<seq id="note-{own[0].id}" epub:textref={target} epub:type="{note}">\n')
        for pair in own:
            number += 1
            lines.append(
                f'<par id="par{number}"><text src={quoteattr(f"{text_href}#{pair.id}")}/>'
                f'<audio src={quoteattr(pair.audio)} clipBegin="{clock(pair.begin_ms)}" '
                f'clipEnd="{clock(pair.end_ms)}"/></par>\n'
            )
        if note:
            lines.append("</seq>\n")
    return "".join([*lines, "</seq>\n</body>\n</smil>\n"])


def duration_ms(pairs: Sequence[Pair]) -> int:
    """Adds up the clips."""
    return sum(pair.end_ms - pair.begin_ms for pair in pairs)


def clock(milliseconds: int) -> str:
    """Writes a time as a full clock value, from whole milliseconds: rounded seconds would give 60.000."""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
