"""The 28 cases of issue 23: books as people have them, each with what is right about it.

`python -m tests.cases.test_cases` writes the files `right.txt` anew; whoever does that reads every changed line.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from storage.records import Book
from tasks.ingest.book import read_book
from tasks.segment.script import write_script
from tests.tasks.books import segment_settings, token_count
from tests.tasks.ingest.conftest import ingest_settings

_BOOKS = Path(__file__).parent / "books"
_SHOWN = 40  # utterances of a chapter; some chapters are long, of words at random


def _inputs() -> list[Path]:
    return sorted(path for path in _BOOKS.glob("*/book*") if not path.name.endswith("right.txt"))


@pytest.mark.parametrize("path", _inputs(), ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_a_case_is_read_right(path, tmp_path):
    assert "\n".join(_read(path, tmp_path)) + "\n" == _right(path).read_text(encoding="utf-8")


def _right(path: Path) -> Path:
    return path.with_name(f"{path.name.split('.')[0]}.right.txt")


def _read(path: Path, folder: Path) -> list[str]:
    """Returns what is right about a case: title, author, chapters, what is said, what is not, and warnings."""
    if path.suffix == ".gz":
        plain = folder / path.stem
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        path = plain
    book = read_book(path, ingest_settings())
    return [f"{book.title} by {', '.join(book.authors) or 'nobody'}", *_said(book), *_left_out(book)]


def _said(book: Book) -> Iterator[str]:
    utterances = write_script(book, segment_settings(), token_count, 400).utterances
    for index, of_chapter in groupby(utterances, key=lambda utterance: utterance.chapter_index):
        said = [f"{utterance.spoken} <{utterance.pause.value}>" for utterance in of_chapter]
        yield f"\n== {book.chapters[index].title}"
        yield from said[:_SHOWN]
        if len(said) > _SHOWN:
            yield f"... {len(said) - _SHOWN} more"


def _left_out(book: Book) -> Iterator[str]:
    yield ""
    yield from (f"not read, {skip.rule}: {' '.join(skip.text.split())}" for skip in book.skipped)
    yield from (f"warning: {warning}" for warning in book.warnings)


def _write_anew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path in _inputs():
            _right(path).write_text("\n".join(_read(path, Path(folder))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
