"""Writes counts for people. Knows nothing of what is counted."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Writes a number with its noun: `counted(1, "file")` is "1 file", `counted(2, "entry", "entries")` "2 entries"."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
