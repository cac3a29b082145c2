"""What a disk does to a library: a book is made, its files are damaged or taken away, and the book is made again."""

import json
import shutil
from pathlib import Path

import pytest

from flows.actions.maintain import rebuild
from flows.order.request import Request
from flows.progress import listening
from flows.services import open_services, read_settings
from storage.backups import backups
from storage.database import restore_database
from storage.errors import DatabaseError, StoreUnavailableError
from tests.flows.samples import add_voice

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]

UTTERANCES = 10


@pytest.fixture
def make(book, tmp_path):
    from flows.book_to_audio import book_to_audio

    return lambda out="out": book_to_audio(Request(book=str(book), out=str(tmp_path / out)))


@pytest.fixture
def made(make):
    return make()


def takes_of(report):
    """The key of every utterance's take and its audio, from the edition's manifest."""
    manifest = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))
    rows = [row for chapter in manifest["chapters"] for row in chapter["utterances"]]
    return [(row["take"], row["audio_sha256"]) for row in rows]


def master_addresses():
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        return sorted(uow.masters.audio().values())


def file_of(address):
    with open_services(read_settings()) as services:
        return services.store.path(address)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def truncate(path):
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.chmod(0o644)
    path.write_bytes(b"")


DAMAGES = (flip, truncate, Path.unlink, empty)


def test_damaged_masters_are_made_again_from_their_takes(make, made):
    before = master_addresses()
    for damage, address in zip(DAMAGES, before, strict=False):  # three chapters
        damage(file_of(address))
    again = make("elsewhere")
    assert again.rendered == 0
    assert again.edition.files[0].sha256 == made.edition.files[0].sha256
    assert master_addresses() == before
    with open_services(read_settings()) as services:
        assert all(map(services.store.is_whole, before))


def test_damaged_takes_are_spoken_again_with_their_seeds(make, made, monkeypatch):
    takes = takes_of(made)
    for damage, (_, address) in zip(DAMAGES, takes[2:6], strict=True):
        damage(file_of(address))
    monkeypatch.setenv("TALEPRESS_MASTER__TARGET_LUFS", "-21")  # masters of their own: the takes are read again
    again = make("elsewhere")
    assert (again.rendered, again.flagged) == (len(DAMAGES), ())
    assert takes_of(again) == takes


def test_a_store_that_is_away_for_a_moment_loses_nothing(make, made, voiced_home):
    store = voiced_home / "artifacts"
    store.rename(voiced_home / "aside")
    store.mkdir()
    with pytest.raises(StoreUnavailableError, match="is its disk mounted"):
        make("elsewhere")
    assert list(store.iterdir()) == []
    store.rmdir()
    (voiced_home / "aside").rename(store)
    again = make("elsewhere")
    assert (again.rendered, takes_of(again)) == (0, takes_of(made))


def test_a_finished_run_leaves_a_backup_from_which_its_rows_come_back(make, made, voiced_home):
    (copy,) = backups(voiced_home / "talepress.db")
    for file in voiced_home.glob("talepress.db*"):
        if file != copy:
            file.unlink()
    with pytest.raises(DatabaseError, match=r"`talepress maintain restore`.*talepress\.db\.1"):
        make("elsewhere")
    restore_database(read_settings().storage.database)
    again = make("elsewhere")
    assert (again.rendered, takes_of(again)) == (0, takes_of(made))


def test_a_book_is_made_of_rebuilt_rows_and_nothing_is_spoken(make, made, voiced_home):
    for file in voiced_home.glob("talepress.db*"):
        file.unlink()
    with open_services(read_settings()) as services:
        assert rebuild(services).takes == UTTERANCES
    add_voice(voiced_home)
    again = make("elsewhere")
    assert (again.rendered, takes_of(again)) == (0, takes_of(made))
    assert again.edition.files[0].sha256 == made.edition.files[0].sha256


def test_a_database_that_is_deleted_under_a_run_is_missed(make, voiced_home):
    """The run's own connection still sees it: without a look at the disk, all would seem well."""

    def delete(progress):
        if progress.stage == "package":
            for file in voiced_home.glob("talepress.db*"):
                file.unlink()

    missed = pytest.raises(DatabaseError, match=r"there is no library in it.*`talepress maintain restore`")
    with missed, listening(delete):
        make()
    restore_database(read_settings().storage.database)
    assert make("elsewhere").rendered == 0


def test_takes_whose_files_come_back_are_used_again(make, made, voiced_home, monkeypatch):
    takes = takes_of(made)
    files = [file_of(address) for _, address in takes[:5]]
    aside = voiced_home / "aside"
    aside.mkdir()
    for file in files:
        shutil.move(file, aside / file.name)
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        uow.takes.mark_lost([key for key, _ in takes[:5]])  # what a run does that then fails, before it has spoken
        uow.commit()
    for file in files:
        shutil.move(aside / file.name, file)
    monkeypatch.setenv("TALEPRESS_MASTER__TARGET_LUFS", "-21")
    again = make("elsewhere")
    assert (again.rendered, takes_of(again)) == (0, takes)
