"""Where the inbox lies, what else may lie in it, and how it is told what a look has done."""

from pathlib import Path

import pytest

from flows.actions import inbox
from flows.services import read_settings
from storage.dropped import InboxState
from storage.records import RunState
from tasks.errors import OutputError, TransientError
from tasks.inbox.folders import InboxFolders
from tests.flows.actions.dropping import drop, items, scan


@pytest.mark.parametrize("field", ["folder", "outbox"])
def test_either_folder_may_be_elsewhere(home, monkeypatch, tmp_path, field):
    monkeypatch.setenv(f"TALEPRESS_INBOX__{field.upper()}", "elsewhere")  # of where the command runs
    made = inbox.folders_of(read_settings())
    places = {"folder": home / "inbox", "outbox": home / "outbox", field: tmp_path / "elsewhere"}
    assert (made.inbox, made.outbox) == (places["folder"], places["outbox"])


def test_what_a_look_did_is_one_sentence():
    done = inbox.Scan(begun=["a"], delivered=["b", "c"], failed=["d"], known=["e"], waiting=2)
    assert done.sentence() == "begun: a; delivered: b, c; failed: d; known: e; in work: 2"


def test_a_program_learns_of_an_item_what_people_do(services, runner, folders):
    drop(folders)
    scan(services, runner)
    told = inbox.item_json(items(services)["book.md"])
    assert told.keys() == {"name", "state", "attempt", "received_at", "message", "place"}
    assert (told["name"], told["state"], told["attempt"], told["place"]) == ("book.md", "running", 1, "")


def test_ten_thousand_other_files_are_in_nobodys_way(services, runner, folders):
    for number in range(10_000):
        (folders.inbox / f"{number}.part").touch()
    drop(folders)
    assert scan(services, runner).begun == ["book.md"]
    assert len(list(folders.inbox.glob("*.part"))) == 10_000


def test_an_order_is_the_same_in_whatever_order_its_lines_stand(services, runner, folders):
    drop(folders, "one.md", order='voice = "tone"\nchapters = "1"\n')
    drop(folders, "two.md", order='chapters = "1"\nvoice = "tone"\n')
    done = scan(services, runner)
    assert (len(done.begun), len(done.known), len(runner.begun)) == (1, 1, 1)


@pytest.mark.parametrize(("size", "taken"), [(200, True), (201, False)])
def test_a_name_may_have_two_hundred_bytes_and_no_more(services, runner, folders, size, taken):
    name = "ä" * 50 + "x" * (size - 103) + ".md"
    drop(folders, name)
    done = scan(services, runner)
    assert (len(done.begun), len(done.failed)) == ((1, 0) if taken else (0, 1))
    reasons = [reason.read_text() for reason in folders.failed.rglob("reason.txt")]
    assert taken or "is longer than 200 bytes" in reasons[0]


@pytest.mark.parametrize(
    ("error", "state"),
    [(TransientError("Prefect is silent"), InboxState.FAILED), (OSError(5, "Input/output error"), InboxState.RECEIVED)],
    ids=["of the book", "of the disk"],
)
def test_a_run_that_cannot_be_begun_holds_up_no_other_book(services, runner, folders, error, state):
    begin = runner.begin

    def begin_unless_first(request, name):
        if Path(request.book).name == "a.md":
            raise error
        return begin(request, name)

    runner.begin = begin_unless_first
    for name in ("a.md", "b.md"):
        drop(folders, name, title=name)
    done = scan(services, runner)
    assert (done.begun, items(services)["a.md"].state) == (["b.md"], state)
    assert done.failed == (["a.md"] if state is InboxState.FAILED else [])
    runner.begin = begin
    runner.end(next(iter(runner.begun)))
    assert scan(services, runner).begun == (["a.md"] if state is InboxState.RECEIVED else [])


def delivered(services, runner, folders):
    """A book that was made and delivered, into whose folder a later run has published."""
    drop(folders)
    scan(services, runner)
    ((name, request),) = runner.begun.items()
    runner.end(name)
    assert scan(services, runner).delivered == ["book.md"]
    Path(request.out).mkdir(parents=True)
    (Path(request.out) / "Title.m4b").write_text("better")
    return request


@pytest.mark.parametrize("state", RunState)
def test_what_a_later_run_publishes_is_delivered_once_that_has_ended_well(services, runner, folders, state):
    request = delivered(services, runner, folders)
    with services.database.unit_of_work() as uow:
        run = uow.runs.start(items(services)["book.md"].source_sha256, "retry_failed", request.model_dump())
        if state is not RunState.RUNNING:
            uow.runs.finish(run, state)
        uow.commit()
    published = state in (RunState.DONE, RunState.FLAGGED)
    assert scan(services, runner).delivered == (["book.md"] if published else [])
    assert (folders.outbox / "Ann Author" / "The Book" / "Title.m4b").read_text() == (
        "better" if published else "audio"
    )


@pytest.mark.parametrize("error", [OutputError("no room"), OSError(5, "Input/output error")], ids=repr)
def test_what_cannot_be_delivered_again_waits_for_the_next_look(services, runner, folders, monkeypatch, error):
    def fail(*_):
        raise error

    delivered(services, runner, folders)
    with monkeypatch.context() as broken:
        broken.setattr(InboxFolders, "deliver", fail)
        assert scan(services, runner).delivered == []
    assert scan(services, runner).delivered == ["book.md"]
