"""The artifact store: bytes under their own digest, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from storage.artifacts import ArtifactStore
from storage.errors import (
    ArtifactError,
    DamagedArtifactError,
    MissingArtifactError,
    StoreLostError,
    StoreUnavailableError,
)

DATA = b"RIFF of nothing in particular"
ADDRESS = hashlib.sha256(DATA).hexdigest()
ABSENT = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def local(folder: Path) -> ArtifactStore:
    return ArtifactStore(folder)


@pytest.fixture(params=["local", "memory", "s3"])
def store(request, folder: Path) -> ArtifactStore:
    """The same promises hold for a folder and for a remote place."""
    if request.param == "s3":
        return ArtifactStore(f"{request.getfixturevalue('s3').bucket()}/a/prefix")
    return ArtifactStore(folder if request.param == "local" else f"memory://{folder}")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_bytes_come_back_from_their_address(store):
    assert store.exists(ADDRESS) is False
    assert store.put_bytes(DATA) == ADDRESS
    assert store.exists(ADDRESS) is True
    assert store.read(ADDRESS) == DATA
    store.verify(ADDRESS)


def test_a_file_is_copied_not_moved(store, tmp_path):
    source = tmp_path / "clip.wav"
    source.write_bytes(DATA)
    assert store.put_file(source) == ADDRESS
    assert source.read_bytes() == DATA
    assert store.read(ADDRESS) == DATA


def test_nothing_and_much(store):
    for data in (b"", os.urandom(3_000_001)):
        assert store.read(store.put_bytes(data)) == data


def test_a_part_of_a_file_is_read_without_the_rest(store):
    data = os.urandom(200_000)
    with store.open(store.put_bytes(data)) as file:
        assert file.seek(-10, os.SEEK_END) == 199_990
        assert file.read() == data[-10:]
        file.seek(100_000)
        assert file.read(20) == data[100_000:100_020]


def test_all_artifacts_are_listed_with_their_sizes_and_ages(store):
    store.mark("f" * 32)
    addresses = {store.put_bytes(data): len(data) for data in (b"", b"one", b"three")}
    assert list(store.addresses()) == sorted(addresses)
    listed = list(store.files())
    assert {file.address: file.bytes for file in listed} == addresses
    assert all(-60 < file.age_s < 60 for file in listed)
    store.remove(ADDRESS)  # gone already
    for address in addresses:
        store.remove(address)
    assert list(store.files()) == []


def test_the_layout_of_a_local_store(local, folder):
    local.put_bytes(DATA)
    assert files(folder) == [f"{ADDRESS[:2]}/{ADDRESS}"]
    assert local.path(ADDRESS) == folder / ADDRESS[:2] / ADDRESS
    assert local.path(ADDRESS).stat().st_mode & 0o777 == 0o444


def test_a_store_that_is_pickled_arrives_at_the_same_place(store):
    store.mark("f" * 32)
    address = store.put_bytes(DATA)
    assert pickle.loads(pickle.dumps(store)).read(address) == DATA


@pytest.mark.parametrize("call", ["read", "open", "verify"])
def test_a_missing_artifact_is_named(store, call):
    with pytest.raises(MissingArtifactError, match=ABSENT):
        getattr(store, call)(ABSENT)


def test_the_path_of_a_missing_artifact(local):
    with pytest.raises(MissingArtifactError, match=ABSENT):
        local.path(ABSENT)


def test_a_remote_store_has_no_paths():
    with pytest.raises(ArtifactError, match="not local"):
        ArtifactStore("memory://somewhere").path(ABSENT)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 63,
        "A" * 64,
        "a" * 64 + "\n",
        "a" * 64 + "/..",
        "\x00" * 64,
        "é" * 64,
    ],
)
@pytest.mark.parametrize("call", ["read", "open", "verify", "exists", "path"])
def test_what_is_no_address_goes_nowhere(local, address, call):
    with pytest.raises(ArtifactError, match="not the address"):
        getattr(local, call)(address)


FLIPPED = bytes([DATA[0] ^ 1]) + DATA[1:]
ALIKE = next(data for n in count() if hashlib.sha256(data := b"%d" % n).hexdigest().startswith(ADDRESS[:3]))


@pytest.mark.parametrize("changed", [FLIPPED, DATA[::-1], DATA[:-1], DATA + b"\0", b"", ALIKE])
def test_changed_bytes_are_noticed_however_they_are_read(store, changed):
    store.put_bytes(DATA)
    place = store._location(ADDRESS)
    store._fs.rm_file(place)
    store._fs.pipe_file(place, changed)
    for call in (store.read, store.verify):
        with pytest.raises(DamagedArtifactError, match=f"{place} has changed"):
            call(ADDRESS)
    assert not store.is_whole(ADDRESS)
    assert store.exists(ADDRESS)


@pytest.mark.parametrize(("of", "step"), [(os, "fsync"), (Path, "replace"), (Path, "chmod")])
def test_a_failed_write_leaves_nothing(local, folder, monkeypatch, of, step):
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(of, step, full_disk)
    with pytest.raises(OSError, match="No space"):
        local.put_bytes(DATA)
    assert files(folder) == []


def test_the_bytes_are_on_the_disk_before_the_name_is_and_the_name_before_the_row(local, folder, monkeypatch):
    order: list[object] = []
    fsync = os.fsync
    replace = Path.replace

    def record_fsync(handle: int) -> None:
        order.append(os.fstat(handle).st_ino)
        fsync(handle)

    def record_rename(path: Path, target: Path) -> Path:
        order.append(oct(path.stat().st_mode & 0o777))  # nobody can change any more what gets a name
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_rename)
    file = local.path(local.put_bytes(DATA))
    new_folder = folder.stat().st_ino  # a power cut must not take `<first two digits>` away either
    assert order == [file.stat().st_ino, new_folder, "0o444", file.parent.stat().st_ino]


def test_old_temporaries_are_swept_young_ones_are_left(local, folder):
    old = folder / "tmp" / "old"
    young = folder / "tmp" / "young"
    old.parent.mkdir(parents=True)
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    os.utime(young, (time.time() - 23 * 3600,) * 2)  # a long file may be written for hours
    ArtifactStore(folder)
    assert files(folder) == ["tmp/young"]


def test_many_threads_may_store_the_same_bytes(local, folder):
    barrier = threading.Barrier(8, timeout=20)
    addresses: list[str] = []

    def put() -> None:
        barrier.wait()
        addresses.append(local.put_bytes(DATA))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert addresses == [ADDRESS] * 8
    assert files(folder) == [f"{ADDRESS[:2]}/{ADDRESS}"]
    local.verify(ADDRESS)


def test_odd_folder_names(tmp_path):
    for name in ("with space", "what?", "50%20#1", "a::b", "ünï"):
        store = ArtifactStore(tmp_path / name)
        store.put_bytes(DATA)
        assert (tmp_path / name / ADDRESS[:2] / ADDRESS).read_bytes() == DATA


def test_a_receipt_says_where_an_artifact_lies_until_it_is_dropped(store):
    address = store.put_bytes(DATA)
    assert store.receipts(["one", "two"]) == {}
    assert store.receipts([]) == {}
    store.give_receipts({"one": address, "two": ABSENT})
    assert store.receipts(["one", "two", "three"]) == {"one": address, "two": ABSENT}
    assert [file.address for file in store.files()] == [address]  # a receipt is no artifact
    store.drop_receipts(["one", "two"])
    assert store.receipts(["one", "two"]) == {}
    store.drop_receipts(["one"])  # as is whoever drops it again
    assert store.read(address) == DATA


def test_a_receipt_that_a_power_cut_has_torn_counts_as_none(local, folder):
    local.put_bytes(DATA)
    local.give_receipts({"one": ADDRESS})
    (receipt,) = (path for path in folder.rglob("one*") if path.is_file())
    receipt.write_bytes(receipt.read_bytes()[:20])
    assert local.receipts(["one"]) == {}


def test_no_receipt_appears_where_a_disk_was(local, folder):
    local.put_bytes(DATA)
    shutil.rmtree(folder)
    with pytest.raises(OSError, match="receipts"):
        local.give_receipts({"one": ADDRESS})
    assert not folder.exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.exists(ADDRESS),
        lambda store: store.is_whole(ADDRESS),
        lambda store: store.path(ADDRESS),
        lambda store: store.open(ADDRESS),
        lambda store: store.read(ADDRESS),
        lambda store: store.verify(ADDRESS),
        lambda store: store.remove(ADDRESS),
        lambda store: store.put_bytes(DATA),
        lambda store: ArtifactStore(store.place, "a" * 32),
        lambda store: pickle.loads(pickle.dumps(store)),
    ],
    ids=["exists", "is_whole", "path", "open", "read", "verify", "remove", "put_bytes", "opened again", "sent"],
)
@pytest.mark.parametrize("what", ["gone", "emptied", "another"])
def test_a_store_that_is_not_the_one_asked_for_says_nothing_of_its_files(local, folder, call, what):
    local.mark("a" * 32)
    store = ArtifactStore(folder, "a" * 32)
    shutil.rmtree(folder)
    if what != "gone":
        folder.mkdir()
    if what == "another":
        ArtifactStore(folder).mark("b" * 32)
    before = files(folder)
    message = "belongs to another library" if what == "another" else "is its disk mounted"
    with pytest.raises(StoreUnavailableError, match=message):
        call(store)
    assert files(folder) == before
    assert folder.exists() is (what != "gone")


def test_what_is_no_artifact_is_not_listed(local, folder):
    local.put_bytes(DATA)
    folder.joinpath("ab").mkdir()
    for name in ("ab/notes.txt", f"ab/{'a' * 63}", f"ab/{'a' * 65}", f"ab/{'A' * 64}", "store.id"):
        folder.joinpath(name).write_bytes(b"x")
    folder.joinpath("abc").mkdir()
    folder.joinpath("abc", "b" * 64).write_bytes(b"x")
    assert list(local.addresses()) == [ADDRESS]


def test_what_is_in_the_making_lies_in_the_store_itself(local, folder, monkeypatch):
    """Else the last step would be no rename but a copy from another disk, seen half written."""
    made = []
    replace = Path.replace

    def replaced(path, target):
        made.append((path.parent, target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replaced)
    address = local.put_bytes(DATA)
    local.mark("a" * 32)
    assert made == [(folder / "tmp", folder / address[:2] / address), (folder / "tmp", folder / "store.id")]
    assert list((folder / "tmp").iterdir()) == []


def test_a_store_that_is_marked_says_who_it_is_to_whoever_opens_it(store):
    assert store.identity() is None
    store.mark("a" * 32)
    assert pickle.loads(pickle.dumps(store)).identity() == "a" * 32
    store.mark("b" * 32)  # given up on purpose, and taken anew
    assert store.put_bytes(DATA) == ADDRESS
    with pytest.raises(StoreUnavailableError, match="another library"):
        ArtifactStore(store.place, "a" * 32)


def test_an_artifact_that_is_removed_is_gone_and_no_other(store):
    other = store.put_bytes(b"other")
    store.put_bytes(DATA)
    store.remove(ADDRESS)
    assert (store.exists(ADDRESS), store.is_whole(ADDRESS), store.exists(other)) == (False, False, True)


@pytest.mark.parametrize("place", ["{}", "memory://{}"])
@pytest.mark.parametrize("put", ["put_bytes", "put_file"])
def test_a_wreck_of_the_right_size_is_replaced_and_what_is_whole_is_not_sent_again(tmp_path, folder, place, put):
    store = ArtifactStore(place.format(folder))
    source = tmp_path / "clip.wav"
    source.write_bytes(DATA)
    given = DATA if put == "put_bytes" else source
    assert getattr(store, put)(given) == ADDRESS
    written = store._fs.modified(store._location(ADDRESS))
    assert getattr(store, put)(given) == ADDRESS
    assert store._fs.modified(store._location(ADDRESS)) == written
    store._fs.rm_file(store._location(ADDRESS))
    store._fs.pipe_file(store._location(ADDRESS), FLIPPED)
    assert getattr(store, put)(given) == ADDRESS
    assert store.read(ADDRESS) == DATA


def test_a_mark_outlives_a_power_cut_and_binds_whoever_gave_it(local, folder, monkeypatch):
    flushed: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_ino) or fsync(handle))
    local.mark("a" * 32)
    assert flushed == [(folder / "store.id").stat().st_ino, folder.stat().st_ino]
    (folder / "store.id").write_text("b" * 32)  # another disk is there now
    with pytest.raises(StoreUnavailableError, match="another library"):
        local.put_bytes(DATA)
    assert files(folder) == ["store.id"]


def test_a_temporary_that_another_process_sweeps_first_is_nobodys_concern(local, folder):
    (folder / "tmp").mkdir(parents=True)
    for name in ("first", "last"):
        (folder / "tmp" / name).symlink_to(folder / "gone")  # listed, and not there when it is looked at
    (folder / "tmp" / "old").write_bytes(b"half")
    os.utime(folder / "tmp" / "old", (0, 0))
    ArtifactStore(folder)
    assert files(folder) == []


@pytest.mark.parametrize(
    ("step", "error", "kind", "words"),
    [
        ("info", PermissionError(13, "no"), StoreUnavailableError, r"cannot be read \(no\)"),
        ("info", TimeoutError(110, "late"), StoreLostError, "does not answer .*late"),
        ("info", ValueError("odd\nanswer"), StoreLostError, r"does not answer \(odd answer\)"),
        ("info", ValueError(), StoreLostError, r"does not answer \(ValueError\)"),
        ("pipe_file", PermissionError(13, "no"), StoreUnavailableError, "cannot be written .*is there such a place"),
        ("pipe_file", FileNotFoundError("bucket"), StoreUnavailableError, "cannot be written .*is there such a place"),
        ("pipe_file", TimeoutError(110, "late"), StoreLostError, "does not answer .*late"),
    ],
)
def test_troubles_of_a_remote_place_are_told_apart_and_name_it(folder, monkeypatch, step, error, kind, words):
    """Only what may pass by itself is worth another try."""
    store = ArtifactStore(f"memory://{folder}")
    monkeypatch.setattr(store._fs, step, lambda *_, **__: (_ for _ in ()).throw(error))
    with pytest.raises(kind, match=words) as caught:
        store.exists(ADDRESS) if step == "info" else store.put_bytes(DATA)
    assert type(caught.value) is kind and store.place in str(caught.value)


def test_a_receipt_that_cannot_be_read_is_not_taken_for_none(local, folder):
    local.put_bytes(DATA)
    (folder / "receipts" / "one.receipt").mkdir(parents=True)
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        local.receipts(["one"])
