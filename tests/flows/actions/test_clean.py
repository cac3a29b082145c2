"""What takes room is counted kind by kind, and nothing goes but what is named and needed by nobody."""

import os
import time
from datetime import UTC, datetime

import pytest

from flows.actions import clean
from flows.actions.box import note_of, remove_note, save_note
from flows.services import open_services, read_settings
from storage.errors import BookBusyError
from storage.records import Master, RunState, Take, Verdict
from storage.schema import RunRow
from tasks.errors import BadInputError
from tests.flows.cli.test_plan import ordered

SIZES = {"asked": 10, "other": 20, "chapter": 40, "old": 80, "young": 160, "book": 320}
HOURS = {"old": 24.1, "young": 23.9, "other": 0.0, "chapter": 0.0, "asked": 100.0, "book": 100.0}


def take(key, address):
    return Take(f"{key}-0", key, 0, 1, address, 24_000, 1000, Verdict.OK)


@pytest.fixture
def library(voiced_home, book, tmp_path):
    """A book that asks for one take, with a master and its file; and files of each other kind."""
    order = ordered(book, tmp_path / "out")
    with open_services(read_settings()) as services:
        addresses = {
            name: services.store.put_bytes(name[0].encode() * size) for name, size in SIZES.items() if name != "book"
        }
        addresses["book"] = services.store.put_bytes(book.read_bytes())
        assert addresses["book"] == order.source
        for name, hours in HOURS.items():
            written_at = time.time() - hours * 3600
            os.utime(services.store.path(addresses[name]), (written_at, written_at))
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.books.assign_keys(order.source, order.keyed)
            uow.takes.add([take(order.keyed[0].key, addresses["asked"]), take("nobody", addresses["other"])])
            uow.masters.save("key", Master(0, "One", addresses["chapter"], 24_000, 1000, -19.0, -3.5, ()))
            uow.commit()
        for folder in ("models", "prefect", "work", "encoded"):
            (voiced_home / folder / "x").mkdir(parents=True)
            (voiced_home / folder / "x" / "file").write_bytes(b"12345")
        yield services, addresses, order


def present(library):
    services, addresses, _ = library
    return {name for name, address in addresses.items() if services.store.exists(address)}


def folders(library):
    home = library[0].settings.storage.folder
    return {name for name in ("models", "prefect", "work", "encoded") if (home / name).exists()}


def test_every_file_is_counted_once_and_by_what_it_goes(library):
    services, _, _ = library
    rooms = {room.what: (room.files, room.bytes, room.remove) for room in clean.rooms(services)}
    book_bytes = services.store.path(library[2].source).stat().st_size
    voice_files, voice_bytes, voice_word = rooms.pop("voices")
    assert (voice_files, voice_word) == (2, "") and voice_bytes > 0
    files, size, word = rooms.pop("the database and its backups")
    assert (files >= 1, size > 0, word) == (True, True, "")
    assert rooms == {
        "takes of books": (1, 10, ""),
        clean.REMOVABLE["takes"]: (1, 20, "takes"),
        clean.REMOVABLE["chapters"]: (1, 40, "chapters"),
        "book files, for read-alongs": (1, book_bytes, ""),
        "files that nothing refers to": (1, 80, "left"),
        "the same, of the last day: a run may have them in hand": (1, 160, ""),
        "models": (1, 5, ""),
        clean.REMOVABLE["runs"]: (1, 5, "runs"),
        "files in the making, of runs that were killed": (1, 5, "left"),
        "encoded audio that was not published, of runs that were stopped": (1, 5, "left"),
    }
    assert present(library) == set(SIZES)


@pytest.mark.parametrize(
    ("kinds", "gone", "gone_folders", "size"),
    [
        ([], set(), set(), 0),
        (["takes"], {"other"}, set(), 20),
        (["chapters"], {"chapter"}, set(), 40),
        (["runs"], set(), {"prefect"}, 5),
        (["left"], {"old"}, {"work", "encoded"}, 90),
        (list(clean.REMOVABLE), {"other", "chapter", "old"}, {"prefect", "work", "encoded"}, 155),
    ],
)
def test_only_what_is_named_goes_and_what_it_took_is_told(library, kinds, gone, gone_folders, size):
    services, _, _ = library
    assert sum(room.bytes for room in clean.going(services, kinds)) == size
    assert present(library) == set(SIZES), "looking removed something"
    assert clean.remove(services, kinds) == size
    assert set(SIZES) - present(library) == gone
    assert {"models", "prefect", "work", "encoded"} - folders(library) == gone_folders
    with services.database.snapshot() as uow:
        assert bool(uow.takes.of(["nobody"])) is ("other" not in gone)
        assert bool(uow.masters.audio()) is ("chapter" not in gone)
        assert list(uow.takes.of([library[2].keyed[0].key])) == [library[2].keyed[0].key]
    assert clean.going(services, kinds) == ()


def test_a_file_that_two_rows_name_stays_while_one_of_them_is_asked_for(library):
    services, addresses, _ = library
    with services.database.unit_of_work() as uow:
        uow.takes.add([take("nobody either", addresses["asked"])])
        uow.commit()
    clean.remove(services, ["takes"])
    assert "asked" in present(library)


@pytest.mark.parametrize("kind", ["takes", "chapters"])
def test_rows_go_before_their_files(library, monkeypatch, kind):
    """A file without a row is only room; a row without its file is a loss."""
    services, _, _ = library

    def fail(_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(services.store, "remove", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        clean.remove(services, [kind])
    assert present(library) == set(SIZES)
    with services.database.snapshot() as uow:
        assert ("nobody-0" in uow.takes.audio(), bool(uow.masters.audio())) == (kind != "takes", kind != "chapters")


def test_an_old_file_that_a_row_names_while_files_are_looked_through_stays(library, monkeypatch):
    """Equal audio has one file: a run that begins now may name one that nothing has referred to for long."""
    services, addresses, _ = library
    list_files = services.store.files

    def listed():
        yield from list_files()
        with services.database.unit_of_work() as uow:
            uow.takes.add([take("new", addresses["old"])])
            uow.commit()

    with services.database.snapshot() as uow:
        assert addresses["old"] not in uow.references.all()
    monkeypatch.setattr(clean, "going", lambda services, kinds: ())
    monkeypatch.setattr(services.store, "files", listed)
    clean.remove(services, ["left"])
    assert "old" in present(library)


def begin_run(library, process=None):
    services, _, order = library
    with services.database.unit_of_work() as uow:
        run = uow.runs.start(order.source, "book_to_audio", order.record)
        if process:
            uow._session.get(RunRow, run).process = process
        uow.commit()
    return run


@pytest.mark.parametrize("kind", clean.REMOVABLE)
def test_nothing_goes_while_a_run_is_alive(library, kind):
    services, _, _ = library
    run = begin_run(library)
    for call in (clean.going, clean.remove):
        with pytest.raises(BookBusyError, match="another process works on 'The Small Book'"):
            call(services, [kind])
    assert (present(library), len(folders(library))) == (set(SIZES), 4)
    with services.database.unit_of_work() as uow:
        uow.runs.finish(run, RunState.STOPPED)
        uow.commit()
    clean.require_quiet(services)
    begin_run(library)
    with pytest.raises(BookBusyError, match="another process works on"):
        clean.require_quiet(services)


def test_a_run_whose_process_is_gone_holds_nothing_up(library):
    process = note_of("", datetime.now(UTC), ()).process
    begin_run(library, " ".join([*process.split(" ")[:-1], "1"]))
    clean.require_quiet(library[0])


def test_what_is_no_kind_is_refused_before_anything_goes(library):
    services, _, _ = library
    with pytest.raises(BadInputError, match="--remove models: what can go is takes, chapters, runs, left"):
        clean.remove(services, ["left", "models"])
    assert present(library) == set(SIZES)


def test_what_prefect_remembers_stays_while_its_server_runs(library):
    services, _, _ = library
    home = services.settings.storage.folder
    save_note(home, note_of("http://127.0.0.1:1/api", datetime.now(UTC), ()))
    with pytest.raises(BadInputError, match="`talepress down` ends it first"):
        clean.remove(services, ["runs", "left"])
    assert len(folders(library)) == 4
    clean.remove(services, ["left"])
    assert folders(library) == {"models", "prefect"}
    remove_note(home)
    clean.remove(services, ["runs"])
    assert folders(library) == {"models"}


def test_without_a_library_none_is_made(home):
    with open_services(read_settings()) as services:
        assert [room for room in clean.rooms(services) if room.files] == []
        assert clean.remove(services, list(clean.REMOVABLE)) == 0
    assert not home.exists()
