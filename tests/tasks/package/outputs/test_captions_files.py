"""Which files captions are, and what they are called."""

from dataclasses import replace
from pathlib import Path

import pytest
import webvtt

from tasks.errors import TalepressError
from tasks.package.output import Draft
from tasks.package.outputs.captions import check_captions, write_captions
from tasks.package.timeline import AudioFile, HeldChapter
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, HEADINGS, LENGTHS, STEM, TITLES

FORMS = (".chapters.vtt", ".srt", ".vtt", ".words.vtt")


@pytest.fixture
def draft(tmp_path, store, content):
    return Draft(tmp_path, STEM, content, store, {})


def names(draft):
    return [path.relative_to(draft.folder / f"{draft.stem} (captions)").as_posix() for path in write_captions(draft)]


def audio(draft, *paths):
    held = tuple(HeldChapter(position, 0) for position in range(2))
    return replace(draft, audio=tuple(AudioFile("m4b", Path(path), 1000, held, "k") for path in paths))


@pytest.mark.parametrize("stem", [STEM, "Mr. Polly", "Mr. J."])
def test_captions_without_audio_have_the_name_of_the_edition(draft, stem):
    assert names(replace(draft, stem=stem)) == [f"{stem}{form}" for form in FORMS]


def test_captions_have_the_name_of_their_audio_and_of_two_that_share_it_its_suffix(draft):
    assert names(audio(draft, "Mr. Polly.m4b", "Mr. Polly.mp3")) == [
        *(f"Mr. Polly{form}" for form in FORMS[:1]),
        *(f"Mr. Polly.mp3{form}" for form in FORMS),
        *(f"Mr. Polly{form}" for form in FORMS[1:]),
    ]


def test_captions_of_the_same_chapters_are_written_alike_and_once(draft, monkeypatch):
    from tasks.package.outputs import captions

    made = []
    forms = captions._forms
    monkeypatch.setattr(captions, "_forms", lambda *given: made.append(1) or forms(*given))
    both = audio(draft, "Mr. Polly.m4b", "parts/One.flac")
    paths = write_captions(both)
    assert (len(paths), len(made)) == (8, 1)
    assert len({path.read_bytes() for path in paths if path.suffix == ".srt"}) == 1
    check_captions(both, paths)
    paths[0].write_text("WEBVTT", "utf-8")
    with pytest.raises(TalepressError, match="did not read back"):
        check_captions(both, paths)


def test_audio_of_another_length_or_of_other_chapters_has_captions_of_its_own(draft):
    one = HeldChapter(0, RATE)
    two = HeldChapter(0, 3 * RATE)
    files = {"a": (20 * RATE, one), "b": (20 * RATE, two), "c": (RATE + HEADINGS[0] + 5000, one)}
    made = replace(
        draft,
        audio=tuple(
            AudioFile("flac", Path(f"{name}.flac"), samples, (held,), "k") for name, (samples, held) in files.items()
        ),
    )
    texts = {path.stem: path.read_text("utf-8") for path in write_captions(made) if path.suffix == ".srt"}
    assert len(set(texts.values())) == 3


def test_a_chapters_lyrics_say_of_whom_they_are_and_where_the_words_are_in_its_file(draft):
    held = (HeldChapter(1, RATE - HEADINGS[1]),)  # a second before the first word
    one = replace(draft, audio=(AudioFile("flac", Path("a/02 Two.flac"), 10 * RATE, held, "k"),))
    folder = draft.folder / f"{STEM} (captions)" / "a"
    assert sorted(path.name for path in write_captions(one)) == [
        f"02 Two{form}" for form in (".lrc", ".srt", ".vtt", ".words.lrc", ".words.vtt")
    ]
    heads = f"[ti:{TITLES[1]}]\n[ar:L. Frank Baum, Anon]\n[al:{BOOK.title}]\n"
    assert (folder / "02 Two.lrc").read_text("utf-8") == f"{heads}[00:01.00]Words number 0.\n"
    words = (folder / "02 Two.words.lrc").read_text("utf-8")
    assert words.startswith(f"{heads}[00:01.00]<00:01.00>Words <")
    assert "Words <00:00:01." in (folder / "02 Two.words.vtt").read_text("utf-8")
    assert "<" not in (folder / "02 Two.vtt").read_text("utf-8")


def test_the_chapters_of_a_book_follow_each_other_from_its_first_word(draft):
    write_captions(draft)
    path = draft.folder / f"{STEM} (captions)" / f"{STEM}.chapters.vtt"
    starts = [0, LENGTHS[0] - HEADINGS[0], sum(LENGTHS[:2]) - HEADINGS[0], sum(LENGTHS) - HEADINGS[0]]
    times = [round(start / RATE, 3) for start in starts]

    def seconds(clock):
        hours, minutes, rest = clock.split(":")
        return pytest.approx(int(hours) * 3600 + int(minutes) * 60 + float(rest), abs=0.002)

    found = list(webvtt.read(str(path)))
    assert [one.text for one in found] == list(TITLES)
    assert times[:-1] == [seconds(one.start) for one in found]
    assert times[1:] == [seconds(one.end) for one in found]


def test_what_holds_no_chapter_has_no_captions(draft):
    """Credits, and the retail sample."""
    credit = AudioFile("acx", Path("Oz (ACX)/Opening credits.mp3"), 1000, (), "k")
    both = audio(draft, "Oz.m4b")
    assert names(replace(both, audio=(credit, *both.audio))) == names(both)
    assert names(replace(draft, audio=(credit,))) == [f"{STEM}{form}" for form in FORMS]


def test_a_file_of_captions_that_is_missing_or_more_than_it_should_be_is_found_out(draft):
    paths = write_captions(draft)
    check_captions(draft, paths)
    for path in paths:
        with pytest.raises(TalepressError, match="did not read back"):
            check_captions(draft, tuple(other for other in paths if other != path))
