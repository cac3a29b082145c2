"""The plan: exactly the keys that `talepress plan --json` promises, and a forecast that follows text and pauses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from configs.settings import load_settings
from storage.records import Coverage, LedgerEntry, LedgerState, Markup, MarkupKind, PauseKind, Script, Utterance
from tasks.annotate.annotate import Directions, Findings, annotate
from tasks.annotate.casting import Cast, CastReport, Character
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


def utterance_of(chapter, text, **more):
    return Utterance(chapter, 0, 0, 0, len(text), text, text, PauseKind.SENTENCE, **more)


def skip_of(text, rule, state=LedgerState.SKIPPED):
    return LedgerEntry(0, text, len(text), state, rule)


def test_what_is_counted_and_what_is_not(stitch):
    """Of a book whose utterances and ledger are made by hand, so that each limit is met from both sides."""
    words = ["a" * 30, "b" * 31, "1-" * 30, "2-" * 29 + "2", "e" * 99, "1" * 31, "b" * 31]
    said = [
        utterance_of(0, "Title one", is_heading=True),
        utterance_of(0, " ".join(words), voice="rms", pause_s=0.0),
        *(utterance_of(0, f"{n} two three.") for n in range(3)),
        utterance_of(1, "Title  two", is_heading=True, pause_s=2.5),
    ]
    odd = "♥*♦ ♥†\n"
    rows = [chr(0x4E00 + n) for n in range(25)]
    ledger = (
        skip_of(odd, "unspeakable-character"),
        skip_of("♠", "footnote-mark"),
        skip_of("".join(rows), "unspeakable-character"),
        LedgerEntry(0, "Title one", 9, LedgerState.SPOKEN),
    )
    book = make_book(["# Title one", "x"], ["# Title two"], [])
    tongues = [Markup(0, 1, MarkupKind.LANGUAGE, language) for language in ("fr", "de", "de")]
    pause = Markup(0, 0, MarkupKind.PAUSE, "2")
    first, second, third = book.chapters
    block, plain = first.blocks
    first = replace(first, blocks=(replace(block, markup=(pause, *tongues)), replace(plain, markup=(pause,))))
    book = replace(book, chapters=(first, second, third), warnings=("careful",))
    script = Script(tuple(said), ledger, Coverage(1, 2, 3, 4))
    data = plan(book, script, 0.1234, stitch, Findings(CastReport(by_markup=2)))
    assert data["skipped"] == [{"text": entry.text, "rule": entry.rule} for entry in ledger[:3]]
    assert data["coverage"] == {"source_chars": 1, "spoken_chars": 2, "skipped_chars": 3, "unaccounted_chars": 4}
    one, two, three = data["chapters"]
    assert (one["words"], two["words"], three["words"], data["words"]) == (18, 2, 0, 20)
    assert [chapter["first_words"] for chapter in data["chapters"]] == [" ".join([*words, "0"]), "Title two", ""]
    assert one["utterances"][1] == {
        "text": " ".join(words), "spoken": " ".join(words), "pause": "sentence", "voice": "rms", "pause_seconds": 0.0,
    }  # fmt: skip
    seconds = stitch.head_s + 10 * 0.1234 + 2.5 + stitch.tail_s
    assert two["seconds"] == round(seconds, 1) and three["utterances"] == []
    assert data["forecast_seconds"] == pytest.approx(one["seconds"] + two["seconds"])
    assert (data["warnings"], data["speakers"]) == (["careful"], {})
    assert data["cast"] == {"quotations": {}, "marked": 2, "unattributed": 0}
    found = [(row["kind"], row["text"], row["count"]) for row in data["suspicious"]]
    assert found == [
        ("unknown-character", "♥ (U+2665)", 2),
        ("unknown-character", "♦ (U+2666)", 1),
        *(("unknown-character", f"{row} (U+{ord(row):04X})", 1) for row in rows[:18]),
        ("long-word", "b" * 31, 2),
        ("long-word", "1-" * 30, 1),
        ("long-word", "e" * 80, 1),
        ("foreign-language", "de", 2),
        ("foreign-language", "fr", 1),
        ("markup", "a pause before the first words of 'Chapter 1' is not made", 1),
    ]


def test_of_quotations_that_nobody_is_named_for_a_few_are_shown_each_with_its_beginning(settings, stitch):
    book = make_book(["It was late."])
    script = write_script(book, settings, token_count, 200)
    quotes = [(0, f"{number}{'x' * 5000}") for number in range(9)]
    (row,) = plan(book, script, 0.1, stitch, Findings(CastReport(unattributed=quotes)))["suspicious"]
    assert (row["kind"], row["count"]) == ("unattributed-quotations", 9)
    assert row["examples"] == [f"{number}{'x' * 79}" for number in range(5)]
