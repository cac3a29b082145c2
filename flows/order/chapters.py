"""Reads which chapters are asked for: `1`, `1-3`, `1,4-5`, counted from 1 in reading order.

They may be an option, a key of an order file or a field of a form. Knows nothing of texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.counting import counted
from tasks.errors import BadInputError

RANGE = r"\s*[0-9]{1,6}\s*(-\s*[0-9]{1,6}\s*)?"
SELECTION = rf"{RANGE}(,{RANGE})*"  # understood by Python, pydantic and Prefect's form alike


def select_chapters(selection: str, count: int) -> tuple[int, ...]:
    """The chosen chapters as indices from 0, ascending, each once; all of them when the selection is empty.

    Raises `BadInputError` for anything that is not a selection or reaches beyond the book's `count` chapters.
    """
    if not selection:
        return tuple(range(count))
    if re.fullmatch(SELECTION, selection) is None:
        raise BadInputError(f"chapters {selection!r} is not a selection; write it like 1 or 1-3 or 1,4-5")
    chosen: set[int] = set()
    for part in selection.split(","):
        numbers = [int(number) for number in part.split("-")]
        first = numbers[0]
        last = numbers[-1]
        if first < 1 or last < first:
            raise BadInputError(f"chapters {selection!r}: {part.strip()!r} is not a range; chapters count from 1")
        if last > count:
            has = counted(count, "chapter")
            raise BadInputError(f"chapters {selection!r}: the book has {has}, there is no chapter {last}")
        chosen.update(range(first - 1, last))
    return tuple(sorted(chosen))


def describe_chapters(indices: Sequence[int]) -> str:
    """Writes ascending indices from 0 as a selection that counts from 1: `1-3,5`."""
    ranges: list[list[int]] = []
    for number in (index + 1 for index in indices):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    return ",".join("-".join(map(str, ends)) for ends in ranges)
