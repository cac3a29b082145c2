"""`talepress inbox`: what a look prints, and how a book is made where there is nobody else who could."""

import subprocess
from types import SimpleNamespace

import pytest

from flows.actions.inbox import Progress, Scan, Standing
from flows.cli import inbox as _inbox
from flows.cli.inbox import MadeHere
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.dropped import InboxItem
from tests.storage.repository.test_decisions import NOW

REQUEST = Request(
    book="/in/book.epub", out="/in/out", voice="joe", chapters="1-2", force=True, plan="/in/plan.toml", review="all"
)


@pytest.fixture
def made(monkeypatch):
    """Runs `make` in pretence. Returns the commands, and what it ends with."""
    commands = []
    end = SimpleNamespace(returncode=0, stderr="")

    def run(command, **options):
        commands.append(command)
        assert options["stderr"] == subprocess.PIPE and options["check"] is False
        return end

    monkeypatch.setattr(_inbox.subprocess, "run", run)
    return commands, end


def test_a_book_is_made_by_the_command_with_all_that_its_order_says(made):
    commands, _ = made
    runner = MadeHere()
    assert runner.begin(REQUEST, "inbox-1") == "inbox-1"
    ((*program, make, book, _, _, _, _, _, _),) = commands
    assert (program[1:], make, book) == (["-P", "-m", "flows.cli.entry"], "make", REQUEST.book)
    assert sorted(commands[0][6:]) == [
        "--chapters=1-2",
        "--force",
        "--out=/in/out",
        "--plan=/in/plan.toml",
        "--review=all",
        "--voice=joe",
    ]


@pytest.mark.parametrize(
    ("code", "stderr", "message"),
    [
        (0, "talepress: something\n", ""),
        (1, "2 doubtful takes\n", ""),
        (2, "speaking ...\ntalepress: no such voice\n\n", "no such voice"),
        (3, "", "exit code 3"),
        (130, "stopped\n", "stopped"),
    ],
)
def test_a_run_stands_as_its_command_ended(made, code, stderr, message):
    _, end = made
    end.returncode = code
    end.stderr = stderr
    runner = MadeHere()
    runner.begin(REQUEST, "inbox-1")
    assert runner.stands("inbox-1") == Standing(Progress.ENDED, message)
    assert runner.stands("inbox-2") == Standing(Progress.LOST)


@pytest.mark.parametrize("here", [True, False])
def test_a_look_prints_what_it_did_and_why_files_still_lie_there(home, talepress, monkeypatch, here):
    runners = []
    served = []

    def scan(services, runner):
        runners.append(type(runner).__name__)
        return Scan(begun=["a.epub"], arriving=["b.epub"], waiting=1)

    monkeypatch.setattr("flows.actions.inbox.scan", scan)
    monkeypatch.setattr("flows.cli.launch.use_server", served.append)
    arguments = ["inbox", "scan", *(["--here"] if here else [])]
    ended = talepress(*arguments)
    assert ended.err.splitlines()[0] == "begun: a.epub; in work: 1"
    assert "still arriving: b.epub" in ended.err.splitlines()[1]
    assert talepress(*arguments, "--json").json["begun"] == ["a.epub"]
    assert (set(runners), len(served)) == (({"MadeHere"}, 0) if here else ({"DeployedRuns"}, 2))


def test_what_came_is_listed_the_latest_first(voiced_home, talepress):
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        for number in range(51):
            received = NOW.replace(minute=number)
            uow.inbox.put(InboxItem(f"{number:064d}", "b" * 64, f"{number}.epub", {}, received, message=f"m{number}"))
        uow.commit()
    listed = talepress("inbox", "list", "--json", "-n", 2).json
    assert [item["name"] for item in listed["items"]] == ["50.epub", "49.epub"]
    assert (listed["inbox"], listed["outbox"]) == (str(voiced_home / "inbox"), str(voiced_home / "outbox"))
    assert listed["items"][0] == {
        "name": "50.epub",
        "state": "received",
        "attempt": 1,
        "received_at": "2026-11-29T08:50:00+00:00",
        "message": "m50",
        "place": "",
    }
    table = talepress("inbox", "list").out
    assert table.index("50.epub") < table.index("49.epub") and "m1 " in table and "m0" not in table, "fifty are shown"


def test_a_book_that_failed_is_put_back(home, talepress):
    with open_services(read_settings()) as services:
        from flows.actions.inbox import folders_of

        folders = folders_of(services.settings)
    folders.make()
    failed = folders.failed / "book.epub"
    failed.mkdir()
    (failed / "book.epub").write_bytes(b"x")
    (failed / "reason.txt").write_text("no")
    assert talepress("inbox", "retry", "book.epub").err == f"book.epub lies in {folders.inbox} again\n"
    assert (folders.inbox / "book.epub").read_bytes() == b"x"
    assert talepress("inbox", "retry", "none.epub").code == 2
