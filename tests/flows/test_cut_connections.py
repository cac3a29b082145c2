"""Every read and every write of a run is tried again where a database server cuts the connection in it."""

from collections import Counter
from contextlib import contextmanager

import pytest

from flows.order.request import Request
from storage.database import Database
from storage.errors import DatabaseLostError
from storage.records import RunState
from storage.repository import UnitOfWork

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]

CUT = DatabaseLostError("the server has cut the connection")


def make(book, out):
    from flows.book_to_audio import book_to_audio

    return book_to_audio(Request(book=str(book), out=str(out), review="flagged"))


def test_a_book_is_made_although_every_read_is_cut_once(monkeypatch, book, tmp_path):
    """What reads without `Database.read` fails at the first cut."""
    snapshot = Database.snapshot
    opened = Counter()

    @contextmanager
    def cut(self):
        opened["all"] += 1
        with snapshot(self) as uow:
            yield uow
            if opened["all"] % 2:
                raise CUT

    monkeypatch.setattr(Database, "snapshot", cut)
    report = make(book, tmp_path / "out")
    assert (report.state, report.rendered) == (RunState.DONE, 10)
    assert opened["all"] > 20


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_book_is_made_although_every_commit_is_cut_once(monkeypatch, book, tmp_path, is_kept):
    """What writes without `Database.transact` fails at the first cut, and so does what cannot bear being done twice."""
    commit = UnitOfWork.commit
    commits = Counter()

    def cut(self):
        commits["all"] += 1
        is_cut = commits["all"] % 2
        if is_kept or not is_cut:
            commit(self)
        if is_cut:
            raise CUT

    monkeypatch.setattr(UnitOfWork, "commit", cut)
    report = make(book, tmp_path / "out")
    assert (report.state, report.rendered) == (RunState.DONE, 10)
    assert commits["all"] > 10
