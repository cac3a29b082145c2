"""Checks the markup of a book file that is text itself: there a mistake is named by its line.

Must not know what any markup means.
"""

from __future__ import annotations

from pathlib import Path

from tasks.annotate.markup import check_text
from tasks.ingest.encoding import decode
from tasks.ingest.formats.kinds import has_lines


def check_file(path: Path) -> None:
    """Raises `BadInputError` for the first mistake, naming its line. Other kinds of file (EPUB, PDF) are not opened."""
    if has_lines(path):
        text, _ = decode(path.read_bytes())
        check_text(text, path.name)
