"""`talepress retry` asks for what the last run was asked for."""

import io
from types import SimpleNamespace

import pytest

from flows.order.existing import last_request
from flows.order.request import Retrial
from flows.services import open_services, read_settings
from storage.records import RunState
from tests.flows.cli.test_plan import ordered


@pytest.fixture
def last_run(voiced_home, book, tmp_path):
    """Records a run of the book with this request as its row has it; returns what `retry` then asks for."""

    def record(row, **asked):
        order = ordered(book, tmp_path / "out")
        with order.services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.runs.finish(uow.runs.start(order.source, "book_to_audio", row), RunState.DONE)
            uow.commit()
        with open_services(read_settings()) as services:
            return last_request(services, {"book": str(book), **asked}, Retrial)

    return record


def test_values_keep_their_kind(last_run, book):
    row = {"book": "/elsewhere/book.md", "out": "/out", "voice": "tone", "preset": "fast", "force": False}
    assert last_run(row) == Retrial(book=str(book), out="/out", voice="tone", preset="fast", review="none")
    assert last_run({**row, "force": True}).force is True
    assert last_run({**row, "overwrite": True}).overwrite is False  # that was said of the run before


def test_a_row_from_before_there_was_a_model_is_understood(last_run, book):
    names = ("voice", "preset", "chapters", "plan", "cast", "lexicon", "locale")
    row = {"book": str(book), "out": "/out", **dict.fromkeys(names), "force": False}
    assert last_run(row, out="/other") == Retrial(book=str(book), out="/other", review="none")

    # What an earlier retry asked for once is not asked for again.
    assert last_run({**row, "only": "1:2", "reason": "silence"}, only="3:1") == Retrial(
        book=str(book), out="/out", only="3:1", review="none"
    )
    assert last_run({**row, "only": "1:2"}).only == ""


def test_a_book_on_standard_input_is_known_by_its_content(last_run, talepress, book, monkeypatch):
    last_run({"book": "/elsewhere/book.md", "out": "/out", "voice": "tone"})
    piped = SimpleNamespace(buffer=io.BytesIO(book.read_bytes()), isatty=lambda: False)
    monkeypatch.setattr("sys.stdin", piped)
    refused = talepress("retry", "-", "--only", "99:1")
    assert (refused.code, "the last run had no such utterance" in refused.err) == (2, True), refused.err
    piped.buffer = io.BytesIO(b"# Another\n\nIt was never made.\n")
    refused = talepress("retry", "-")
    assert (refused.code, "was never made" in refused.err) == (2, True), refused.err
