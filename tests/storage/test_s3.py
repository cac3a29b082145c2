"""Artifacts in S3 (a fake server): whole or not there, other processes' writes seen at once, faults in one line."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from storage.artifacts import MARKER, ArtifactStore
from storage.errors import MissingArtifactError, StoreLostError, StoreUnavailableError
from storage.pairing import open_store

DATA = b"the audio of a take"
ADDRESS = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_objects_lie_under_their_addresses(s3):
    url = s3.bucket()
    store = ArtifactStore(f"{url}/prefix")
    store.put_bytes(DATA)
    bucket = url.removeprefix("s3://")
    assert s3.client().find(bucket) == [f"{bucket}/prefix/{ADDRESS[:2]}/{ADDRESS}"]


def test_what_another_process_writes_is_seen_at_once(s3):
    url = s3.bucket()
    store = ArtifactStore(url)
    store.put_bytes(b"something else")
    assert list(store.addresses()) == list(store.addresses())
    assert not store.exists(ADDRESS)
    place = f"{url}/{ADDRESS[:2]}/{ADDRESS}"
    s3.client().pipe_file(place, DATA)
    assert store.exists(ADDRESS)
    assert store.read(ADDRESS) == DATA
    s3.client().rm_file(place)
    with pytest.raises(MissingArtifactError):
        store.read(ADDRESS)


@pytest.fixture
def large(tmp_path, monkeypatch) -> Path:
    """A file that is sent in three requests. (Without the fixture, parts have 50 MiB.)"""
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda size, chunksize=None: 5 << 20)
    path = tmp_path / "chapter.flac"
    path.write_bytes(os.urandom(11 << 20))
    return path


def test_a_large_file_is_sent_in_parts_and_is_whole(s3, large):
    store = ArtifactStore(s3.bucket())
    assert store.is_whole(store.put_file(large))


def test_a_transfer_that_breaks_off_leaves_no_half_object(s3, large, monkeypatch):
    """Renaming into place does not exist there: an object of many parts appears with its last request."""
    store = ArtifactStore(s3.bucket())
    call = store._fs._call_s3
    requests = []

    async def break_off_at_the_end(method, *arguments, **options):
        requests.append(method)
        if method == "complete_multipart_upload":
            raise ConnectionResetError
        return await call(method, *arguments, **options)

    monkeypatch.setattr(store._fs, "_call_s3", break_off_at_the_end)
    with pytest.raises(StoreLostError, match="ConnectionResetError"):
        store.put_file(large)
    assert requests.count("upload_part") == 3
    assert list(store.addresses()) == []


def test_the_store_of_another_library_and_an_emptied_one_are_refused(database, s3):
    url = s3.bucket()
    open_store(database, url).put_bytes(DATA)
    ArtifactStore(f"{url}/other").mark("0" * 32)
    with pytest.raises(StoreUnavailableError, match="another library"):
        open_store(database, f"{url}/other")
    s3.client().rm_file(f"{url}/{MARKER}")
    with pytest.raises(StoreUnavailableError, match="is not there"):
        open_store(database, url)


def test_a_bucket_that_is_not_there_is_named(database, s3):
    with pytest.raises(StoreUnavailableError, match=r"s3://nowhere cannot be written .*is there such a place"):
        open_store(database, "s3://nowhere")


def test_a_server_that_does_not_answer_is_worth_another_try(s3, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(S3FileSystem, "_cache", {})  # of clients, each with its endpoint
    with pytest.raises(StoreLostError, match="does not answer") as caught:
        ArtifactStore("s3://bucket/elsewhere").put_bytes(DATA)
    assert "\n" not in str(caught.value)


def test_many_threads_may_store_the_same_bytes(s3):
    store = ArtifactStore(s3.bucket())
    threads = [threading.Thread(target=store.put_bytes, args=(DATA,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(store.addresses()) == [ADDRESS]
    store.verify(ADDRESS)
