"""A place that cannot be opened is named with what to correct or install."""

import pickle
import sys

import pytest
from fsspec.registry import _registry

from storage.artifacts import ArtifactStore
from storage.errors import StoreUnavailableError
from storage.places import connect, shown


def test_a_place_is_opened_by_its_url_without_a_cache_of_listings():
    file_system, root = connect("memory://library/audio")
    assert (type(file_system).__name__, root) == ("MemoryFileSystem", "/library/audio")
    assert file_system.storage_options == {"use_listings_cache": False}


@pytest.mark.parametrize("error", [ValueError("odd"), PermissionError(13, "odd"), TimeoutError("odd")])
def test_a_place_that_cannot_be_opened_is_named_with_the_reason_and_the_setting(monkeypatch, error):
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda *_, **__: (_ for _ in ()).throw(error))
    with pytest.raises(StoreUnavailableError, match=r"store s3://b/p cannot be opened \(.*odd.*correct storage\."):
        connect("s3://b/p")


@pytest.mark.parametrize("url", ["nonsense://x/y", "s4://bucket"])
def test_what_is_no_kind_of_place_is_refused_with_the_setting(url):
    with pytest.raises(StoreUnavailableError, match=r"correct storage\.artifacts_url"):
        connect(url)


def test_a_missing_package_is_named_as_the_extra_that_it_is(monkeypatch):
    monkeypatch.delitem(_registry, "s3", raising=False)  # if another test has opened one before
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(StoreUnavailableError, match=r"pip install 'talepress\[s3\]'"):
        connect("s3://bucket/prefix")


def test_a_package_of_others_is_to_be_installed_by_its_own_name(monkeypatch):
    monkeypatch.delitem(_registry, "gs", raising=False)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(StoreUnavailableError, match=r"gcsfs.*: `install it`, or correct storage\.artifacts_url"):
        connect("gs://bucket/prefix")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/data/a:b@c", "/data/a:b@c"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("sftp://ann@box/audio", "sftp://ann@box/audio"),
        ("sftp://ann:secret@box:22/audio", "sftp://ann:***@box:22/audio"),
        ("ftp://ann:sec@ret@box/audio", "ftp://ann:***@box/audio"),
        ("ftp://ann:sec/ret@box/audio", "ftp://ann:***@box/audio"),
        ("ftp://:secret@box", "ftp://:***@box"),
    ],
)
def test_a_place_is_told_without_its_password(url, told):
    assert shown(url) == told


@pytest.mark.parametrize("kind", ["nonsense", "s4"])
def test_a_place_that_cannot_be_opened_is_told_without_its_password(kind):
    with pytest.raises(StoreUnavailableError, match=rf"{kind}://ann:\*\*\*@box") as raised:
        connect(f"{kind}://ann:secret@box/audio")
    assert "secret" not in str(raised.value)


def test_a_store_is_told_without_its_password_and_opened_with_it_in_every_process():
    url = "memory://ann:secret@box/audio"
    store = pickle.loads(pickle.dumps(ArtifactStore(url)))
    assert (store.place, store._url) == ("memory://ann:***@box/audio", url)
    with pytest.raises(StoreUnavailableError, match=r"memory://ann:\*\*\*@box/audio is not there"):
        ArtifactStore(url, "somebody's")
