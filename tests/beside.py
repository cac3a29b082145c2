"""What may lie beside the checkout and is too large for it: real books and the whole sets of recordings.

A clone by itself has neither; its tests pass and say what they skipped. Must not know what is tested with them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"


def golden_sets() -> list[Path]:
    """Folders of the whole sets of recorded outputs of the original, those that are there."""
    return [path for name in ("public", "official_seeded") if (path := _BESIDE / "goldens" / name).is_dir()]


def real_books() -> list[Path]:
    """EPUB files as people have them, those that are there."""
    folder = _BESIDE / "books"
    return [*sorted(folder.glob("*.epub")), *sorted(folder.glob("idpf/*.epub"))]


def real_books_or_skip() -> list[object]:
    """Parameters of a test that reads each real book; where there are none, one that is skipped and says why."""
    absent = pytest.mark.skip(reason="no real books beside the checkout (../shared/books/*.epub)")
    return [*real_books()] or [pytest.param(None, marks=absent, id="none")]
