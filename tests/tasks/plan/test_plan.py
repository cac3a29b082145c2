"""The plan: exactly the keys that `talepress plan --json` promises, and a forecast that follows text and pauses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from configs.settings import load_settings
from storage.records import Markup, MarkupKind
from tasks.annotate.annotate import Directions, annotate
from tasks.annotate.casting import Cast, Character
from tasks.annotate.markup import apply_markup
from tasks.plan.plan import plan
from tasks.segment.script import write_script
from tests.tasks.books import make_book, token_count


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


def test_the_table_and_what_to_look_at(settings, stitch):
    long_word = "a" * 40
    quote = "“Who is there?”"
    blocks = ["# One", f"He said ♥ and {long_word} to all of them here.", quote, "[[voice rms]]I read it.[[/voice]]"]
    book, findings = annotate(make_book(blocks), Directions("slt", cast=Cast((Character("Tom", "rms"),))), settings)
    note = Markup(0, 2, MarkupKind.LANGUAGE, "fr")
    first = replace(book.chapters[0].blocks[1], markup=(note, Markup(3, 7, MarkupKind.PHONEMES, "ipa:ǃ")))
    chapter = replace(book.chapters[0], blocks=(book.chapters[0].blocks[0], first, *book.chapters[0].blocks[2:]))
    book = replace(book, chapters=(chapter,))
    data = plan(book, write_script(book, settings, token_count, 200), 0.06, stitch, findings)
    assert json.loads(json.dumps(data)) == data
    assert data["chapters"][0]["words"] == data["words"] == 1 + 10 + 3 + 3
    assert data["chapters"][0]["first_words"] == f"He said ♥ and {long_word} to all of"
    assert data["chapters"][0]["utterances"][-1]["voice"] == "rms"
    assert data["cast"] == {"quotations": {}, "marked": 1, "unattributed": 1}
    found = {(row["kind"], row["text"], row["count"]) for row in data["suspicious"]}
    assert found == {
        ("unknown-character", "♥ (U+2665)", 1),
        ("long-word", long_word, 1),
        ("foreign-language", "fr", 1),
        ("markup", "'ǃ': 'ǃ' is no sound of English that the phone front-end knows", 1),
        ("unattributed-quotations", "read by the narrator", 1),
        ("heteronym", "read", 1),
    }


def test_phonemes_do_not_lengthen_the_forecast(settings, stitch):
    seconds = []
    for text in ("The tuh-may-toh.", "The [[arpabet T AH0 M EY1 T OW0]]tomato[[/arpabet]]."):
        book = apply_markup(make_book([text]))
        seconds.append(plan(book, write_script(book, settings, token_count, 200), 0.1, stitch)["forecast_seconds"])
    assert seconds[0] == seconds[1]


def test_words_in_other_scripts_are_listed(settings, stitch):
    book = make_book(["He wrote Ἀθῆναι on the wall, then Ἀθῆναι again and πόλις. The angle π is no word."])
    data = plan(book, write_script(book, settings, token_count, 200), 0.06, stitch)
    rows = [row for row in data["suspicious"] if row["kind"] == "foreign-script"]
    assert rows == [{"kind": "foreign-script", "text": "Greek", "count": 2, "examples": ["Ἀθῆναι", "πόλις"]}]
