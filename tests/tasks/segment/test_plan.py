"""The plan: exactly the keys that `talepress plan --json` promises, and a forecast that follows text and pauses."""

from __future__ import annotations

import json

import pytest

from configs.settings import load_settings
from tasks.segment.plan import plan
from tasks.segment.script import write_script
from tests.tasks.segment.conftest import make_book, token_count


@pytest.fixture
def stitch():
    return load_settings().stitch


def test_shape(settings, stitch):
    book = make_book(["# One", "He paid $5 for it, and he was glad of it.", "***"])
    data = plan(book, write_script(book, settings, token_count, 200), 0.06, stitch)
    assert json.loads(json.dumps(data)) == data
    assert (data["title"], data["authors"], data["language"]) == ("A Test", ["Ann Author"], "en-US")
    assert data["chapters"][0]["title"] == "Chapter 1"
    assert data["chapters"][0]["utterances"] == [
        {"text": "One", "spoken": "One", "pause": "heading"},
        {
            "text": "He paid $5 for it, and he was glad of it.",
            "spoken": "He paid five dollars for it, and he was glad of it.",
            "pause": "chapter",
        },
    ]
    assert data["skipped"] == [{"text": "***", "rule": "nothing-to-say"}]
    assert data["coverage"] == {"source_chars": 37, "spoken_chars": 34, "skipped_chars": 3, "unaccounted_chars": 0}


def test_forecast(settings, stitch):
    book = make_book(["A" * 10], [])
    data = plan(book, write_script(book, settings, token_count, 200), 0.1, stitch)
    expected = stitch.head_s + 10 * 0.1 + stitch.pauses.chapter + stitch.tail_s
    assert data["chapters"][0]["seconds"] == pytest.approx(expected)
    assert data["chapters"][1]["seconds"] == 0
    assert data["forecast_seconds"] == pytest.approx(expected)
