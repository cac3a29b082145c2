"""`talepress book` and `talepress clean`: nothing goes but what is named, and what a book still needs never does."""

import io
import os
import time
from datetime import UTC, datetime

import pytest

from flows.actions import clean
from flows.actions.box import note_of, remove_note, save_note
from flows.actions.clean import Room
from flows.services import open_services, read_settings
from storage.records import Master, PlacedUtterance, RunState, Take, Verdict
from tests.flows.cli.test_plan import ordered


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self):
        return True


def take(key, address, attempt=0):
    return Take(f"{key}-{attempt}", key, attempt, 1, address, 24_000, 1000, Verdict.OK)


@pytest.fixture
def library(voiced_home, book, tmp_path):
    """A book that asks for one take; a take that nobody asks for, and files that nobody knows."""
    order = ordered(book, tmp_path / "out")
    with open_services(read_settings()) as services:
        names = ("asked", "other", "old", "young")
        addresses = {name: services.store.put_bytes(name.encode() * 1000) for name in names}
        for name, hours in (("old", 25), ("young", 23)):
            written_at = time.time() - hours * 3600
            os.utime(services.store.path(addresses[name]), (written_at, written_at))
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.books.assign_keys(order.source, order.keyed)
            uow.takes.add([take(order.keyed[0].key, addresses["asked"]), take("nobody", addresses["other"])])
            uow.commit()
        (voiced_home / "work" / "x").mkdir(parents=True)
        (voiced_home / "encoded" / "x").mkdir(parents=True)
        (voiced_home / "encoded" / "x" / "key").write_bytes(b"left")
        (voiced_home / "work" / "x" / "00001.flac").write_bytes(b"left")
        yield services, addresses, order


def present(library):
    services, addresses, _ = library
    return {name for name, address in addresses.items() if services.store.exists(address)}


def test_what_takes_room_is_counted_and_stays(library, talepress):
    rooms = {row["what"].split(":")[0]: row for row in talepress("clean", "--json").json["rooms"]}
    assert (rooms["takes of books"]["bytes"], rooms["takes of books"]["remove"]) == (5000, "")
    assert (rooms["takes that no book asks for now"]["bytes"], rooms["takes that no book asks for now"]["files"]) == (
        5000,
        1,
    )
    assert rooms["files that nothing refers to"]["files"] == 1
    young = rooms["the same, of the last day"]
    assert (young["files"], young["remove"]) == (1, "")
    assert rooms["voices"]["files"] == 2  # latents and a clip
    assert "--remove takes" in talepress("clean").out
    assert present(library) == {"asked", "other", "old", "young"}


def test_only_what_is_named_goes(library, talepress, voiced_home):
    assert talepress("clean", "--remove", "left", "--yes").code == 0
    assert present(library) == {"asked", "other", "young"}
    assert not (voiced_home / "work").exists()
    assert not (voiced_home / "encoded").exists()
    ended = talepress("clean", "--remove", "takes", "--yes")
    assert (ended.code, ended.err) == (0, "removed 0.0 MiB\n")
    assert present(library) == {"asked", "young"}
    with library[0].database.snapshot() as uow:
        assert uow.takes.of(["nobody"]) == {}
    assert talepress("voice", "list").code == 0


def test_finished_chapters_go_by_their_name_and_stay_otherwise(library, talepress):
    services, addresses, order = library
    with services.database.unit_of_work() as uow:
        cue = uow.books.keyed(order.source, (0,))[0]
        placed = PlacedUtterance(cue.utterance, "asked-0", 0, 24_000)
        uow.masters.save("key", Master(0, "One", addresses["old"], 24_000, 24_000, -19.0, -3.5, (placed,)))
        uow.commit()
    assert talepress("clean", "--remove", "left", "--yes").code == 0
    assert "old" in present(library)
    assert talepress("clean", "--remove", "chapters", "--yes").code == 0
    assert present(library) == {"asked", "other", "young"}
    with services.database.snapshot() as uow:
        assert uow.masters.audio() == {}


def test_nothing_goes_while_a_run_is_alive(library, talepress):
    services, _, order = library
    with services.database.unit_of_work() as uow:
        run = uow.runs.start(order.source, "book_to_audio", order.record)
        uow.commit()
    for command in (["clean", "--remove", "left"], ["book", "remove", order.source, "--yes"]):
        ended = talepress(*command)
        assert (ended.code, len(ended.err.splitlines())) == (2, 1)
        assert "another process works on" in ended.err
    with services.database.unit_of_work() as uow:
        uow.runs.finish(run, RunState.FAILED)
        uow.commit()
    assert present(library) == {"asked", "other", "old", "young"}
    assert talepress("book", "remove", order.source, "--yes").code == 0


@pytest.mark.parametrize("command", [["clean", "--remove", "takes"], ["book", "remove"]])
@pytest.mark.parametrize("answer", ["", "n", "y"])
def test_nothing_goes_without_a_word(library, talepress, monkeypatch, command, answer):
    arguments = [*command, *([library[2].source] if command[0] == "book" else [])]
    if answer:
        monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ended = talepress(*arguments)
    assert ended.code == (0 if answer == "y" else 2)
    assert ("[y/N]" in ended.err) is bool(answer)
    assert "[y/N]" not in ended.out
    with library[0].database.snapshot() as uow:
        gone = not uow.books.exists(library[2].source) or "other" not in present(library)
    assert gone is (answer == "y")


@pytest.mark.parametrize("somebody", ["at the keyboard", "at the screen"])
def test_nobody_is_asked_who_cannot_both_read_and_answer(library, talepress, monkeypatch, somebody):
    keyboard = Terminal("y\n") if somebody == "at the keyboard" else io.StringIO("y\n")
    monkeypatch.setattr("sys.stdin", keyboard)
    monkeypatch.setattr("sys.stderr.isatty", lambda: somebody == "at the screen")
    ended = talepress("clean", "--remove", "takes")
    assert ended.code == 2
    assert "say --yes where nobody can be asked" in ended.err
    assert "other" in present(library)


def test_what_prefect_remembers_stays_while_its_server_runs(voiced_home, talepress):
    (voiced_home / "prefect").mkdir()
    (voiced_home / "prefect" / "prefect.db").write_bytes(b"runs")
    save_note(voiced_home, note_of("http://127.0.0.1:1/api", datetime.now(UTC), ()))
    ended = talepress("clean", "--remove", "runs", "--yes")
    assert (ended.code, "`talepress down` ends it" in ended.err) == (2, True)
    assert (voiced_home / "prefect" / "prefect.db").exists()
    remove_note(voiced_home)
    assert talepress("clean", "--remove", "runs", "--yes").code == 0
    assert not (voiced_home / "prefect").exists()


@pytest.mark.parametrize("by", ["file", "id"])
def test_a_book_is_forgotten_and_its_takes_can_go(library, talepress, book, by):
    (row,) = talepress("book", "list", "--json").json["books"]
    assert row["title"] == "The Small Book"
    ended = talepress("book", "remove", book if by == "file" else row["id"][:8], "--yes")
    assert (ended.code, ended.out) == (0, "")
    assert talepress("book", "list", "--json").json == {"books": []}
    assert talepress("status", book).code == 2
    assert present(library) == {"asked", "other", "old", "young"}
    assert talepress("clean", "--remove", "takes", "--yes").code == 0
    assert present(library) == {"old", "young"}


def test_without_a_library_there_is_nothing(home, talepress):
    assert talepress("book", "list", "--json").json == {"books": []}
    assert talepress("clean", "--json").json["bytes"] == 0
    assert not home.exists()


def test_room_is_told_in_mebibytes_with_its_sum_and_what_goes_before_it_does(home, talepress, monkeypatch):
    takes = Room("takes", 2, 3 << 20, "takes")
    monkeypatch.setattr(clean, "rooms", lambda services: (takes, Room("models", 1, 1 << 19)))
    monkeypatch.setattr(clean, "going", lambda services, kinds: (takes,))
    monkeypatch.setattr(clean, "remove", lambda services, kinds: 3 << 20)
    monkeypatch.setenv("COLUMNS", "120")
    shown = talepress("clean")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.out.splitlines() if "│" in line]
    assert (cells, shown.err) == (
        [["takes", "2", "3.0", "--remove takes"], ["models", "1", "0.5", ""], ["all of it", "", "3.5", ""]],
        "",
    )
    assert "this would remove takes (2 files, 3.0 MiB): say --yes" in talepress("clean", "--remove", "takes").err
    removed = talepress("clean", "--remove", "takes", "--yes", "--json")
    assert removed.err == "removed 3.0 MiB\n"
    assert (removed.json["bytes"], removed.json["removed_bytes"]) == ((3 << 20) + (1 << 19), 3 << 20)
    assert talepress("clean", "--json").json["removed_bytes"] == 0
