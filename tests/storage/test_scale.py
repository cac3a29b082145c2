"""A book of 10,000 utterances: every operation of the main path stays within seconds of CPU time and few queries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from storage.database import Database
from storage.records import Verdict
from tests.storage.builders import SOURCE, keyed_by_text, make_book, make_script, make_take

SECONDS = 8.0  # each takes at most 1.5 s of CPU time on the slowest machine seen; a scan per utterance takes 20 s


@contextmanager
def seconds_of_cpu(most: float) -> Iterator[None]:
    started = time.process_time()
    yield
    spent = time.process_time() - started
    assert spent < most, spent


@contextmanager
def count_statements(database, most: int) -> Iterator[None]:
    statements: list[str] = []

    def record(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", record)
    yield
    event.remove(database.engine, "before_cursor_execute", record)
    assert len(statements) <= most, statements


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def big(request, tmp_path_factory):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('big') / 'talepress.db'}"
    else:
        cluster = request.getfixturevalue("postgres")
        url = cluster.url(cluster.create())
    database = Database(url)
    book = make_book(chapters=100, blocks=100)
    script = make_script(book)
    keyed = keyed_by_text(script)
    assert len(keyed) == 10_000
    with seconds_of_cpu(SECONDS), database.unit_of_work() as uow:
        uow.books.save(book, script)
        uow.commit()
    with seconds_of_cpu(SECONDS), database.unit_of_work() as uow:
        assert uow.books.assign_keys(SOURCE, keyed) == 10_000
        uow.commit()
    with seconds_of_cpu(SECONDS), database.unit_of_work() as uow:
        assert len(uow.takes.missing(SOURCE)) == 10_000
        verdicts = [Verdict.DOUBTFUL] + 9 * [Verdict.OK]
        takes = [make_take(item.key, verdict=verdicts[n % 10]) for n, item in enumerate(keyed)]
        uow.takes.add(takes)
        uow.commit()
    with seconds_of_cpu(SECONDS), database.unit_of_work() as uow:
        uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in takes})
        uow.commit()
    yield database, book, script
    database.close()


def test_saving_it_again_costs_next_to_nothing(big):
    database, book, script = big
    with seconds_of_cpu(SECONDS), count_statements(database, 2), database.unit_of_work() as uow:
        assert uow.books.save(book, script) is False


def test_status_is_one_query_however_large_the_book(big):
    database, _, _ = big
    with seconds_of_cpu(SECONDS), count_statements(database, 2), database.snapshot() as uow:
        (summary,) = uow.books.summaries()
    assert (summary.utterances, summary.chosen, summary.flagged) == (10_000, 10_000, 1000)
    with seconds_of_cpu(SECONDS), count_statements(database, 3), database.snapshot() as uow:
        assert len(uow.books.chapter_summaries(SOURCE)) == 100


def test_reading_it_back_takes_a_query_per_table(big):
    database, book, script = big
    with seconds_of_cpu(SECONDS), count_statements(database, 12), database.snapshot() as uow:
        assert uow.books.get(SOURCE) == book
        assert uow.books.script(SOURCE) == script


def test_what_a_resumed_run_asks_first_is_fast(big):
    database, _, script = big
    with seconds_of_cpu(SECONDS), count_statements(database, 30), database.unit_of_work() as uow:
        assert uow.takes.choose_acceptable(SOURCE) == 0
        assert uow.takes.missing(SOURCE) == ()
        assert len(uow.takes.flagged(SOURCE)) == 1000
        assert len(uow.takes.chosen(SOURCE, 42)) == 100
        assert len(uow.takes.of(item.key for item in keyed_by_text(script))) == 10_000
