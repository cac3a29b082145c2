"""Prefect's view of the ingest stage. Must not hold any logic: Prefect may pickle this body by value."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.book import read_book


@task(name="ingest")
def ingest_book(path: Path, settings: IngestSettings) -> Book:
    """Reads a book file. Raises `UnreadableBookError`; never worth a retry."""
    return read_book(path, settings)
