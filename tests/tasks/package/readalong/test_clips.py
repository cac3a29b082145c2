"""Every fragment has its clip: in order, never empty, inside its audio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.package.readalong.clips import Clip, SpokenText, clips_of


def text(start: int, end: int, places=(0, 1, 2, 3), marks=(), audio: int = 0) -> SpokenText:
    return SpokenText(audio, "x.xhtml", "a" * len(places), tuple(places), start, end, "a", tuple(marks))


def test_a_clip_lasts_until_the_next_sentence_and_the_last_a_little_longer():
    clips = clips_of([text(500, 1000), text(1400, 2000)], {0: [0], 1: [0]}, {0: 5000})
    assert clips == {(0, 0): Clip(0, 500, 1400), (1, 0): Clip(0, 1400, 2200)}


def test_no_clip_ends_behind_its_audio():
    assert clips_of([text(0, 1000)], {0: [0]}, {0: 1050}) == {(0, 0): Clip(0, 0, 1050)}


def test_a_sentence_in_two_spans_is_cut_where_the_word_is_heard():
    sentence = text(0, 900, places=range(10, 20), marks=[(10, 0), (14, 310), (17, 640)])
    clips = clips_of([sentence], {0: [10, 14]}, {0: 5000})
    assert [clips[0, 0], clips[0, 1]] == [Clip(0, 0, 310), Clip(0, 310, 1100)]


def test_without_words_it_is_cut_in_proportion():
    clips = clips_of([text(1000, 2000, places=range(10, 20))], {0: [10, 15]}, {0: 5000})
    assert clips[0, 1].begin_ms == 1500


def test_what_is_not_lit_up_ends_the_clip_before_it():
    clips = clips_of([text(0, 500), text(600, 900), text(1000, 1500)], {0: [0], 2: [0]}, {0: 5000})
    assert clips == {(0, 0): Clip(0, 0, 600), (2, 0): Clip(0, 1000, 1700)}


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3)), min_size=1, max_size=30), st.integers(40, 4000))
def test_clips_are_in_order_and_inside(parts, length):
    texts = []
    at = 0
    for gap, count in parts:
        texts.append(text(at, at + gap, places=range(count + 1)))
        at += gap // 8
    starts = {index: list(range(count)) for index, (_, count) in enumerate(parts) if count}
    clips = clips_of(texts, starts, {0: length})
    ordered = sorted(clips.values(), key=lambda clip: clip.begin_ms)
    ends = [0, *(clip.end_ms for clip in ordered)]
    assert all(end <= clip.begin_ms < clip.end_ms <= length for end, clip in zip(ends, ordered, strict=False))
    assert set(clips) == {(index, number) for index, places in starts.items() for number in range(len(places))}


def test_each_audio_file_has_clips_of_its_own_in_the_order_of_sound():
    texts = [text(0, 400, audio=3), text(100, 500), text(900, 1000), text(450, 700, audio=3)]
    clips = clips_of(texts, {0: [0], 1: [0], 2: [0], 3: [0]}, {0: 1000, 3: 5000})
    assert clips == {
        (0, 0): Clip(3, 0, 450),
        (3, 0): Clip(3, 450, 900),
        (1, 0): Clip(0, 100, 900),
        (2, 0): Clip(0, 900, 1000),
    }


@pytest.mark.parametrize(
    ("marks", "begins"),
    [
        ([(12, 310), (16, 640)], [100, 180, 310, 311, 640]),  # before the first known word: in proportion
        ([(10, 150), (11, 300), (16, 640)], [100, 300, 301, 302, 640]),
        ([], [100, 180, 260, 340, 580]),
    ],
)
def test_when_the_pieces_of_a_sentence_are_heard(marks, begins):
    clips = clips_of([text(100, 900, places=range(10, 20), marks=marks)], {0: [10, 11, 12, 13, 16]}, {0: 9000})
    assert [clips[0, number].begin_ms for number in range(5)] == begins


def test_a_file_with_more_pieces_than_milliseconds_has_no_clip_for_some():
    clips = clips_of([text(0, 2, places=range(5))], {0: [0, 1, 2, 3, 4]}, {0: 3})
    assert clips == {(0, 2): Clip(0, 0, 1), (0, 3): Clip(0, 1, 2), (0, 4): Clip(0, 2, 3)}


def test_pieces_that_come_all_at_the_end_of_a_file_begin_before_it():
    clips = clips_of([text(100, 101, places=range(3))], {0: [0, 1, 2]}, {0: 101})
    assert clips == {(0, 0): Clip(0, 98, 99), (0, 1): Clip(0, 99, 100), (0, 2): Clip(0, 100, 101)}
