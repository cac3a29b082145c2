"""Chapter marks lie at the headings, leave no gap, and survive ffmpeg's text format."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Master, PlacedUtterance
from tasks.errors import TalepressError
from tasks.package.audio.marks import ChapterMark, chapter_marks, ffmetadata, parse_ffmetadata, sample_rate_of
from tests.tasks.audio import utterance


def master(title, samples, start):
    placed = (PlacedUtterance(utterance(0, heading=True), "k", start, start + 1),)
    return Master(0, title, "a", 24_000, samples, -19.0, -3.0, placed)


def test_marks_are_at_the_headings_and_leave_no_gap():
    marks = chapter_marks([master("One", 1000, 250), master(" Two\n2 \\ ", 2000, 300), master("", 500, 40)])
    assert marks == (
        ChapterMark("One", 0, 1300),
        ChapterMark("Two 2", 1300, 3040),
        ChapterMark("Chapter 3", 3040, 3500),
    )


def test_one_sample_rate():
    assert sample_rate_of([master("", 1, 0)]) == 24_000
    with pytest.raises(TalepressError, match="none"):
        sample_rate_of([])
    with pytest.raises(TalepressError, match="one sample rate"):
        sample_rate_of([master("", 1, 0), replace(master("", 1, 0), sample_rate=8000)])


TITLES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(st.lists(TITLES, min_size=1, max_size=5))
def test_titles_survive_ffmetadata(titles):
    marks = [ChapterMark(title, 24_000 * n, 24_000 * n + 12_000) for n, title in enumerate(titles)]
    assert parse_ffmetadata(ffmetadata(marks, 24_000)) == [(title, n, n + 0.5) for n, title in enumerate(titles)]
