"""Every read of a run is tried again where a database server cuts the connection in it."""

from collections import Counter
from contextlib import contextmanager

import pytest

from flows.order.request import Request
from storage.database import Database
from storage.errors import DatabaseLostError
from storage.records import RunState

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


def test_a_book_is_made_although_every_read_is_cut_once(monkeypatch, book, tmp_path):
    """What reads without `Database.read` fails at the first cut."""
    from flows.book_to_audio import book_to_audio

    snapshot = Database.snapshot
    opened = Counter()

    @contextmanager
    def cut(self):
        opened["all"] += 1
        with snapshot(self) as uow:
            yield uow
            if opened["all"] % 2:
                raise DatabaseLostError("the server has cut the connection")

    monkeypatch.setattr(Database, "snapshot", cut)
    report = book_to_audio(Request(book=str(book), out=str(tmp_path / "out"), review="flagged"))
    assert (report.state, report.rendered) == (RunState.DONE, 10)
    assert opened["all"] > 20
