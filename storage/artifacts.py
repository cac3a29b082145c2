"""Content-addressed files: the audio, latents and other bytes that rows point at.

An artifact's address is the sha256 of its bytes. A file appears under its address complete or not at all, and is
never changed afterwards. A store can say who it is, so that an empty folder where a disk should be is not taken for it.
This module must not know what the bytes mean, nor of the database.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from fsspec.implementations.local import LocalFileSystem

from storage.errors import (
    ArtifactError,
    DamagedArtifactError,
    MissingArtifactError,
    StoreLostError,
    StoreUnavailableError,
)
from storage.places import connect, shown

MARKER = "store.id"  # the file that says who a store is

_RECEIPTS = "receipts"
_ADDRESS = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
_STALE_SECONDS = 24 * 3600.0  # no writer takes a day for one file: older temporaries were left by a killed process


@dataclass(frozen=True)
class StoredFile:
    """An artifact as it lies in the store."""

    address: str
    bytes: int
    age_s: float


class ArtifactStore:
    """A folder (or any fsspec place: `memory://`, `s3://bucket/prefix`) of artifacts, `<first two digits>/<address>`.

    Safe for any number of threads and processes: two writers of the same bytes publish the same file. A store that is
    pickled is opened, and looked at, again where it arrives.
    """

    def __init__(self, url: str | Path, identity: str | None = None) -> None:
        """Opens the store. A local folder is made by the first writer, unless the store must be there already.

        Args:
            url: its place.
            identity: who it must say it is. None: whoever it is, or nobody yet.

        Raises `StoreUnavailableError` for a store that is not there, that is another, or that cannot be read.
        """
        # A plain path is taken as it is: fsspec would read meaning into "::" and the like.
        if "://" in str(url):
            self._fs, self._root = connect(str(url))
            self._url = str(url)
        else:
            self._fs = LocalFileSystem()
            self._root = str(Path(url).absolute())
            self._url = self._root
        self._identity = identity
        self._local = isinstance(self._fs, LocalFileSystem)
        self._temporaries = Path(self._root) / "tmp"
        self._require_identity()
        if self._local and self._temporaries.is_dir():
            self._remove_stale_temporaries()

    def __reduce__(self) -> tuple[type[ArtifactStore], tuple[str, str | None]]:
        return ArtifactStore, (self._url, self._identity)

    @property
    def place(self) -> str:
        """Returns what messages call the store: a path, or a URL without its password."""
        return shown(self._url)

    def identity(self) -> str | None:
        """Reads who the store says it is; None for one that is not there, or has not been told.

        Raises `StoreUnavailableError` where it cannot be read.
        """
        try:
            with self._reading():
                return str(self._fs.cat_file(f"{self._root}/{MARKER}").decode("ascii", "replace")).strip()
        except FileNotFoundError:
            return None

    def mark(self, identity: str) -> None:
        """Has the store say who it is. Raises as `put_bytes`."""
        self._identity = None  # it may be marked anew
        content = f"{identity}\n".encode("ascii")
        if self._local:
            temporary, _, _ = self._write_temporary(io.BytesIO(content))
            temporary.replace(Path(self._root) / MARKER)
            _sync_folder(Path(self._root))
        else:
            with self._sending():
                self._fs.pipe_file(f"{self._root}/{MARKER}", content)
        self._identity = identity

    def put_bytes(self, data: bytes) -> str:
        """Stores `data` and returns its address. Raises `OSError` (disk full, no permission); then nothing is left.

        Raises `StoreUnavailableError` for a store that has gone since it was opened, and for a remote one's troubles.
        """
        if self._local:
            return self._receive(io.BytesIO(data))
        address = hashlib.sha256(data).hexdigest()
        if not self.is_whole(address):
            with self._sending():
                self._fs.pipe_file(self._location(address), data)  # object stores publish whole objects at once
        return address

    def put_file(self, path: Path) -> str:
        """Stores a copy of the file at `path` and returns its address. Raises as `put_bytes`."""
        with path.open("rb") as source:
            if self._local:
                return self._receive(source)
            address = hashlib.file_digest(source, "sha256").hexdigest()
        if not self.is_whole(address):
            with self._sending():
                self._fs.put_file(str(path), self._location(address))
        return address

    def exists(self, address: str) -> bool:
        """Tells whether `address` has a file, without reading it. Raises `ArtifactError` for what is no address.

        Absent is only what a store that is there says is absent: raises `StoreUnavailableError` for one that cannot be
        read, is not there or is another.
        """
        try:
            with self._reading():
                self._fs.info(self._location(address))
        except FileNotFoundError:
            self._require_identity()
            return False
        return True

    def is_whole(self, address: str) -> bool:
        """Tells whether `address` has a file and its bytes are those written. Reads all of it; raises as `exists`."""
        try:
            self.verify(address)
        except (MissingArtifactError, DamagedArtifactError):
            return False
        return True

    def path(self, address: str) -> Path:
        """Returns the path of an artifact's file. Raises `MissingArtifactError`; `ArtifactError` in a remote store."""
        if not self._local:
            raise ArtifactError(f"the artifacts in {self._root} are not local files: use open() or read()")
        if not self.exists(address):
            raise self._missing(address)
        return Path(self._location(address))

    def addresses(self) -> Iterator[str]:
        """Lists the addresses of all artifacts, in order. Raises `StoreUnavailableError`."""
        for folder in self._names(self._root):
            if len(folder) == 2:
                yield from (name for name in self._names(f"{self._root}/{folder}") if _ADDRESS.fullmatch(name))

    def open(self, address: str) -> BinaryIO:
        """Opens an artifact for reading, unchecked. Raises `MissingArtifactError`, `StoreUnavailableError`."""
        try:
            with self._reading():
                return cast(BinaryIO, self._fs.open(self._location(address), "rb"))
        except FileNotFoundError as error:
            self._require_identity()
            raise self._missing(address) from error

    def read(self, address: str) -> bytes:
        """Reads all bytes of an artifact and checks them against its address. Raises as `verify`."""
        with self.open(address) as file, self._reading():
            data = file.read()
        if hashlib.sha256(data).hexdigest() != address:
            raise self._damaged(address)
        return data

    def files(self) -> Iterator[StoredFile]:
        """Lists all artifacts. Raises `StoreUnavailableError`."""
        with self._reading():
            found = self._fs.find(self._root, detail=True)
        for path, about in found.items():
            if _ADDRESS.fullmatch(Path(path).name):
                yield StoredFile(Path(path).name, about["size"], time.time() - self._written_at(path, about))

    def remove(self, address: str) -> None:
        """Deletes an artifact; one that is gone already is none of anybody's concern. Raises as `put_bytes`."""
        if self.exists(address):
            with self._sending():
                self._fs.rm_file(self._location(address))

    def verify(self, address: str) -> None:
        """Checks an artifact's bytes against its address. Raises `MissingArtifactError`, `DamagedArtifactError`."""
        digest = hashlib.sha256()
        with self.open(address) as file, self._reading():
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != address:
            raise self._damaged(address)

    def give_receipts(self, addresses: Mapping[str, str]) -> None:
        """Notes where artifacts lie, by names that whoever ordered them knows: for as long as no row says so.

        A receipt is a help that may get lost. Raises as `put_bytes`.
        """
        with self._sending():
            if self._local:
                Path(self._root, _RECEIPTS).mkdir(exist_ok=True)
            self._fs.pipe({self._receipt(name): address.encode("ascii") for name, address in addresses.items()})

    def receipts(self, names: Collection[str]) -> dict[str, str]:
        """Looks up addresses by the names under which they were noted. Raises `StoreUnavailableError`."""
        places = {self._receipt(name): name for name in names}
        with self._reading():
            found = self._fs.cat(list(places), on_error="return") if places else {}
            for value in found.values():
                if isinstance(value, Exception) and not isinstance(value, FileNotFoundError):
                    raise value
        texts = {name: found[place] for place, name in places.items() if isinstance(found.get(place), bytes)}
        addresses = {name: text.decode("ascii", "replace") for name, text in texts.items()}
        return {name: address for name, address in addresses.items() if _ADDRESS.fullmatch(address)}

    def drop_receipts(self, names: Collection[str]) -> None:
        """Forgets what was noted under these names; the artifacts stay. Raises as `put_bytes`."""
        places = [self._receipt(name) for name in names]
        if self._local:
            for place in places:
                Path(place).unlink(missing_ok=True)
        elif places:
            with self._sending(), suppress(FileNotFoundError):
                self._fs.rm(places)

    def _receive(self, source: BinaryIO) -> str:
        """Copies a stream into a temporary file, hashing on the way, and renames it to its address."""
        temporary, address, size = self._write_temporary(source)
        try:
            if not self._holds(address, size):
                self._publish(temporary, Path(self._location(address)))
            return address
        finally:
            temporary.unlink(missing_ok=True)

    def _write_temporary(self, source: BinaryIO) -> tuple[Path, str, int]:
        """Copies a stream into a flushed temporary file. Returns its path, the sha256 and the number of its bytes."""
        if self._identity is None or self.identity() == self._identity:
            self._temporaries.mkdir(parents=True, exist_ok=True)
        else:  # not even a folder must appear where the disk was
            self._require_identity()
        digest = hashlib.sha256()
        size = 0
        handle, name = tempfile.mkstemp(dir=self._temporaries)
        try:
            with os.fdopen(handle, "wb") as target:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name), digest.hexdigest(), size

    def _publish(self, temporary: Path, final: Path) -> None:
        """Renames a flushed file to its final name, and makes sure that a power cut does not take the name away."""
        if not final.parent.exists():
            final.parent.mkdir(exist_ok=True)  # another writer may be faster
            _sync_folder(Path(self._root))
        temporary.chmod(0o444)  # nobody edits an artifact in place
        temporary.replace(final)
        _sync_folder(final.parent)

    def _holds(self, address: str, size: int) -> bool:
        """Tells whether the artifact's file is whole. One that a power cut or a bad disk has changed is replaced."""
        return self.exists(address) and self._fs.size(self._location(address)) == size and self.is_whole(address)

    def _require_identity(self) -> None:
        """Raises `StoreUnavailableError` unless the store is the one that was asked for."""
        if self._identity is None:
            return
        found = self.identity()
        if found is None:
            raise StoreUnavailableError(
                f"the artifact store at {self.place} is not there; is its disk mounted? Nothing was changed. (If it is "
                "gone for good, or was put together anew, `talepress maintain adopt-store` takes what is there.)"
            )
        if found != self._identity:
            raise StoreUnavailableError(
                f"the artifact store at {self.place} belongs to another library: correct storage.artifacts_url or "
                "storage.database_url, or have `talepress maintain adopt-store` take it for this library"
            )

    def _names(self, folder: str) -> list[str]:
        with self._reading():
            return sorted(Path(path).name for path in self._fs.ls(folder, detail=False))

    def _written_at(self, path: str, about: dict[str, Any]) -> float:
        """When a file was written, in seconds since 1970. Object stores tell it with the list; others when asked."""
        written = about.get("LastModified") or self._fs.modified(path)
        return float(written.timestamp())

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turns trouble with the place into `StoreUnavailableError`; that something is not there passes."""
        try:
            yield
        except (FileNotFoundError, ArtifactError):
            raise
        except OSError as error:
            if not self._local and not isinstance(error, PermissionError):
                raise self._lost(error) from error
            raise StoreUnavailableError(
                f"the artifact store at {self.place} cannot be read ({error.strerror or error}); is its disk well, and "
                "is reading permitted?"
            ) from error
        except Exception as error:  # each kind of remote place has errors of its own
            if self._local:
                raise
            raise self._lost(error) from error

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Turns what goes wrong while a remote place is written to into `StoreUnavailableError`; local errors pass."""
        try:
            yield
        except (FileNotFoundError, PermissionError) as error:
            if self._local:
                raise
            raise StoreUnavailableError(
                f"the artifact store at {self.place} cannot be written ({error}); is there such a place, and is "
                "writing permitted?"
            ) from error
        except Exception as error:
            if self._local:
                raise
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> StoreLostError:
        reason = " ".join(str(error).split()) or type(error).__name__
        return StoreLostError(
            f"the artifact store at {self.place} does not answer ({reason}); see that it runs and can be reached, then "
            "run the same command again"
        )

    def _receipt(self, name: str) -> str:
        return f"{self._root}/{_RECEIPTS}/{name}.receipt"

    def _location(self, address: str) -> str:
        if not _ADDRESS.fullmatch(address):
            raise ArtifactError(f"{address!r} is not the address of an artifact (64 lower-case hex digits)")
        return f"{self._root}/{address[:2]}/{address}"

    def _missing(self, address: str) -> MissingArtifactError:
        return MissingArtifactError(f"there is no file {self._location(address)}: run the same command again")

    def _damaged(self, address: str) -> DamagedArtifactError:
        return DamagedArtifactError(
            f"the file {self._location(address)} has changed since it was written: run the same command again, which "
            "makes its audio anew"
        )

    def _remove_stale_temporaries(self) -> None:
        for path in self._temporaries.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()
            except FileNotFoundError:  # another process was faster
                continue


def _sync_folder(folder: Path) -> None:
    """Writes a folder's names to the disk, so that they survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
