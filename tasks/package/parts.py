"""Says which chapters share a file where a book is too much for one. It must not know what kind of file that is."""

from __future__ import annotations


class Parts:
    """Numbers the parts of a book, chapter by chapter in reading order. Cuts are between chapters only."""

    def __init__(self, max_hours: float, max_chapters: int) -> None:
        """Begins with the first part. Each has at most so many chapters, and lasts so long, unless one lasts longer."""
        self._max_seconds = max_hours * 3600
        self._max_chapters = max_chapters
        self._part = 0
        self._chapters = 0
        self._seconds = 0.0

    def next(self, seconds: float) -> int:
        """Returns the part, from 0, of the next chapter, which lasts so long."""
        full = self._chapters == self._max_chapters or self._seconds + seconds > self._max_seconds
        if self._chapters and full:
            self._part += 1
            self._chapters = 0
            self._seconds = 0.0
        self._chapters += 1
        self._seconds += seconds
        return self._part
