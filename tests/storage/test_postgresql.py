"""PostgreSQL: servers that restart, connections that are cut, locks of others, and what cannot be used."""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from storage import database as database_module
from storage import engines
from storage.database import Database, database_name
from storage.errors import DatabaseBusyError, DatabaseError, DatabaseFullError, DatabaseLostError, DatabaseUrlError
from tests.storage.builders import make_take


@pytest.fixture
def backend() -> str:
    return "postgresql"


def takes_of(database, *keys):
    with database.snapshot() as uow:
        return list(uow.takes.of(keys))


def test_a_connection_that_was_cut_while_it_was_idle_is_replaced_unnoticed(database, postgres):
    takes_of(database, "k")
    assert postgres.cut() > 0
    assert takes_of(database, "k") == []


def test_a_connection_that_is_cut_in_a_transaction_loses_it_whole_and_is_worth_another_try(database, postgres):
    with pytest.raises(DatabaseLostError, match="run the same command again"), database.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
        postgres.cut()
        uow.commit()
    assert takes_of(database, "k") == []


def test_a_transaction_is_done_again_where_its_connection_is_cut(database, postgres):
    cut = iter([True, True, False])

    def work(uow):
        uow.takes.add([make_take("k")])
        if next(cut):
            postgres.cut()
        return "done"

    assert database.transact(work) == "done"
    assert next(cut, None) is None
    assert takes_of(database, "k") == ["k"]


def test_tries_of_a_transaction_have_an_end(database, postgres):
    tries = []

    def work(uow):
        tries.append(uow)
        uow.takes.of(["k"])
        postgres.cut()

    with pytest.raises(DatabaseLostError):
        database.transact(work)
    assert len(tries) == 5


def test_a_server_that_restarts_is_waited_for(database, postgres, caplog):
    takes_of(database, "k")
    postgres.stop()
    timer = threading.Timer(1.5, postgres.start)
    timer.start()
    with caplog.at_level(logging.WARNING):
        assert takes_of(database, "k") == []
    timer.join()
    assert "waiting for the server" in caplog.text


def test_a_server_that_was_there_is_waited_for_a_minute_and_asked_twice_a_second(database, monkeypatch, caplog):
    from psycopg import OperationalError  # not installed everywhere

    takes_of(database, "k")
    database.engine.dispose()
    moments = iter([0.0, 1.0, 60.0, 60.1])
    pauses = []

    def away(*_, **__):
        raise OperationalError("away")

    monkeypatch.setattr(engines, "time", SimpleNamespace(monotonic=lambda: next(moments), sleep=pauses.append))
    monkeypatch.setattr(database.engine.dialect, "connect", away)
    with caplog.at_level(logging.WARNING), pytest.raises(DatabaseLostError, match=r"cannot be reached .*away"):
        database.engine.connect()
    assert pauses == [0.5, 0.5]
    assert caplog.text.count("waiting for the server") == 1


def test_nobody_waits_for_ever_for_a_lock_or_a_process_that_sleeps(database):
    with database.engine.connect() as connection:
        told = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout", "application_name")
        ]
    assert told == ["30s", "10min", "talepress"]


def test_opening_is_done_again_where_the_connection_is_cut_in_it(postgres_database, monkeypatch):
    migrate = database_module._migrate
    cut = iter([True, True, False])

    def migrate_or_lose(engine, **options):
        migrate(engine, **options)
        if next(cut):
            raise DatabaseLostError("the server has cut the connection")

    monkeypatch.setattr(database_module, "_migrate", migrate_or_lose)
    database = Database(postgres_database)
    assert (takes_of(database, "k"), next(cut, None)) == ([], None)
    database.close()


def test_a_server_that_is_not_there_is_not_waited_for_at_the_start():
    started = time.monotonic()
    with pytest.raises(DatabaseLostError, match=r"cannot be reached \(.*storage\.database_url") as caught:
        Database("postgresql://somebody:secret@127.0.0.1:1/books")
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_named(postgres):
    with pytest.raises(DatabaseLostError, match='database "nowhere" does not exist'):
        Database(postgres.url("nowhere"))


def test_the_scheme_may_be_written_as_everywhere_else(postgres_database):
    for scheme in ("postgres", "postgresql"):
        Database(postgres_database.replace("postgresql+psycopg", scheme)).close()
        assert database_name(f"{scheme}://u@h/n") == "postgresql+psycopg://u@h/n"


@pytest.mark.parametrize("url", ["mysql://u:secret@h/n", "postgresql+asyncpg://u:secret@h/n"])
def test_other_databases_and_drivers_are_refused(url):
    with pytest.raises(DatabaseUrlError, match=r"neither SQLite nor PostgreSQL") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_one_line_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseUrlError, match=r"extra `postgres` is not installed.*talepress\[postgres\]") as caught:
        Database("postgresql://u:secret@h/n")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_settings_of_a_connection_are_the_urls_where_it_has_them(postgres_database):
    database = Database(f"{postgres_database}&application_name=ours&connect_timeout=3")
    with database.engine.connect() as connection:
        assert connection.execute(text("SHOW application_name")).scalar_one() == "ours"
    database.close()


def test_writers_wait_for_their_turn_at_the_start_so_that_none_reads_what_is_about_to_change(database):
    """What SQLite's immediate transactions promise: two that look first and insert then would both insert."""
    order = []

    def second():
        with database.unit_of_work() as uow:
            order.append(("second sees", list(uow.takes.of(["k"]))))

    with database.unit_of_work() as uow:
        assert uow.takes.of(["k"]) == {}
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        uow.takes.add([make_take("k")])
        order.append("first commits")
        uow.commit()
    thread.join()
    assert order == ["first commits", ("second sees", ["k"])]


def test_a_snapshot_sees_one_moment_and_cannot_write(database):
    with database.snapshot() as reader:
        assert reader.takes.of(["k"]) == {}
        with database.unit_of_work() as writer:
            writer.takes.add([make_take("k")])
            writer.commit()
        assert reader.takes.of(["k"]) == {}
        with pytest.raises(DatabaseError, match="read-only"):
            reader.takes.add([make_take("l")])


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("could not extend file: No space left on device", DatabaseFullError),
        ("deadlock detected", DatabaseBusyError),
        ("canceling statement due to lock timeout", DatabaseBusyError),
    ],
)
def test_a_servers_words_are_understood(reason, kind):
    error = engines.clear_error(engines.parse_url("postgresql://h/n"), RuntimeError(f"{reason}\nHINT: none"))
    assert type(error) is kind
    assert "again" in str(error)
    assert "HINT" not in str(error)
