"""Which files of the inbox are whole: those that nobody has written to for a while. Reads names and sizes alone.

Must not know what is in a file, nor move any.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ORDER_SUFFIX = ".toml"
READY_SUFFIX = ".ready"
DEFAULTS = f"defaults{ORDER_SUFFIX}"  # what is ordered with every book that does not say otherwise
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download")  # while programs write


@dataclass(frozen=True)
class Sight:
    """A file as it was seen in a scan."""

    size: int  # bytes
    changed: float  # when it was last written to or renamed, seconds since 1970


def look(folder: Path) -> dict[str, Sight]:
    """Looks at all files of the inbox that may be books or orders. What is in its folders is not looked at."""
    seen = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_of_people(entry.name) and not entry.is_dir(follow_symlinks=False):
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # its sender has renamed it meanwhile
                    continue
                seen[entry.name] = Sight(found.st_size, max(found.st_mtime, found.st_ctime))
    return seen


def arrivals(
    folder: Path, seen: Mapping[str, Sight], before: Mapping[str, Sight], now: float, settle_s: float
) -> Iterator[Path]:
    """Yields the books that are whole, the one that was dropped first at first.

    Args:
        folder: the inbox.
        seen: what lies there.
        before: what an earlier scan saw. A file that has changed since is still being written, whatever clocks say.
        now: seconds since 1970.
        settle_s: how long a file must have been left alone, in seconds.
    """

    def is_whole(name: str) -> bool:
        if f"{name}{READY_SUFFIX}" in seen:
            return True
        return before.get(name) == seen[name] and now - seen[name].changed >= settle_s

    for name in sorted(books_of(seen), key=lambda name: (seen[name].changed, name)):
        order = order_name(name)
        if is_whole(name) and (order not in seen or is_whole(order) or f"{name}{READY_SUFFIX}" in seen):
            yield folder / name


def books_of(names: Iterable[str]) -> set[str]:
    """Returns the names of files that may be books, of those that may be books or orders."""
    return {name for name in names if not name.endswith((ORDER_SUFFIX, READY_SUFFIX))}


def order_name(book: str) -> str:
    """The name of the order file of a book: `emma.epub` has `emma.toml`."""
    return Path(book).stem + ORDER_SUFFIX


def _is_of_people(name: str) -> bool:
    return not name.startswith((".", "~")) and not name.lower().endswith(_UNFINISHED) and name != DEFAULTS
