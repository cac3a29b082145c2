"""Texts and files written by somebody who had not read the rules: what is said is what is right."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from storage.records import BlockKind
from tasks.ingest.book import read_book
from tasks.normalise.normalise import normalise
from tasks.normalise.rules.base import Context
from tasks.segment.script import write_script
from tests.blind.files import write
from tests.tasks.books import segment_settings, token_count
from tests.tasks.ingest.conftest import ingest_settings

_HERE = Path(__file__).parent
_CONTEXTS = {"us": Context(), "gb": Context(british=True), "heading": Context(kind=BlockKind.HEADING)}
_PAUSES = re.compile(r"[,.;:!?—]+(?:\s|$)")
_AND = re.compile(r"\b(hundred|thousand|million) and\b")


def words(text: str) -> str:
    """Returns the words alone: no case, no punctuation, no hyphens, no "and" of numbers."""
    text = re.sub(r"[’]", "'", text.casefold()).replace("°", " ")
    return _AND.sub(r"\1", " ".join(re.findall(r"\w+(?:'\w+)*", text)))


def _rows(name: str, table: str) -> list:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))[table]


@pytest.mark.parametrize(("kind", "context", "text", "right"), _rows("sentences.toml", "rows"))
def test_a_sentence_is_said_right(kind, context, text, right):
    assert words(normalise(text, _CONTEXTS[context])) in [words(reading) for reading in right.split("|")]


@pytest.mark.parametrize("case", _rows("files.toml", "files"), ids=lambda case: f"{case['kind']}-{case['format']}")
def test_a_file_is_read_right(case, tmp_path):
    book = read_book(write(tmp_path, case["format"], case["body"]), ingest_settings())
    utterances = write_script(book, segment_settings(), token_count, 400).utterances
    spoken = words(" ".join(utterance.spoken for utterance in utterances))
    _speaks_in_order(spoken, case.get("speaks", []))
    for phrase in case.get("silent", []):
        assert f" {phrase} " not in f" {spoken} "
    if "titles" in case:
        assert [words(chapter.title) for chapter in book.chapters] == [words(title) for title in case["titles"]]
    if "count" in case:
        assert len(book.chapters) == case["count"]
    # A line is said on its own where a stop or a comma, hence a pause, parts it from its neighbours.
    pieces = {words(piece) for utterance in utterances for piece in _PAUSES.split(utterance.spoken)}
    pieces |= {words(utterance.spoken) for utterance in utterances}
    assert not set(case.get("lines", [])) - pieces
    for warning in case.get("warns", []):
        assert re.search(warning, " ".join(book.warnings), re.IGNORECASE), book.warnings


def _speaks_in_order(spoken: str, phrases: list[str]) -> None:
    place = 0
    for phrase in phrases:
        found = f" {spoken} ".find(f" {words(phrase)} ", place)
        assert found >= 0, f"{phrase!r} is not in {spoken[place:]!r}"
        place = found + len(phrase)
