"""Captions and a read-along of a finished book: words are timed once, and the book's file is found again."""

import re
import zipfile
from pathlib import Path

import pytest
import webvtt

from flows.order.request import Publication, Request
from flows.services import open_services, read_settings
from tasks.align import timers
from tasks.errors import BadInputError

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]

SAMPLE = Path(__file__).parents[2] / "samples" / "the-lamplighters-clock.epub"


@pytest.fixture
def asked(tmp_path):
    book = tmp_path / "clock.epub"
    book.write_bytes(SAMPLE.read_bytes())
    return {"book": str(book), "out": str(tmp_path / "out"), "chapters": "1-2"}


@pytest.fixture
def heard(monkeypatch):
    """The takes that were listened to."""
    keys = []
    time_takes = timers.time_takes

    def note(store, timer, takes):
        keys.extend(takes)
        return time_takes(store, timer, takes)

    monkeypatch.setattr("flows.order.details.time_takes", note)
    return keys


def publish(asked, kinds):
    from flows.publish import publish as flow

    return flow(Publication(**asked, kinds=kinds))


def test_words_are_timed_once_and_what_is_spoken_lights_up(asked, heard):
    from flows.book_to_audio import book_to_audio

    made = book_to_audio(Request(**asked))
    assert heard == []  # nobody has asked

    captions = publish(asked, "captions")
    assert captions.rendered == 0 and len(heard) == made.utterances
    whole = next(file.path for file in captions.edition.files if file.path.endswith("2).vtt"))
    text = " ".join(" ".join(caption.text.split()) for caption in webvtt.read(whole))
    assert "Every evening at 6:45, Mr. Abel Finch lit the 112 lamps" in text

    read_along = publish(asked, "readalong")
    assert len(heard) == made.utterances
    (book,) = [file.path for file in read_along.edition.files if file.kind == "readalong"]
    with zipfile.ZipFile(book) as archive:
        assert re.search(rb'<span id="tp-s\d+">Every evening', archive.read("EPUB/chapter-1.xhtml"))
        assert b"<span" not in archive.read("EPUB/chapter-3.xhtml")  # is not among the chapters
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        (summary,) = uow.books.summaries()
        assert services.store.read(summary.source_sha256) == SAMPLE.read_bytes()
        assert summary.source_sha256 in uow.references.all()

    before = Path(book).read_bytes()
    Path(book).unlink()
    assert publish(asked, "readalong").edition == read_along.edition
    assert Path(book).read_bytes() == before


def test_a_text_file_is_refused_before_anything_is_spoken(asked, tmp_path, monkeypatch):
    from flows.book_to_audio import book_to_audio

    text = tmp_path / "story.txt"
    text.write_text("One fine day.\n\nNobody came.\n", "utf-8")
    asked = {"book": str(text), "out": asked["out"]}
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", '["manifest", "readalong"]')
    with pytest.raises(BadInputError, match=r"story.txt is no EPUB, and only an EPUB can become a read-along"):
        book_to_audio(Request(**asked))
    with pytest.raises(BadInputError, match=r"story.txt was never made: make it first"):
        publish(asked, "readalong")
