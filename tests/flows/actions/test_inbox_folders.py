"""Where the inbox lies, what else may lie in it, and how it is told what a look has done."""

import pytest

from flows.actions import inbox
from flows.services import read_settings
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
