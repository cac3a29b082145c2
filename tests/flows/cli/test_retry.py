"""`talepress retry` asks for what the last run was asked for."""

import io
from types import SimpleNamespace

import pytest

from flows.cli import retry
from flows.cli.progress import Form
from flows.cli.running import Command
from flows.order import outcome, retrial
from flows.order.existing import last_request
from flows.order.request import Retrial
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.errors import BadInputError
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


@pytest.fixture
def ran(home, monkeypatch):
    """What is run, in pretence: with the command, its flow, and what says that there is nothing to do."""
    calls = []
    monkeypatch.setattr(retry, "run_command", lambda *given: calls.append(given) or 1)
    monkeypatch.setattr(retry, "last_request_with", lambda options, kind: (options, kind))
    return calls


def test_what_is_said_to_retry_goes_over_what_the_last_run_was_asked_for(ran, talepress, tmp_path):
    assert talepress("retry", "a.epub").code == 1
    options = ["--out", "o", "--only", "1:2", "--reason", "short", "--hold"]
    others = ["--books", "list.txt", "--recursive", "--json", "--progress", "json"]
    assert talepress("--verbose", "retry", "a", "b", *options, *others).code == 1
    assert [given[:3] for given in ran] == [
        (
            Command(["a.epub"], "", False, False, Form.AUTO, False, {"--only": None}),
            "retry-failed",
            ({"hold": False}, Retrial),
        ),
        (
            Command(["a", "b"], "list.txt", True, True, Form.JSON, True, {"--only": "1:2"}),
            "retry-failed",
            ({"out": str(tmp_path / "o"), "only": "1:2", "reason": "short", "hold": True}, Retrial),
        ),
    ]


@pytest.mark.parametrize(
    ("options", "again", "done"),
    [
        ([], [], True),
        (["--reason", "short"], [], True),
        ([], ["an utterance"], False),
        (["--only", "1:2"], ["an utterance"], False),
        (["--reason", "rejected"], [], False),  # the run notes that people's words are heeded
        (["--reason", "short,rejected"], [], False),
    ],
)
def test_a_book_is_done_where_nothing_is_to_be_spoken_again(ran, talepress, monkeypatch, options, again, done):
    asked = []
    monkeypatch.setattr(outcome, "finished_report", lambda *given: asked.append(given) or "the report")
    monkeypatch.setattr(retrial, "chosen_again", lambda order: asked.append(order) or tuple(again))
    talepress("retry", "a.epub", *options)
    ((*_, finished),) = ran
    assert finished("order", 7.0) == ("the report" if done else None)
    assert asked == [("order", 7.0), "order"]


def test_what_cannot_be_spoken_again_is_refused_before_anything_is_begun(ran, talepress, monkeypatch):
    def refuse(order):
        raise BadInputError("the last run had no such utterance")

    monkeypatch.setattr(outcome, "finished_report", lambda *_: "the report")
    monkeypatch.setattr(retrial, "chosen_again", refuse)
    talepress("retry", "a.epub", "--only", "99:1")
    ((*_, finished),) = ran
    with pytest.raises(BadInputError, match="no such utterance"):
        finished("order", 7.0)
