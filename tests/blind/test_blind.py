"""Texts and files written by somebody who had not read the rules: what is said is what is right."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from configs.settings import load_settings
from storage.records import BlockKind
from tasks.ingest.book import read_book
from tasks.normalise.normalise import normalise
from tasks.normalise.rules.base import Context
from tasks.segment.script import write_script
from tests.blind.files import write
from tests.tasks.books import segment_settings, token_count

_HERE = Path(__file__).parent
_SETS = (_HERE, _HERE / "third", _HERE / "fourth")  # the first folder holds the first two, made together
_SETTINGS = load_settings().ingest
_CONTEXTS = {"us": Context(), "gb": Context(british=True), "heading": Context(kind=BlockKind.HEADING)}
_PAUSES = re.compile(r"[,.;:!?—]+(?:\s|$)")
_AND = re.compile(r"\b(hundred|thousand|million) and\b")


def words(text: str) -> str:
    """Returns the words alone: no case, no punctuation, no hyphens, no "and" of numbers."""
    text = re.sub(r"[’]", "'", text.casefold()).replace("°", " ")
    return _AND.sub(r"\1", " ".join(re.findall(r"\w+(?:'\w+)*", text)))


def readings(text: str) -> list[str]:
    """Returns the readings of equal right, which `|` parts."""
    return [words(reading) for reading in text.split("|")]


def _rows(path: Path, table: str) -> list:
    return tomllib.loads(path.read_text(encoding="utf-8"))[table]


@pytest.mark.parametrize(
    ("kind", "context", "text", "right"), [row for place in _SETS for row in _rows(place / "sentences.toml", "rows")]
)
def test_a_sentence_is_said_right(kind, context, text, right):
    assert words(normalise(text, _CONTEXTS[context])) in readings(right)


@pytest.mark.parametrize(
    "case", _rows(_HERE / "files.toml", "files"), ids=lambda case: f"{case['kind']}-{case['format']}"
)
def test_a_file_is_read_right(case, tmp_path):
    _require_right(case, write(tmp_path, case["format"], case["body"]))


@pytest.mark.parametrize(
    ("folder", "case"),
    [
        pytest.param(folder, case, id=f"{folder.name}-{Path(case['path']).stem}")
        for folder in _SETS[1:]
        for case in _rows(folder / "files.toml", "files")
    ],
)
def test_a_file_of_a_later_set_is_read_right(folder, case):
    _require_right(case, folder / case["path"])


def _require_right(case: dict, path: Path) -> None:
    book = read_book(path, _SETTINGS)
    utterances = write_script(book, segment_settings(), token_count, 400).utterances
    spoken = words(" ".join(utterance.spoken for utterance in utterances))
    _speaks_in_order(spoken, case.get("speaks", []))
    for phrase in case.get("silent", []):
        assert f" {words(phrase)} " not in f" {spoken} "
    titles = [words(chapter.title) for chapter in book.chapters]
    wanted = case.get("titles", case.get("titles_last", []))
    here = titles[-len(wanted) :] if "titles_last" in case else titles if wanted else []
    assert len(here) == len(wanted)
    assert all(title in readings(want) for title, want in zip(here, wanted, strict=True)), titles
    if "count" in case:
        assert len(titles) == case["count"]
    # A line is said on its own where a stop or a comma, hence a pause, parts it from its neighbours.
    pieces = {words(piece) for utterance in utterances for piece in _PAUSES.split(utterance.spoken)}
    pieces |= {words(utterance.spoken) for utterance in utterances}
    assert not {words(line) for line in case.get("lines", [])} - pieces
    for warning in case.get("warns", []):
        assert re.search(warning, " ".join(book.warnings), re.IGNORECASE), book.warnings
    assert case.get("author_not") not in book.authors


def _speaks_in_order(spoken: str, phrases: list[str]) -> None:
    place = 0
    for phrase in phrases:
        places = [(at, len(reading)) for reading in readings(phrase) if (at := _find(spoken, reading, place)) >= 0]
        assert places, f"{phrase!r} is not in {spoken[place:]!r}"
        at, length = min(places)
        place = at + length


def _find(spoken: str, phrase: str, place: int) -> int:
    return f" {spoken} ".find(f" {phrase} ", place)
