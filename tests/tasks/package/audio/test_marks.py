"""Chapter marks lie at the headings, leave no gap, and survive ffmpeg's text format."""

from pathlib import Path
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tasks.package.audio.marks import ChapterMark, ffmetadata, marks_in, parse_ffmetadata
from tasks.package.timeline import AudioFile, HeldChapter, TimedChapter, Timeline, as_one_file


def chapter(title, samples, head):
    return TimedChapter(0, title, "a", samples, -19.0, -3.0, (SimpleNamespace(start_sample=head),))


def test_marks_are_at_the_headings_and_leave_no_gap():
    timeline = Timeline(24_000, (chapter("One", 1000, 250), chapter("Two", 2000, 300), chapter("Three", 500, 40)))
    assert marks_in(timeline, as_one_file(timeline)) == (
        ChapterMark("One", 0, 1050),
        ChapterMark("Two", 1050, 2790),
        ChapterMark("Three", 2790, 3250),
    )
    part = AudioFile("m4b", Path("b.m4b"), 2200, (HeldChapter(1, -300), HeldChapter(2, 1700)), "")
    assert marks_in(timeline, part) == (ChapterMark("Two", 0, 1740), ChapterMark("Three", 1740, 2200))


TITLES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30)


def test_every_sign_that_means_something_in_ffmetadata_is_escaped():
    """Those of ffmpeg's documentation (ffmpeg-formats, "Metadata"): other programs read the file as well."""
    text = ffmetadata([ChapterMark("a=b;c#d\\e\nf", 0, 1)], 24_000)
    assert text.endswith("\ntitle=a\\=b\\;c\\#d\\\\e\\\nf\n")


@given(st.lists(TITLES, min_size=1, max_size=5))
def test_titles_survive_ffmetadata(titles):
    marks = [ChapterMark(title, 24_000 * n, 24_000 * n + 12_000) for n, title in enumerate(titles)]
    assert parse_ffmetadata(ffmetadata(marks, 24_000)) == [(title, n, n + 0.5) for n, title in enumerate(titles)]
