"""The ingest stage's own count: every character of what was read is in one block or one skip. Must not know formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from storage.records import Block, Skip
from tasks.errors import CoverageError
from tasks.ingest.events import Anchor, Event


def require_whole(text: str, events: Iterable[Event], source: str) -> None:
    """Raises `CoverageError` unless `events` hold each character of `text` that is no space exactly once."""
    expected = Counter("".join(text.split()))
    found: Counter[str] = Counter()
    for event in events:
        if not isinstance(event, Anchor):
            found.update("".join(event.text.split()))
    if found != expected:
        lost, doubled = expected - found, found - expected
        raise CoverageError(
            f"{source}: {lost.total()} characters lost and {doubled.total()} doubled while reading "
            f"({''.join(lost)[:20]!r} / {''.join(doubled)[:20]!r}); please report this book"
        )


def unless_wanted(skip: Skip, block: Block, also_read: Iterable[str]) -> Event:
    """The skip, or the block where its rule is switched off by `ingest.also_read`."""
    return block if skip.rule in also_read else skip
