"""Which chapters of a book a run is about: `1`, `1-3`, `1,4-5`, counted from 1 in reading order. Knows nothing else."""

from __future__ import annotations

import re

from tasks.errors import BadInputError

_PART = re.compile(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?")


def select_chapters(selection: str | None, count: int) -> tuple[int, ...]:
    """The chosen chapters as indices from 0, ascending, each once; all of them when there is no selection.

    Raises `BadInputError` for anything that is not a selection or reaches beyond the book's `count` chapters.
    """
    if selection is None:
        return tuple(range(count))
    chosen: set[int] = set()
    for part in selection.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise BadInputError(f"--chapters {selection!r} is not a selection; write it like 1 or 1-3 or 1,4-5")
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if first < 1 or last < first:
            raise BadInputError(f"--chapters {selection!r}: {part.strip()!r} is not a range; chapters count from 1")
        if last > count:
            raise BadInputError(f"--chapters {selection!r}: the book has {count} chapters, there is no chapter {last}")
        chosen.update(range(first - 1, last))
    return tuple(sorted(chosen))
