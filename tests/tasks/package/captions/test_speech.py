"""Lines of speech come of the timeline: who speaks, which words, and when in the file that holds them."""

from dataclasses import replace
from pathlib import Path

from storage.records import WordTime
from tasks.package.captions.speech import lines_in, milliseconds
from tasks.package.timeline import AudioFile, HeldChapter, on_timeline
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import HEADINGS

TEXT = "“Words number 0.”"
SHIFT = RATE  # of the chapter in the file
MS = RATE // 1000


def spoken(content, voice="", words=()):
    """The one line of the second chapter, in a file that begins a second before it."""
    placed = content.masters[1].placed[0]
    placed = replace(placed, utterance=replace(placed.utterance, text=TEXT, end=len(TEXT), voice=voice))
    masters = (content.masters[0], replace(content.masters[1], placed=(placed,)))
    timeline = replace(content, masters=masters, words={(1, 0): on_timeline(placed, words)}).timeline
    (own,) = lines_in(timeline, AudioFile("m4b", Path("x"), 0, (HeldChapter(1, SHIFT),), "k"), content.voice.name)
    return own


def test_a_cast_is_named_by_its_voices_and_the_narrator_not_at_all(content):
    assert spoken(content).speaker == ""
    assert spoken(content, content.voice.name).speaker == ""
    assert spoken(content, "bob").speaker == "bob"
    assert spoken(content, "bob [sad]").speaker == "bob"
    assert spoken(content, f"{content.voice.name} [sad]").speaker == ""


def test_words_take_their_punctuation_along_and_have_their_times_in_the_file(content):
    words = [
        WordTime(1, 6, 10 * MS, 100 * MS),
        WordTime(7, 13, 150 * MS, 200 * MS),
        WordTime(14, 15, 210 * MS, 260 * MS),
    ]
    line = spoken(content, words=words)
    start = round((HEADINGS[1] + SHIFT) * 1000 / RATE)
    assert [token.text for token in line.tokens] == ["“Words", "number", "0.”"]
    assert [(token.start_ms - start, token.end_ms - start) for token in line.tokens] == [
        (10, 100),
        (150, 200),
        (210, 260),
    ]
    assert line.start_ms == start


def test_without_times_words_are_spread_by_their_characters(content):
    line = spoken(content)
    assert [token.start_ms for token in line.tokens] == sorted(token.start_ms for token in line.tokens)
    assert line.tokens[0].start_ms == line.start_ms and line.tokens[-1].end_ms == line.end_ms


def line_of(content, text, *words):
    """The line of the second chapter, which begins with its file and says another text."""
    placed = content.masters[1].placed[0]
    placed = replace(placed, utterance=replace(placed.utterance, text=text, end=len(text)))
    masters = (content.masters[0], replace(content.masters[1], placed=(placed,)))
    times = tuple(WordTime(start, end, first * MS, last * MS) for start, end, first, last in words)
    timeline = replace(content, masters=masters, words={(1, 0): on_timeline(placed, times)}).timeline
    (own,) = lines_in(timeline, AudioFile("m4b", Path("x"), 0, (HeldChapter(1, -HEADINGS[1]),), "k"), "ann")
    return [(token.text, token.start_ms, token.end_ms) for token in own.tokens]


def test_two_words_that_a_dash_joins_are_shown_from_the_first_to_the_end_of_the_second(content):
    found = line_of(content, "one—two three", (0, 3, 10, 20), (4, 7, 30, 40), (8, 13, 50, 60))
    assert found == [("one—two", 10, 40), ("three", 50, 60)]


def test_a_sign_that_nobody_speaks_is_shown_when_the_word_before_it_ends(content):
    found = line_of(content, "— one — two", (2, 5, 10, 20), (8, 11, 50, 60))
    assert found == [("—", 0, 0), ("one", 10, 20), ("—", 20, 20), ("two", 50, 60)]


def test_what_is_heard_before_a_file_begins_is_at_its_beginning():
    assert [milliseconds(samples, 24_000) for samples in (-48_000, -1, 0, 12, 36, 24_000)] == [0, 0, 0, 0, 2, 1000]
