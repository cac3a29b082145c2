"""The review page of a book is written where one asks, or beside the edition that there is."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.actions import report

EDITION = object()


@pytest.mark.parametrize("out", [None, Path("/page.html")])
@pytest.mark.parametrize("edition", [None, EDITION])
def test_the_page_of_the_last_edition_is_written_where_it_is_asked_for(monkeypatch, out, edition):
    written = []
    monkeypatch.setattr(report, "prepare", lambda services, request: (services, request))
    monkeypatch.setattr(report, "find_finished", lambda order: edition and SimpleNamespace(edition=edition))
    monkeypatch.setattr(report, "page_path", lambda order, edition: Path("/beside" if edition else "/out"))
    monkeypatch.setattr(report, "write_page", lambda *asked: written.append(asked))
    path = report.report_book("services", "request", out)
    assert path == (out or Path("/beside" if edition else "/out"))
    assert written == [(("services", "request"), edition, path)]
