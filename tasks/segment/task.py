"""Prefect's view of the segment stage. Must not hold any logic: Prefect may pickle this body by value."""

from __future__ import annotations

from collections.abc import Callable

from prefect import task

from configs.settings import SegmentSettings
from storage.records import Book, Script
from tasks.segment.script import write_script


@task(name="segment")
def segment_book(
    book: Book, settings: SegmentSettings, token_count: Callable[[str], int], max_tokens: int, narrator: str
) -> Script:
    """Writes a book's script. Raises `CoverageError`; never worth a retry."""
    return write_script(book, settings, token_count, max_tokens, narrator)
