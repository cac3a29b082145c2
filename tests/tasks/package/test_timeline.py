"""The timeline says what is heard when, of masters, takes and the times of words."""

from dataclasses import replace

import pytest

from storage.records import PauseKind, WordTime
from tasks.errors import TalepressError
from tasks.package.timeline import HeldChapter, TimedWord, as_one_file, on_timeline, one_line, sample_rate_of
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import HEADINGS, LENGTHS, TITLES


def test_every_utterance_says_where_it_came_from_and_when_it_is_heard(content):
    timeline = content.timeline
    assert timeline.sample_rate == RATE
    assert [chapter.title for chapter in timeline.chapters] == list(TITLES)
    assert [(chapter.samples, chapter.head) for chapter in timeline.chapters] == list(
        zip(LENGTHS, HEADINGS, strict=True)
    )
    for number, chapter in enumerate(timeline.chapters):
        (spoken,) = chapter.utterances
        assert (spoken.text, spoken.block, spoken.start, spoken.end) == ("Words number 0.", 0, 0, 15)
        assert (spoken.origin, spoken.voice, spoken.is_heading) == (f"EPUB/{number}.xhtml", "ann", True)
        assert (spoken.start_sample, spoken.end_sample) == (HEADINGS[number], HEADINGS[number] + 9_000)
        assert (spoken.pause, spoken.take, spoken.words) == (PauseKind.SENTENCE, content.takes[f"take {number}"], ())
        assert chapter.tail == LENGTHS[number] - HEADINGS[number] - 9_000


def test_words_are_laid_on_the_timeline(content):
    second = content.masters[1].placed[0]
    late = replace(second, utterance=replace(second.utterance, start=100, voice="bob"))
    masters = (content.masters[0], replace(content.masters[1], placed=(late,)))
    words = {(1, 0): on_timeline(late, (WordTime(0, 5, 10, 20), WordTime(6, 12, 30, 40, is_estimated=True)))}
    (spoken,) = replace(content, masters=masters, words=words).timeline.chapters[1].utterances
    first = HEADINGS[1]
    assert spoken.voice == "bob"
    assert spoken.words == (
        TimedWord(100, 105, first + 10, first + 20),
        TimedWord(106, 112, first + 30, first + 40, estimated=True),
    )


def test_a_book_begins_with_its_first_word(content):
    book = as_one_file(content.timeline)
    head = HEADINGS[0]
    assert book.chapters == tuple(HeldChapter(n, sum(LENGTHS[:n]) - head) for n in range(3))
    assert book.samples == sum(LENGTHS) - head


def test_one_sample_rate(content):
    assert sample_rate_of(content.masters) == RATE
    with pytest.raises(TalepressError, match="none"):
        sample_rate_of([])
    with pytest.raises(TalepressError, match="one sample rate"):
        sample_rate_of([content.masters[0], replace(content.masters[1], sample_rate=8000)])


def test_titles_are_one_line_without_a_backslash_at_its_end():
    assert one_line(" Two\n2 \\ ") == "Two 2"


def test_a_chapter_without_a_title_is_counted_and_the_levels_are_handed_on(content):
    untitled = replace(
        content.masters[1], title=" \\ ", loudness_lufs=-20.5, true_peak_dbtp=-4.25, audio_sha256="c" * 64
    )
    timeline = replace(content, masters=(content.masters[2], untitled)).timeline
    assert [(chapter.index, chapter.title) for chapter in timeline.chapters] == [(2, TITLES[2]), (1, "Chapter 2")]
    second = timeline.chapters[1]
    assert (second.master_sha256, second.loudness_lufs, second.true_peak_dbtp) == ("c" * 64, -20.5, -4.25)


def test_a_chapter_in_which_nothing_is_said_has_no_head_and_no_tail(content):
    silent = replace(content.masters[0], placed=())
    (chapter,) = replace(content, masters=(silent,)).timeline.chapters
    assert (chapter.head, chapter.tail) == (0, 0)


@pytest.mark.parametrize(
    ("held", "is_piece", "numbers"),
    [
        (HeldChapter(0, 0), False, [0, 1, 2, 3]),
        (HeldChapter(0, 0, 1), True, [1, 2, 3]),
        (HeldChapter(0, 0, 0, 4), True, [0, 1, 2, 3]),
        (HeldChapter(0, 0, 1, 3), True, [1, 2]),
        (HeldChapter(0, 0, 0, 0), True, []),
    ],
)
def test_a_file_holds_a_chapter_or_a_piece_of_it(content, held, is_piece, numbers):
    (placed,) = content.masters[0].placed
    several = tuple(replace(placed, utterance=replace(placed.utterance, index=number)) for number in range(4))
    (chapter,) = replace(content, masters=(replace(content.masters[0], placed=several),)).timeline.chapters
    assert held.is_piece == is_piece
    assert [utterance.index for utterance in held.utterances(chapter)] == numbers
