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
    """EPUB files as people have them, those that are there and whole."""
    return [path for path in _books() if _is_archive(path)]


def real_books_or_skip() -> list[object]:
    """Parameters of a test that reads each real book, those that cannot be tested skipped with the reason."""
    absent = pytest.mark.skip(reason="no real books beside the checkout (../shared/books/*.epub)")
    overwritten = pytest.mark.skip(reason="this file beside the checkout was overwritten: it is no archive")
    return [path if _is_archive(path) else pytest.param(path, marks=overwritten) for path in _books()] or [
        pytest.param(None, marks=absent, id="none")
    ]


def _books() -> list[Path]:
    folder = _BESIDE / "books"
    return [*sorted(folder.glob("*.epub")), *sorted(folder.glob("idpf/*.epub"))]


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"
