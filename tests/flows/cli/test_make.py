"""`talepress make` and `publish`: their options become the request of each book, and the run's exit code is theirs."""

import pytest

from flows.cli import make, publish
from flows.cli.progress import Form
from flows.cli.running import Command
from flows.order.request import Publication, Request


@pytest.fixture
def ran(monkeypatch, home):
    """What is run, in pretence: with one doubtful take."""
    calls = []

    def run(command, flow, request_for):
        calls.append((command, flow, request_for))
        return 1

    monkeypatch.setattr(make, "run_command", run)
    monkeypatch.setattr(publish, "run_command", run)
    monkeypatch.setattr(publish, "last_request_with", lambda options, kind: (options, kind))
    return calls


def test_a_book_becomes_an_audiobook_beside_us_where_nothing_else_is_said(ran, talepress, tmp_path):
    assert talepress("make", "a.epub").code == 1
    ((command, flow, request_for),) = ran
    assert flow == "book-to-audio"
    assert command == Command(["a.epub"], "", False, False, Form.AUTO, False, {"--plan": None})
    assert request_for("/b.epub") == Request(book="/b.epub", out=str(tmp_path / "audiobooks"))


def test_what_is_said_is_asked_of_every_book_and_a_plan_of_one_alone(ran, talepress, tmp_path):
    options = ["--out", "o", "--voice", "joe", "--chapters", "1-2", "--plan", "p.toml", "--force", "--overwrite"]
    others = ["--books", "list.txt", "--recursive", "--json", "--progress", "json"]
    assert talepress("--verbose", "make", "a", "b", *options, *others).code == 1
    ((command, _, request_for),) = ran
    plan = str(tmp_path / "p.toml")
    assert command == Command(["a", "b"], "list.txt", True, True, Form.JSON, True, {"--plan": plan})
    assert request_for("/b.epub") == Request(
        book="/b.epub", out=str(tmp_path / "o"), voice="joe", chapters="1-2", plan=plan, force=True, overwrite=True
    )


@pytest.mark.parametrize(
    ("given", "options"), [([], {}), (["--as", "mp3,opus", "--out", "/o"], {"kinds": "mp3,opus", "out": "/o"})]
)
def test_further_files_are_asked_for_as_the_last_run_asked_but_for_what_is_said(ran, talepress, given, options):
    assert talepress("--verbose", "publish", "a", *given, "--json").code == 1
    ((command, flow, request_for),) = ran
    assert (flow, request_for) == ("publish", (options, Publication))
    assert command == Command(["a"], "", False, True, Form.AUTO, True, {})
