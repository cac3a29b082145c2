"""Masters are found by key and editions by content, each as they were saved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import NotFoundError, StorageError
from storage.records import Edition, EditionFile, Master, PlacedUtterance, RunState
from tests.storage.builders import SOURCE, make_book, make_script


def make_master(utterances, title="Chapter 1") -> Master:
    placed = tuple(PlacedUtterance(u, f"take {n}", n * 100, n * 100 + 90) for n, u in enumerate(utterances))
    return Master(utterances[0].chapter_index, title, "a" * 64, 24000, 5_000_000_000, -19.0, -3.5, placed)


def make_edition(path="book.m4b") -> Edition:
    files = (EditionFile("m4b", path, "a" * 64, 5_000_000_000), EditionFile("report", "report.md", "b" * 64, 10))
    return Edition(files, 12.5, (("One", 0.0, 5.0), ("Two", 5.0, 12.5)))


@pytest.fixture(autouse=True)
def script(uow):
    script = make_script(make_book())
    uow.books.save(make_book(), script)
    return script


def test_a_master_is_found_by_its_key_with_its_timeline(uow, script):
    master = make_master(script.utterances[:3])
    assert uow.masters.find("key", SOURCE, 0) is None
    uow.masters.save("key", master)
    uow.masters.save("key", master)
    assert uow.masters.find("key", SOURCE, 0) == master


def test_a_forgotten_master_is_made_again_and_may_have_other_bytes(uow, script):
    master = make_master(script.utterances[:3])
    uow.masters.save("key", master)
    assert uow.masters.audio() == {"key": master.audio_sha256}
    uow.masters.forget(["key"])
    assert uow.masters.find("key", SOURCE, 0) is None
    again = replace(master, audio_sha256="e" * 64)
    uow.masters.save("key", again)
    assert uow.masters.find("key", SOURCE, 0) == again


def test_a_master_takes_title_and_utterances_from_the_book_as_it_is_now(uow, script):
    uow.masters.save("key", make_master(script.utterances[:3], title="Old title"))
    assert uow.masters.find("key", SOURCE, 0).title == "Chapter 1"


def test_a_master_of_another_chapter_is_refused(uow, script):
    uow.masters.save("key", make_master(script.utterances[:3]))
    shorter = make_book(blocks=2)
    uow.books.save(shorter, make_script(shorter))
    with pytest.raises(StorageError, match="chapter 1"):
        uow.masters.find("key", SOURCE, 0)
    with pytest.raises(NotFoundError, match="chapter 9"):
        uow.masters.find("key", SOURCE, 8)


def test_editions_by_book_and_by_content(uow):
    assert uow.editions.latest(SOURCE) is None
    assert uow.editions.find("content") is None
    first = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.editions.save(first, make_edition(), "content")
    assert uow.editions.latest(SOURCE) == make_edition()
    assert uow.editions.find("content") == make_edition()


def test_a_second_edition_of_a_run_replaces_the_first(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.editions.save(run_id, make_edition("old.m4b"), "old content")
    uow.editions.save(run_id, make_edition("new.m4b"), "new content")
    assert uow.editions.latest(SOURCE) == make_edition("new.m4b")
    assert uow.editions.find("old content") is None


def test_the_latest_edition_of_several_runs(uow):
    for path in ("1.m4b", "2.m4b"):
        run_id = uow.runs.start(SOURCE, "book_to_audio", {})
        uow.editions.save(run_id, make_edition(path), "content")
        uow.runs.finish(run_id, RunState.DONE)
    assert uow.editions.latest(SOURCE) == make_edition("2.m4b")
    assert uow.editions.find("content") == make_edition("2.m4b")
