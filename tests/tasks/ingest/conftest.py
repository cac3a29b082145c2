"""Settings of ingest and the sample book."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.settings import IngestSettings

_ROOT = Path(__file__).resolve().parents[3]
SAMPLE = _ROOT / "samples" / "the-lamplighters-clock.epub"


def ingest_settings() -> IngestSettings:
    return IngestSettings(
        max_file_bytes=10_000_000,
        max_archive_bytes=20_000_000,
        max_unit_bytes=2_000_000,
        max_compression_ratio=100,
        max_archive_members=50,
        also_read=(),
        notes="skip",
        tables="rows",
        ruby="base",
        code="announce",
    )


@pytest.fixture
def settings() -> IngestSettings:
    return ingest_settings()


@pytest.fixture
def sample_book() -> Path:
    return SAMPLE
