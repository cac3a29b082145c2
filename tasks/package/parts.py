"""Says which chapters share a file where a book is too much for one. It must not know what kind of file that is."""

from __future__ import annotations

# Players count samples in 32 bits, and shops take less than 23 hours; Nero's list of chapters counts in one byte.
MAX_CHAPTERS = 255


class Parts:
    """Numbers the parts of a book, chapter by chapter in reading order. Cuts are between chapters only."""

    def __init__(self, max_hours: float) -> None:
        """Begins with the first part; each lasts at most so long, unless a single chapter lasts longer."""
        self._max_seconds = max_hours * 3600
        self._part = 0
        self._chapters = 0
        self._seconds = 0.0

    def next(self, seconds: float) -> int:
        """Returns the part, from 0, of the next chapter, which lasts so long."""
        full = self._chapters == MAX_CHAPTERS or self._seconds + seconds > self._max_seconds
        if self._chapters and full:
            self._part += 1
            self._chapters = 0
            self._seconds = 0.0
        self._chapters += 1
        self._seconds += seconds
        return self._part
