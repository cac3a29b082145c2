"""Which files captions are, and what they are called."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.errors import TalepressError
from tasks.package.output import Draft
from tasks.package.outputs.captions import check_captions, write_captions
from tasks.package.timeline import AudioFile, HeldChapter
from tests.tasks.package.conftest import STEM

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
