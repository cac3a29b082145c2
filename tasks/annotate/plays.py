"""Finds who speaks in a play: labels such as "TOM." and "ANN (aside):" before speeches, and the directions in these.

Must not know voices, casts or files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from storage.records import Block, BlockKind, Book
from tasks.patterns import regexp

_TITLE = r"(?:MRS?|MS|DR|ST|REV|SIR|CAPT|COL|SGT|LT)\.? "
_LOUD_NAME = rf"(?:{_TITLE})?[A-Z][A-Z0-9'’-]*(?: (?:{_TITLE})?(?:&|[A-Z0-9][A-Z0-9'’-]*)){{0,3}}"
_QUIET_NAME = r"[A-Z][a-z'’]+(?: (?:[A-Z][a-z'’]+|\d)){0,2}"
_DIRECTION = r"\[[^\[\]]{1,300}\]|\([^()]{1,200}\)"
_LABEL = regexp(
    rf"(?:(?P<loud>{_LOUD_NAME})(?P<manner>,? ?(?:{_DIRECTION}))?(?:[.:](?: ?[—–-]+)?|[—–]+|\n|$)"
    rf"|(?P<quiet>{_QUIET_NAME})(?: ?(?:{_DIRECTION}))?:)\s*"
)
_INNER_DIRECTION = regexp(_DIRECTION)
_NO_NAME = regexp(
    r"(?:ACT|SCENE|CHAPTER|PART|BOOK|PROLOGUE|EPILOGUE|NOTES?|ENTER|EXIT|EXEUNT|CURTAIN|THE END|END|FINIS|INT|EXT|I|A|"
    r"OH?)\b",
    re.I,
)
_SPOKEN_KINDS = frozenset({BlockKind.PARAGRAPH, BlockKind.VERSE, BlockKind.QUOTE, BlockKind.LIST_ITEM})
_FEWEST_SPEECHES = 4
_FEWEST_SPEAKERS = 2
_SHARE_OF_PLAY = 0.3  # of a chapter's blocks are speeches


@dataclass(frozen=True)
class Speech:
    """What one speaker says in a block: the characters `[start, end)` of each part between directions."""

    speaker: str
    parts: tuple[tuple[int, int], ...]


def speakers_of(book: Book) -> dict[str, int]:
    """Counts the speeches of each speaker of a play, the one with most first; {} for a book that is none."""
    counts = Counter(speech.speaker for speech in find_speeches(book).values())
    return dict(counts.most_common())


def find_speeches(book: Book) -> dict[tuple[int, int], Speech]:
    """Finds the speeches of a play by (chapter's index, block's index); {} for a book that is none.

    A play has several speakers who come again, and many speeches: "NOTE: ..." here and there makes none.
    """
    # 1. Take the labels of every chapter that has enough of them.
    found: dict[tuple[int, int], Speech] = {}
    for chapter in book.chapters:
        speeches = dict(_speeches(chapter.blocks))
        spoken = sum(block.kind in _SPOKEN_KINDS for block in chapter.blocks)
        if len(speeches) >= _SHARE_OF_PLAY * spoken:
            found |= {(chapter.index, at): speech for at, speech in speeches.items()}
    # 2. Believe them where several speakers come again.
    counts = Counter(speech.speaker for speech in found.values())
    again = [name for name, count in counts.items() if count > 1]
    is_play = len(found) >= _FEWEST_SPEECHES and len(counts) >= _FEWEST_SPEAKERS and again
    return found if is_play else {}


def _speeches(blocks: tuple[Block, ...]) -> Iterator[tuple[int, Speech]]:
    """Yields the speeches of one chapter. A label that is a block of its own belongs to the block below."""
    above = ""
    for at, block in enumerate(blocks):
        label = _LABEL.match(block.text) if block.kind in _SPOKEN_KINDS else None
        name = (label["loud"] or label["quiet"]) if label else ""
        if label is None or _NO_NAME.match(name):
            if above and block.kind in _SPOKEN_KINDS and not _INNER_DIRECTION.fullmatch(block.text):
                yield at, Speech(above, _parts(block.text, 0))
                above = ""
        elif label.end() == len(block.text):
            above = name
        else:
            yield at, Speech(name, _parts(block.text, label.end()))
            above = ""


def _parts(text: str, start: int) -> tuple[tuple[int, int], ...]:
    """Returns the characters from `start` on that are no directions and hold a letter."""
    edges = [start]
    for direction in _INNER_DIRECTION.finditer(text, start):
        edges += direction.span()
    edges.append(len(text))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((first, last) for first, last in pairs if any(map(str.isalpha, text[first:last])))
