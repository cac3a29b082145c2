"""What people are told of a run, by a real server of theirs."""

import json

import pytest

from flows.order.request import Request
from tests.receiver import receiver

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


@pytest.fixture
def posted(monkeypatch):
    with receiver() as (place, posted):
        monkeypatch.setenv("TALEPRESS_NOTIFY__ADDRESSES", json.dumps([f"json://{place}/"]))
        yield posted


def test_people_are_told_once_that_a_book_is_finished_or_has_failed(book, tmp_path, posted, monkeypatch):
    from flows.book_to_audio import book_to_audio

    book_to_audio(Request(book=str(book), out=str(tmp_path / "out")))
    assert [one["title"] for one in posted] == ["The Small Book: finished"]
    assert "The Small Book.m4b" in posted[0]["message"]
    state = book_to_audio(Request(book=str(tmp_path / "none.md"), out=str(tmp_path / "out")), return_state=True)
    assert state.is_failed()
    assert [one["title"] for one in posted[1:]] == ["none: failed"]
    assert "none.md" in posted[1]["message"]


def test_nobody_is_told_twice_of_one_end(posted):
    from prefect import flow

    from flows.run.notices import tell_failure

    @flow
    def ends_twice():
        for reason in ("the disk is full", "the disk is still full"):
            tell_failure(Request(book="/b.epub", out="/out"), ValueError(reason))

    ends_twice()
    assert [one["message"] for one in posted] == ["the disk is full"]
    ends_twice()  # another run is news
    assert len(posted) == 2


def test_a_message_that_cannot_be_sent_fails_no_book(book, tmp_path, monkeypatch):
    from flows.book_to_audio import book_to_audio

    monkeypatch.setenv("TALEPRESS_NOTIFY__ADDRESSES", '["json://127.0.0.1:1/"]')
    assert book_to_audio(Request(book=str(book), out=str(tmp_path / "out"))).edition.files
