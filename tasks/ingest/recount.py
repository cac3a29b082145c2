"""The ingest stage's own count: every character of what was read is in one block or one skip. Must not know formats."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from tasks.errors import CoverageError
from tasks.ingest.events import Anchor, Event

_HYPHENS = str.maketrans("−–", "--")
_SHOWN = 20  # characters in a message


def require_whole(text: str, events: Iterable[Event], source: str) -> None:
    """Raises `CoverageError` unless `events` hold each character of `text` that is no space exactly once."""
    expected = Counter("".join(text.split()))
    found: Counter[str] = Counter()
    for event in events:
        if not isinstance(event, Anchor):
            found.update("".join(event.text.split()))
    require_equal(expected, found, source)


def require_equal(expected: Counter[str], found: Counter[str], source: str) -> None:
    """Raises `CoverageError`, with examples, unless two counts of a text's characters are the same."""
    if found == expected:
        return
    lost = expected - found
    doubled = found - expected
    raise CoverageError(
        f"{source}: {lost.total()} characters lost and {doubled.total()} doubled while reading "
        f"({''.join(lost)[:_SHOWN]!r} / {''.join(doubled)[:_SHOWN]!r}), which is a fault of Talepress; "
        "please report this book"
    )


def require_same_letters(text: str, texts: Iterable[str], source: str) -> None:
    """Raises `CoverageError` unless `texts` hold the letters of a document's `text`, counted by another route.

    A ligature, a superscript or an accented letter equals its parts.
    """
    require_equal(Counter(_folded(text)), Counter(_folded("".join(texts))), source)


def _folded(text: str) -> str:
    """Returns text without spaces, its letters taken apart."""
    return "".join(unicodedata.normalize("NFKD", text).translate(_HYPHENS).split())
