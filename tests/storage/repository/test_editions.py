"""Editions are found by book and by content, each as it was saved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from storage.errors import NotFoundError
from storage.records import Edition, EditionFile, RunState
from storage.schema import EditionRow
from tests.storage.builders import SOURCE, make_book, make_script

OTHER = "c" * 64


def make_edition(path="book.m4b") -> Edition:
    files = (EditionFile("m4b", path, "a" * 64, 5_000_000_000), EditionFile("report", "report.md", "b" * 64, 10))
    return Edition(files, 12.5, (("One", 0.0, 5.0), ("Two", 5.0, 12.5)))


@pytest.fixture(autouse=True)
def books(uow):
    for book in (make_book(), make_book(OTHER)):
        uow.books.save(book, make_script(book))


def publish(uow, source, edition, content_key):
    run_id = uow.runs.start(source, "book_to_audio", {})
    uow.editions.save(run_id, edition, content_key)
    uow.runs.finish(run_id, RunState.DONE)


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


def test_each_book_and_each_content_has_its_own_edition(uow):
    publish(uow, SOURCE, make_edition("1.m4b"), "one")
    publish(uow, OTHER, make_edition("2.m4b"), "two")
    assert uow.editions.latest(SOURCE) == make_edition("1.m4b")
    assert uow.editions.latest(OTHER) == make_edition("2.m4b")
    assert uow.editions.find("one") == make_edition("1.m4b")
    assert uow.editions.find("three") is None
    with pytest.raises(NotFoundError, match="d" * 64):
        uow.editions.latest("d" * 64)


def test_an_edition_whose_key_is_not_known_is_found_by_its_book_alone(uow):
    run_id = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.editions.save(run_id, make_edition())
    assert (uow.editions.latest(SOURCE), uow.editions.find("content")) == (make_edition(), None)


def test_of_editions_that_came_at_one_moment_the_last_one_counts(uow):
    for path in ("1.m4b", "2.m4b"):
        publish(uow, SOURCE, make_edition(path), "content")
    uow._session.execute(update(EditionRow).values(published_at=datetime(2026, 11, 29, tzinfo=UTC)))
    assert uow.editions.latest(SOURCE) == uow.editions.find("content") == make_edition("2.m4b")
