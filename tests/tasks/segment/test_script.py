"""Whole scripts: limits, joins, cuts, pauses, and that every character is spoken once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from configs.settings import load_settings
from storage.records import Block, BlockKind, LedgerState, Markup, MarkupKind, PauseKind
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.segment import ledger
from tasks.segment.script import write_script
from tests.tasks.books import make_book, segment_settings, token_count
from tests.tasks.ingest.conftest import SAMPLE

LONG = "It was a long way, and the road was dark; the lamps were few, but he went on — for he had promised. " * 3


@pytest.mark.parametrize(("narrator", "voice"), [("joe [I am really sad,]", ""), ("joe", "slt [I am really sad,]")])
def test_a_direction_leaves_less_room_for_the_text(settings, narrator, voice):
    note = Markup(0, len(LONG), MarkupKind.VOICE, voice)
    block = Block(BlockKind.PARAGRAPH, LONG.strip(), markup=(replace(note, end=len(LONG.strip())),) if voice else ())
    most = 30
    roomy = write_script(make_book([block]), settings, token_count, most).utterances
    tight = write_script(make_book([block]), settings, token_count, most, narrator).utterances
    if not voice:
        assert max(token_count(f"I am really sad, {u.spoken}") for u in roomy) > most
    assert max(token_count(f"I am really sad, {u.spoken}") for u in tight) <= most
    assert "".join(u.text for u in tight).replace(" ", "") == LONG.replace(" ", "")


def test_pauses_are_typed(settings):
    book = make_book(
        ["# One", "First sentence, which is long enough. Second sentence, long enough too.", "Next paragraph here."],
        ["Before the break.", Block(BlockKind.SCENE_BREAK, "* * *"), "After it, the end.", "# Two"],
    )
    script = write_script(book, settings, token_count, 200)
    assert [(u.text, u.pause.value, u.is_heading) for u in script.utterances] == [
        ("One", "heading", True),
        ("First sentence, which is long enough.", "sentence", False),
        ("Second sentence, long enough too.", "paragraph", False),
        ("Next paragraph here.", "chapter", False),
        ("Before the break.", "scene", False),
        ("After it, the end.", "paragraph", False),
        ("Two", "chapter", True),
    ]
    places = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    assert [(u.chapter_index, u.index) for u in script.utterances] == places


@pytest.mark.parametrize(
    ("heading", "spoken"),
    [
        ("Chapter IV\nThirteen Minutes", ["Chapter Four", "Thirteen Minutes"]),
        ("CHAPTER IV. Thirteen Minutes", ["CHAPTER Four.", "Thirteen Minutes"]),
        ("Chapter 4: The Sea", ["Chapter four:", "The Sea"]),
        ("I. A Scandal in Bohemia", ["One.", "A Scandal in Bohemia"]),
        ("Part Two\nChapter I\nThe Sea", ["Part Two", "Chapter One", "The Sea"]),
        ("The Adventures of\nSherlock Holmes", ["The Adventures of. Sherlock Holmes"]),
        ("Chapter IV", ["Chapter Four"]),
        ("1984 Was a Year", ["nineteen eighty-four Was a Year"]),
    ],
)
def test_the_number_of_a_heading_stands_apart_from_its_title(settings, heading, spoken):
    utterances = write_script(make_book([f"# {heading}", "It was late."]), settings, token_count, 200).utterances
    assert [u.spoken for u in utterances[:-1]] == spoken
    assert [u.pause.value for u in utterances[:-1]] == ["paragraph"] * (len(spoken) - 1) + ["heading"]
    assert all(u.is_heading for u in utterances[:-1])


def test_short_sentences_join_a_neighbour_of_the_same_paragraph_only(settings):
    book = make_book(["No. Never. I will not go there again.", "Yes.", "He did it then and there. Why?"])
    texts = [u.text for u in write_script(book, settings, token_count, 200).utterances]
    assert texts == ["No. Never. I will not go there again.", "Yes.", "He did it then and there. Why?"]


def test_lines_of_verse_are_said_one_by_one_however_short(settings):
    book = make_book(
        [Block(BlockKind.VERSE, "Rain on the tin\nGo\n* * *\nand the bread"), Block(BlockKind.VERSE, "Home")]
    )
    utterances = write_script(book, settings, token_count, 200).utterances
    assert [(u.spoken, u.pause) for u in utterances] == [
        ("Rain on the tin", PauseKind.VERSE_LINE),
        ("Go", PauseKind.VERSE_LINE),
        ("and the bread", PauseKind.STANZA),
        ("Home", PauseKind.CHAPTER),
    ]


@pytest.mark.parametrize(
    ("kinds", "pause"),
    [
        ((BlockKind.VERSE, BlockKind.VERSE), PauseKind.STANZA),
        ((BlockKind.VERSE, BlockKind.PARAGRAPH), PauseKind.PARAGRAPH),
        ((BlockKind.PARAGRAPH, BlockKind.VERSE), PauseKind.PARAGRAPH),
        ((BlockKind.PARAGRAPH, BlockKind.PARAGRAPH), PauseKind.PARAGRAPH),
        ((BlockKind.HEADING, BlockKind.VERSE), PauseKind.HEADING),
    ],
)
def test_the_pause_between_blocks_is_that_of_both(settings, kinds, pause):
    book = make_book([Block(kind, "Rain on the tin roof all night.") for kind in kinds])
    assert write_script(book, settings, token_count, 200).utterances[0].pause is pause


@pytest.mark.parametrize(("max_chars", "max_tokens"), [(60, 200), (180, 20), (20, 5)])
def test_long_sentences_are_cut_within_both_limits(max_chars, max_tokens):
    book = make_book([LONG + "x" * 300 + " $1,234.56 and 9,999"])
    script = write_script(book, segment_settings(max_chars=max_chars, min_chars=10), token_count, max_tokens)
    assert max(len(u.spoken) for u in script.utterances) <= max_chars
    assert max(token_count(u.spoken) for u in script.utterances) <= max_tokens
    assert script.coverage.unaccounted_chars == 0


def test_cuts_are_at_clauses_first(settings):
    script = write_script(make_book([LONG.strip().replace(". It", ", it")]), settings, token_count, 200)
    assert len(script.utterances) > 1
    assert all(u.text[-1] in ",;.—" for u in script.utterances)
    assert [u.pause.value for u in script.utterances[:-1]] == ["clause"] * (len(script.utterances) - 1)


def test_no_cut_after_a_title_or_inside_a_number(settings):
    text = "they said that day that " * 8 + "Mr. Bennet paid 1,234.56 dollars at 10.30 to " + "them and others " * 9
    for utterance in write_script(make_book([text]), settings, token_count, 200).utterances:
        assert not utterance.text.endswith(("Mr.", "1,", "10."))


def test_an_unclosed_quote_changes_nothing(settings):
    text = "“He began. " + "And he went on with it all that day. " * 40
    script = write_script(make_book([text]), settings, token_count, 200)
    assert len(script.utterances) > 20


@pytest.mark.parametrize(
    ("setting", "language", "is_british"),
    [("auto", "en-GB", True), ("auto", "en-US", False), ("en-US", "en-GB", False), ("en-GB", "en-US", True)],
)
def test_british_books_are_read_the_british_way_unless_the_settings_say_how(setting, language, is_british):
    book = make_book(["On 5/1/1905 he paid 105."], language=language)
    (utterance,) = write_script(book, segment_settings(locale=setting), token_count, 200).utterances
    british = "On the fifth of January, nineteen oh five he paid one hundred and five."
    assert utterance.spoken == (british if is_british else "On May first, nineteen oh five he paid one hundred five.")


def test_what_cannot_be_said_is_skipped_by_a_named_rule(settings):
    book = make_book(["He *said* it.", "*****", "?!", "®", Block(BlockKind.SCENE_BREAK, "⁂")])
    script = write_script(book, settings, token_count, 200)
    skipped = [(entry.text, entry.rule) for entry in script.ledger if entry.state == LedgerState.SKIPPED]
    assert skipped == [
        ("*", "unspeakable-character"),
        ("*", "unspeakable-character"),
        ("*****", "nothing-to-say"),
        ("?!", "nothing-to-say"),
        ("®", "nothing-to-say"),
        ("⁂", "scene-break"),
    ]
    assert [u.spoken for u in script.utterances] == ["He said it."]


def test_impossible_limits_are_bad_input(settings):
    with pytest.raises(BadInputError, match="too small"):
        write_script(make_book(["Hello there."]), settings, lambda _: 7, 5)


def test_the_sample_book(settings):
    script = write_script(read_book(SAMPLE, load_settings().ingest), settings, token_count, 200)
    spoken = [utterance.spoken for utterance in script.utterances]
    assert spoken[:3] == [
        "Chapter One",
        "The Clock on Candle Street",
        "Every evening at six forty-five, Mister Abel Finch lit the one hundred twelve lamps of Candle Street, "
        "and every evening the town clock struck the wrong hour.",
    ]
    assert sum(utterance.is_heading for utterance in script.utterances) == 8  # number and title of four chapters
    assert script.coverage.unaccounted_chars == 0


_TEXTS = st.text(
    st.sampled_from("abc I.,;:!?'\"“”‘’—–-…()[]*_&%$£°½12 3\n☃Жé漢\u0301") | st.characters(codec="utf-8"), max_size=80
)
_KINDS = st.sampled_from([kind for kind in BlockKind if kind != BlockKind.SCENE_BREAK])
_BLOCKS = st.builds(Block, _KINDS, _TEXTS.map(lambda text: " ".join(text.split(" ")).strip()))


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_BLOCKS, max_size=4), min_size=1, max_size=3), st.integers(5, 60), st.integers(0, 30))
def test_no_text_is_lost_or_doubled(chapters, max_tokens, min_chars):
    book = make_book(*chapters)
    script = write_script(book, segment_settings(max_chars=60, min_chars=min_chars), token_count, max(max_tokens, 30))
    ledger.check(book, script)
    source = "".join("".join(block.text.split()) for chapter in book.chapters for block in chapter.blocks)
    kept = "".join("".join(entry.text.split()) for entry in script.ledger)
    assert kept == source
    assert script.coverage.source_chars == len(source) == script.coverage.spoken_chars + script.coverage.skipped_chars


@pytest.mark.parametrize(("length", "fits"), [(180, True), (181, False)])
def test_words_in_place_of_a_text_fit_into_an_utterance_or_are_refused_with_its_beginning(settings, length, fits):
    marked = Markup(0, 100, MarkupKind.RESPELL, "a" * length)
    book = make_book([Block(BlockKind.PARAGRAPH, "x" * 100, "ch1.xhtml", markup=(marked,))])
    if fits:
        assert [u.spoken for u in write_script(book, settings, token_count, 200).utterances] == ["a" * length]
        return
    with pytest.raises(BadInputError, match=r"^ch1\.xhtml: what is to be said for 'x{60}' is longer than an"):
        write_script(book, settings, token_count, 200)
