"""What goes wrong in a remote store is trouble of the store, worth another try or not, whatever was asked of it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from storage.artifacts import ArtifactStore
from storage.errors import StoreLostError, StoreUnavailableError

DATA = b"the audio of a take"
ADDRESS = hashlib.sha256(DATA).hexdigest()


class Broken(io.BytesIO):
    """A file that opens and cannot be read."""

    def read(self, *_):
        raise TimeoutError(110, "late")


def put_file(store, tmp_path):
    (tmp_path / "clip.wav").write_bytes(b"a clip")
    return store.put_file(tmp_path / "clip.wav")


CALLS = {  # what is done, and which step of it goes wrong
    "identity": (lambda store, _: store.identity(), "cat_file"),
    "mark": (lambda store, _: store.mark("a" * 32), "pipe_file"),
    "put_bytes": (lambda store, _: store.put_bytes(b"other"), "pipe_file"),
    "put_file": (put_file, "put_file"),
    "exists": (lambda store, _: store.exists(ADDRESS), "info"),
    "is_whole": (lambda store, _: store.is_whole(ADDRESS), "open"),
    "addresses": (lambda store, _: list(store.addresses()), "ls"),
    "open": (lambda store, _: store.open(ADDRESS), "open"),
    "read": (lambda store, _: store.read(ADDRESS), "open"),
    "files": (lambda store, _: list(store.files()), "find"),
    "remove": (lambda store, _: store.remove(ADDRESS), "rm_file"),
    "verify": (lambda store, _: store.verify(ADDRESS), "open"),
    "give_receipts": (lambda store, _: store.give_receipts({"one": ADDRESS}), "pipe"),
    "receipts": (lambda store, _: store.receipts(["one"]), "cat"),
    "drop_receipts": (lambda store, _: store.drop_receipts(["one"]), "rm"),
}
WRITING = {"mark", "put_bytes", "put_file", "remove", "give_receipts", "drop_receipts"}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(f"memory://{tmp_path}")
    store.put_bytes(DATA)
    return store


@pytest.mark.parametrize("call", CALLS)
def test_a_store_that_does_not_answer_may_be_asked_again_and_one_that_forbids_may_not(
    store, tmp_path, monkeypatch, call
):
    act, step = CALLS[call]
    for error, kind, words in (
        (TimeoutError(110, "late"), StoreLostError, "does not answer .*late"),
        (ValueError("odd answer"), StoreLostError, "does not answer .odd answer"),
        (
            PermissionError(13, "no"),
            StoreUnavailableError,
            "cannot be written" if call in WRITING else "cannot be read",
        ),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(store._fs, step, lambda *_, error=error, **__: (_ for _ in ()).throw(error))
            with pytest.raises(kind, match=words) as caught:
                act(store, tmp_path)
        assert type(caught.value) is kind and store.place in str(caught.value)
    act(store, tmp_path)


@pytest.mark.parametrize("call", ["read", "verify", "is_whole"])
def test_a_connection_that_breaks_while_a_file_is_read_is_not_a_damaged_file(store, monkeypatch, call):
    monkeypatch.setattr(store._fs, "open", lambda *_: Broken())
    with pytest.raises(StoreLostError, match=r"does not answer .*late"):
        getattr(store, call)(ADDRESS)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("odd")])
def test_what_goes_wrong_with_a_folder_is_told_as_it_is(tmp_path, monkeypatch, error):
    """Whoever called knows what it was about; `tasks.disk` has the words."""
    local = ArtifactStore(tmp_path / "artifacts")
    local.put_bytes(DATA)
    for step, act in (
        ("pipe", lambda: local.give_receipts({"one": ADDRESS})),
        ("rm_file", lambda: local.remove(ADDRESS)),
    ):
        monkeypatch.setattr(local._fs, step, lambda *_, **__: (_ for _ in ()).throw(error))
        with pytest.raises(type(error)) as caught:
            act()
        assert caught.value is error


def test_an_error_that_is_no_trouble_of_the_disk_is_not_taken_for_one_while_a_folder_is_read(tmp_path, monkeypatch):
    local = ArtifactStore(tmp_path / "artifacts")
    monkeypatch.setattr(local._fs, "info", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("odd")))
    with pytest.raises(RuntimeError, match="odd"):
        local.exists(ADDRESS)
