"""Lines of speech come of the timeline: who speaks, which words, and when in the file that holds them."""

from dataclasses import replace
from pathlib import Path

from storage.records import WordTime
from tasks.package.captions.speech import lines_in
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
