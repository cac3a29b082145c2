"""A book whose database is on PostgreSQL and whose audio is in S3: made, with connections cut, and found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.order.request import Request
from flows.progress import listening
from flows.services import open_services, read_settings
from storage.records import RunState
from tests.flows.samples import add_voice
from tests.storage.servers import postgres_cluster, s3_server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server", "home"), pytest.mark.timeout(900)]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Sets storage to servers of the test's own. Returns the cluster."""
    with postgres_cluster() as cluster, s3_server() as s3:
        monkeypatch.setenv("TALEPRESS_STORAGE__DATABASE_URL", cluster.url(cluster.create()))
        monkeypatch.setenv("TALEPRESS_STORAGE__ARTIFACTS_URL", f"{s3.bucket()}/library")
        yield cluster


def test_a_book_is_made_while_connections_are_cut_and_a_second_run_renders_nothing(cluster, book, tmp_path, home):
    from flows.book_to_audio import book_to_audio

    add_voice(home)
    cuts = []
    with listening(lambda progress: cuts.append(cluster.cut())):
        report = book_to_audio(Request(book=str(book), out=str(tmp_path / "out")))
    assert (report.state, report.rendered, report.flagged) == (RunState.DONE, 10, ())
    assert sum(cuts) > 0
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        takes = uow.takes.audio()
        assert len(takes) == 10
        assert all(services.store.is_whole(address) for address in takes.values())
    Path(report.edition.files[0].path).unlink()
    again = book_to_audio(Request(book=str(book), out=str(tmp_path / "out")))
    assert (again.state, again.rendered) == (RunState.DONE, 0)
    assert not list(home.glob("talepress.db*"))
    assert not (home / "artifacts").exists()
