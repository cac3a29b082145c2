"""The ledger must be able to fail: every way of losing, doubling or garbling text is injected and must be found."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from storage.records import (
    Block,
    BlockKind,
    Book,
    Coverage,
    LedgerEntry,
    LedgerState,
    Markup,
    MarkupKind,
    PauseKind,
    Script,
    Skip,
    Utterance,
)
from tasks.errors import CoverageError
from tasks.segment import ledger
from tasks.segment.script import write_script
from tests.tasks.books import make_book, token_count


@pytest.fixture
def book() -> Book:
    chapters = (
        ["# One", "The first sentence stands here alone. The second sentence follows after it.", "Another paragraph."],
        [
            "# Two",
            "Something happened to the lamp.",
            Block(BlockKind.SCENE_BREAK, "***"),
            "The very last words.",
        ],
    )
    return replace(make_book(*chapters), skipped=(Skip("Title page", "title-page"), Skip("1", "note-reference", 1)))


@pytest.fixture
def script(book, settings) -> Script:
    return write_script(book, settings, token_count, 200)


def rewritten(book: Book, script: Script, utterances) -> Script:
    """A script whose ledger is made of what it says, as a faulty segmenter's would be."""
    entries = ledger.build(book, utterances)
    return replace(script, utterances=tuple(utterances), ledger=entries, coverage=ledger.coverage(entries))


def test_a_sound_script_passes_and_its_totals_agree(book, script):
    ledger.check(book, script)
    totals = script.coverage
    assert totals.unaccounted_chars == 0
    assert totals.skipped_chars == len("Titlepage") + len("1") + len("***")
    assert totals.source_chars == totals.spoken_chars + totals.skipped_chars
    assert {entry.rule for entry in script.ledger if entry.state == LedgerState.SKIPPED} == {
        "title-page",
        "note-reference",
        "scene-break",
    }


@pytest.mark.parametrize("lost", range(7))
def test_a_lost_utterance_is_found_and_named(book, script, lost):
    utterances = [u for position, u in enumerate(script.utterances) if position != lost]
    assert len(utterances) == len(script.utterances) - 1
    gone = script.utterances[lost]
    with pytest.raises(CoverageError) as caught:
        ledger.check(book, rewritten(book, script, utterances))
    assert f"chapter {gone.chapter_index + 1} (Chapter {gone.chapter_index + 1})" in str(caught.value)
    assert gone.text[:50] in str(caught.value) and "not spoken" in str(caught.value)


def test_a_doubled_utterance_is_found(book, script):
    utterances = list(script.utterances)
    utterances.insert(2, utterances[1])
    with pytest.raises(CoverageError, match="out of order"):
        ledger.check(book, rewritten(book, script, utterances))


def test_overlapping_utterances_are_found(book, script):
    first, second, *rest = script.utterances[1:]
    start = second.start - 6
    text = book.chapters[0].blocks[1].text[start : second.end]
    utterances = [script.utterances[0], first, replace(second, start=start, text=text), *rest]
    with pytest.raises(CoverageError, match="spoken twice"):
        ledger.check(book, rewritten(book, script, utterances))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "The wrong sentence stands here alone."}, "missing from what is said"),
        ({"spoken": "The first stands here alone."}, "missing from what is said"),
        ({"spoken": "..."}, "missing from what is said"),
        ({"end": 20, "text": "The first sentence s"}, "not spoken"),
        ({"block_index": 9}, "not in the book"),
        ({"chapter_index": 7}, "out of order|not in the book"),
    ],
)
def test_a_garbled_utterance_is_found(book, script, change, message):
    utterances = list(script.utterances)
    utterances[1] = replace(utterances[1], **change)
    if "block_index" in change:
        utterances = [utterances[0], *utterances[2:4], utterances[1], *utterances[4:]]
    with pytest.raises(CoverageError, match=f"{message}|not spoken"):
        ledger.check(book, rewritten(book, script, utterances))


@pytest.mark.parametrize("first", ["", "It was late in the evening when the last of the boats came in. " * 3])
def test_a_word_that_markup_says_otherwise_is_not_missed_wherever_it_stands(settings, first):
    text = f"{first}colonels were asleep and nobody was awake there."
    name = Markup(len(first), len(first) + len("colonels"), MarkupKind.RESPELL, "kernels")
    book = make_book([Block(BlockKind.PARAGRAPH, text, markup=(name,))])
    script = write_script(book, settings, token_count, 200)
    said = script.utterances[-1]
    assert "kernels were" in said.spoken and (said.start > 0) is bool(first)
    ledger.check(book, script)
    plain = make_book([text])
    with pytest.raises(CoverageError):  # without the note, a word is lost
        ledger.check(plain, rewritten(plain, script, script.utterances))


@pytest.mark.parametrize("lost", ["I", "a", "7", "me"])
def test_a_lost_remainder_of_one_letter_is_found(settings, lost):
    book = make_book([f"The lamp in the window was lit by {lost}"])
    script = write_script(book, settings, token_count, 200)
    (whole,) = script.utterances
    shorter = replace(whole, end=whole.end - len(lost), text=whole.text[: -len(lost)])
    with pytest.raises(CoverageError, match=f"'{lost}' is not spoken"):
        ledger.check(book, rewritten(book, script, [shorter]))


def test_text_that_the_book_has_gained_is_found(book, script):
    chapter = book.chapters[1]
    longer = replace(chapter, blocks=(*chapter.blocks, Block(BlockKind.PARAGRAPH, "A new ending.")))
    with pytest.raises(CoverageError, match=r"'A new ending\.' is not spoken"):
        ledger.check(replace(book, chapters=(book.chapters[0], longer)), script)


def test_text_that_is_in_no_block_of_the_book_is_found(book, script):
    stray = replace(script.utterances[-1], block_index=99, text="A stray.")
    with pytest.raises(CoverageError, match=r"A stray\."):
        ledger.check(book, rewritten(book, script, [*script.utterances, stray]))


def test_a_forged_ledger_is_not_believed(book, script):
    forged = replace(script, ledger=script.ledger[:-1])
    with pytest.raises(CoverageError, match="does not match"):
        ledger.check(book, forged)
    with pytest.raises(CoverageError, match="does not match"):
        ledger.check(book, replace(script, coverage=replace(script.coverage, skipped_chars=0)))


SPOKEN = (LedgerState.SPOKEN, "")
UNSAID = (LedgerState.UNACCOUNTED, "missing from what is said")
UNSPEAKABLE = (LedgerState.SKIPPED, "unspeakable-character")
NOTHING = (LedgerState.SKIPPED, "nothing-to-say")
LOST = (LedgerState.UNACCOUNTED, "not spoken")


def fates(text, *said, markup=(), kind=BlockKind.PARAGRAPH):
    """What becomes of a block's characters, of which each (start, end, spoken) is an utterance."""
    book = make_book([Block(kind, text, markup=tuple(Markup(*note, MarkupKind.RESPELL, "x") for note in markup))])
    utterances = [
        Utterance(0, index, 0, start, end, text[start:end], spoken, PauseKind.SENTENCE)
        for index, (start, end, spoken) in enumerate(said)
    ]
    entries = ledger.build(book, utterances)
    assert [entry.chars for entry in entries] == [len("".join(entry.text.split())) for entry in entries]
    return [(entry.text, (entry.state, entry.rule)) for entry in entries]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (fates("Yes.", (0, 4, "")), [("Yes.", UNSAID)]),
        (fates("Yes.", (0, 4, "...")), [("Yes.", UNSAID)]),
        (fates("the lantern", (0, 11, "THE LANTERN")), [("the lantern", SPOKEN)]),
        (fates("the lantern", (0, 11, "the latern")), [("the lantern", UNSAID)]),
        (fates("it is short", (0, 11, "otherwise")), [("it is short", SPOKEN)]),  # short words may be abbreviations
        (fates("lantern fell", (0, 12, "x fell"), markup=[(0, 7)]), [("lantern fell", SPOKEN)]),
        (fates("lantern fell", (0, 12, "x"), markup=[(7, 12)]), [("lantern fell", UNSAID)]),  # beside it is not on it
        (fates("lo, lantern", (0, 11, "x"), markup=[(0, 4)]), [("lo, lantern", UNSAID)]),
        (fates("lo, lantern", (4, 11, "x"), markup=[(4, 11)]), [("lo,", LOST), ("lantern", SPOKEN)]),
        (fates("It fell.", (0, 20, "It fell.")), [("It fell.", SPOKEN)]),
        (fates("a * b", (0, 5, "a b")), [("a", SPOKEN), ("*", UNSPEAKABLE), ("b", SPOKEN)]),
        (fates("a * b", (0, 5, "a x b"), markup=[(2, 3)]), [("a * b", SPOKEN)]),
        (fates("a * b", (0, 5, ""), markup=[]), [("a * b", UNSAID)]),  # what is lost is not called unspeakable
        (fates("a *", (0, 1, "a"), markup=[(2, 3)]), [("a", SPOKEN), ("*", UNSPEAKABLE)]),
        (fates("* b", (2, 3, "b")), [("*", UNSPEAKABLE), ("b", SPOKEN)]),
        (fates("?! *"), [("?! *", NOTHING)]),
        (fates("☃-*b"), [("☃-*b", LOST)]),
        (fates("a, I", (0, 2, "a")), [("a,", SPOKEN), ("I", LOST)]),
        (fates("a, ...", (0, 2, "a")), [("a,", SPOKEN), ("...", NOTHING)]),
        (fates("words", kind=BlockKind.SCENE_BREAK), [("words", (LedgerState.SKIPPED, "scene-break"))]),
    ],
)
def test_every_character_has_its_fate(found, wanted):
    assert found == wanted


def test_what_was_skipped_and_what_strays_is_told_with_its_chapter(book, script):
    stray = replace(script.utterances[-1], block_index=99, text="A stray.")
    entries = ledger.build(book, [*script.utterances, stray])
    assert entries[-3:] == (
        LedgerEntry(None, "Title page", 9, LedgerState.SKIPPED, "title-page"),
        LedgerEntry(1, "1", 1, LedgerState.SKIPPED, "note-reference"),
        LedgerEntry(1, "A stray.", 7, LedgerState.UNACCOUNTED, "not in the book"),
    )
    spoken = sum(entry.chars for entry in entries if entry.state == LedgerState.SPOKEN)
    assert ledger.coverage(entries) == Coverage(spoken + 13 + 7, spoken, 13, 7)


@pytest.mark.parametrize(
    ("index", "length", "message"),
    [
        (0, 60, f"chapter 1 (Chapter 1): {'x' * 60!r} is lost"),
        (1, 61, f"chapter 2 (Chapter 2): '{'x' * 57}...' is lost"),
        (2, 1, "outside of any chapter: 'x' is lost"),
        (-1, 1, "outside of any chapter: 'x' is lost"),
        (None, 1, "outside of any chapter: 'x' is lost"),
    ],
)
def test_what_is_lost_is_named_with_its_chapter(book, index, length, message):
    lost = LedgerEntry(index, "x" * length, length, LedgerState.UNACCOUNTED, "lost")
    with pytest.raises(CoverageError, match=re.escape(message)):
        ledger.require_complete(book, (), [lost])
