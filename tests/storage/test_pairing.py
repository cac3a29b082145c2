"""A database and its artifact store know each other: a disk that is away is not a disk on which everything is lost."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from storage.artifacts import MARKER, ArtifactStore
from storage.errors import StoreUnavailableError
from storage.pairing import adopt_store, open_store
from tests.storage.builders import make_take

REPOSITORY = Path(__file__).parents[2]
DATA = b"the audio of a take"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def address(database, folder) -> str:
    """A take in a paired store."""
    address = open_store(database, str(folder)).put_bytes(DATA)
    add_take(database, address)
    return address


def add_take(database, address):
    with database.unit_of_work() as uow:
        uow.takes.add([replace(make_take("k"), audio_sha256=address)])
        uow.commit()


def everything_under(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("place", ["{}", "memory://{}", "s3"])
def test_the_first_store_that_a_database_meets_is_its_own(database, folder, place, request):
    url = request.getfixturevalue("s3").bucket() if place == "s3" else place.format(folder)
    first = open_store(database, url)
    assert len(first.identity()) == 32
    assert open_store(database, url).identity() == first.identity()


@pytest.mark.parametrize("there", [False, True], ids=["no folder", "an empty mount point"])
def test_a_store_that_is_not_there_is_not_made_anew(database, folder, address, there):
    folder.rename(folder.with_name("aside"))
    if there:
        folder.mkdir()
    before = everything_under(folder.parent)
    with pytest.raises(StoreUnavailableError, match="is not there; is its disk mounted"):
        open_store(database, str(folder))
    assert everything_under(folder.parent) == before
    if there:
        folder.rmdir()
    folder.with_name("aside").rename(folder)
    assert open_store(database, str(folder)).read(address) == DATA


def test_the_store_of_another_library_is_refused(database, folder, address):
    ArtifactStore(folder.with_name("other")).mark("0" * 32)
    with pytest.raises(StoreUnavailableError, match="another library"):
        open_store(database, str(folder.with_name("other")))


def test_a_store_that_goes_away_while_it_is_open_loses_nothing_and_takes_nothing_in(database, folder, address):
    store = open_store(database, str(folder))
    folder.rename(folder.with_name("aside"))
    for use in (store.exists, store.is_whole, store.read, store.path):
        with pytest.raises(StoreUnavailableError, match="mounted"):
            use(address)
    with pytest.raises(StoreUnavailableError, match="mounted"):
        store.put_bytes(b"more")
    with pytest.raises(StoreUnavailableError, match="mounted"):
        pickle.loads(pickle.dumps(store))
    assert not folder.exists()


def test_what_cannot_be_read_is_not_absent(database, folder, address, monkeypatch):
    store = open_store(database, str(folder))
    (folder / address[:2]).rename(folder / "aside")
    assert not store.exists(address), "a healthy store says so"
    (folder / address[:2]).write_text("where the folder was")
    with pytest.raises(StoreUnavailableError, match="Not a directory"):
        store.exists(address)
    with pytest.raises(StoreUnavailableError, match="Not a directory"):
        store.is_whole(address)

    def forbid(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store._fs, "info", forbid)
    with pytest.raises(StoreUnavailableError, match="Permission denied"):
        store.exists(address)


def test_a_store_of_before_there_were_identities_is_adopted_where_it_has_the_audio(database, folder):
    add_take(database, ArtifactStore(folder).put_bytes(DATA))
    assert not (folder / MARKER).exists()
    assert open_store(database, str(folder)).identity() == (folder / MARKER).read_text().strip()


def test_a_store_of_before_is_adopted_though_some_of_its_audio_is_lost(database, folder):
    with database.unit_of_work() as uow:
        found = replace(make_take("k"), audio_sha256=ArtifactStore(folder).put_bytes(DATA))
        uow.takes.add([found, replace(make_take("l"), audio_sha256="0" * 64)])
        uow.commit()
    assert open_store(database, str(folder)).identity() == (folder / MARKER).read_text().strip()


@pytest.mark.parametrize("there", [False, True])
def test_a_place_without_the_audio_is_not_adopted(database, folder, there):
    add_take(database, "a" * 64)
    if there:
        folder.mkdir()
    with pytest.raises(StoreUnavailableError, match="none of the audio"):
        open_store(database, str(folder))
    assert folder.exists() is there
    assert list(folder.glob("*")) == []
    adopted = adopt_store(database, str(folder))
    assert open_store(database, str(folder)).identity() == adopted.identity()


def test_a_process_that_died_between_marker_and_row_does_no_harm(database, folder):
    ArtifactStore(folder).mark("f" * 32)
    assert open_store(database, str(folder)).identity() == "f" * 32


def test_two_processes_agree_on_one_identity(database, database_url, folder):
    code = (
        "import sys\nfrom storage.database import Database\nfrom storage.pairing import open_store\n"
        "print(open_store(Database(sys.argv[1]), sys.argv[2]).identity())"
    )
    command = [sys.executable, "-c", code, database_url, str(folder)]
    processes = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert answers == {(folder / MARKER).read_text().strip()}


def test_a_kind_of_place_that_needs_a_package_names_it(monkeypatch):
    registry_module = importlib.import_module("fsspec.registry")  # `fsspec.registry` is a mapping
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(registry_module._registry, "s3", raising=False)  # another test may have used it
    with pytest.raises(StoreUnavailableError, match=r"s3fs.*talepress\[s3\]") as caught:
        ArtifactStore("s3://bucket/prefix")
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreUnavailableError, match=r"correct storage\.artifacts_url"):
        ArtifactStore("nowhere://bucket")


def test_the_store_of_another_library_may_be_taken_on_purpose(database, folder, address):
    other = folder.with_name("other")
    ArtifactStore(other).mark("b" * 32)
    assert adopt_store(database, str(other)).identity() == "b" * 32
    assert open_store(database, str(other)).identity() == "b" * 32
    with pytest.raises(StoreUnavailableError, match="another library"):
        open_store(database, str(folder))


def test_a_store_without_a_name_gets_the_one_that_the_database_knows(database, folder, address):
    identity = open_store(database, str(folder)).identity()
    assert (folder / MARKER).read_text() == f"{identity}\n"
    with database.snapshot() as uow:
        assert uow.stores.identity() == identity


def test_of_a_long_book_a_part_is_looked_for_before_a_store_is_adopted_or_refused(database, folder, monkeypatch):
    """Each look at a remote store takes a while; those made last come first."""
    with database.unit_of_work() as uow:
        uow.takes.add([replace(make_take(f"k{number}"), audio_sha256=f"{number:064x}") for number in range(300)])
        uow.commit()
    asked = []
    monkeypatch.setattr(ArtifactStore, "exists", lambda store, address: bool(asked.append(address)))
    with pytest.raises(StoreUnavailableError, match="none of the audio"):
        open_store(database, str(folder))
    assert len(asked) == 200
