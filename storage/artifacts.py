"""Content-addressed files: the audio, latents and other bytes that rows point at.

An artifact's address is the sha256 of its bytes. A file appears under its address complete or not at all, and is
never changed afterwards. This module must not know what the bytes mean, nor of the database.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import fsspec.core
from fsspec.implementations.local import LocalFileSystem

from storage.errors import ArtifactError, DamagedArtifactError, MissingArtifactError

_ADDRESS = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
_STALE_SECONDS = 24 * 3600.0  # no writer takes a day for one file: older temporaries were left by a killed process


@dataclass(frozen=True)
class StoredFile:
    """An artifact as it lies in a local store."""

    address: str
    bytes: int
    age_s: float


class ArtifactStore:
    """A folder (or any fsspec place: `memory://`, `s3://bucket/prefix`) of artifacts, `<first two digits>/<address>`.

    Safe for any number of threads and processes: two writers of the same bytes publish the same file.
    """

    def __init__(self, url: str | Path) -> None:
        """Opens the store, creating a local folder when there is none. Raises `OSError`."""
        # A plain path is taken as it is: fsspec would read meaning into "::" and the like.
        if "://" in str(url):
            self._fs, self._root = fsspec.core.url_to_fs(str(url))
        else:
            self._fs = LocalFileSystem()
            self._root = str(Path(url).absolute())
        self._local = isinstance(self._fs, LocalFileSystem)
        if self._local:
            self._temporaries = Path(self._root) / "tmp"
            self._temporaries.mkdir(parents=True, exist_ok=True)
            self._remove_stale_temporaries()

    def put_bytes(self, data: bytes) -> str:
        """Stores `data` and returns its address. Raises `OSError` (disk full, no permission); then nothing is left."""
        if self._local:
            return self._receive(io.BytesIO(data))
        address = hashlib.sha256(data).hexdigest()
        if not self._holds(address, len(data)):
            self._fs.pipe_file(self._location(address), data)  # object stores publish whole objects at once
        return address

    def put_file(self, path: Path) -> str:
        """Stores a copy of the file at `path` and returns its address. Raises `OSError` as `put_bytes` does."""
        with path.open("rb") as source:
            return self._receive(source) if self._local else self.put_bytes(source.read())

    def exists(self, address: str) -> bool:
        """Tells whether `address` has a file, without reading it. Raises `ArtifactError` for what is no address."""
        return bool(self._fs.exists(self._location(address)))

    def path(self, address: str) -> Path:
        """Returns the path of an artifact's file. Raises `MissingArtifactError`; `ArtifactError` in a remote store."""
        if not self._local:
            raise ArtifactError(f"the artifacts in {self._root} are not local files: use open() or read()")
        path = Path(self._location(address))
        if not path.is_file():
            raise self._missing(address)
        return path

    def open(self, address: str) -> BinaryIO:
        """Opens an artifact for reading. Raises `MissingArtifactError`."""
        try:
            return cast(BinaryIO, self._fs.open(self._location(address), "rb"))
        except FileNotFoundError as error:
            raise self._missing(address) from error

    def read(self, address: str) -> bytes:
        """Reads all bytes of an artifact, unchecked: see `verify`. Raises `MissingArtifactError`."""
        with self.open(address) as file:
            return file.read()

    def files(self) -> Iterator[StoredFile]:
        """Lists all artifacts. Raises `ArtifactError` in a remote store, which has tools of its own for that."""
        if not self._local:
            raise ArtifactError(
                f"the artifacts in {self._root} are not local files: look at them with that place's tools"
            )
        for path in Path(self._root).glob("[0-9a-f][0-9a-f]/*"):
            if _ADDRESS.fullmatch(path.name):
                found = path.stat()
                yield StoredFile(path.name, found.st_size, time.time() - found.st_mtime)

    def remove(self, address: str) -> None:
        """Deletes an artifact; one that is gone already is none of anybody's concern. Raises `OSError`."""
        if self.exists(address):
            self._fs.rm_file(self._location(address))

    def verify(self, address: str) -> None:
        """Checks an artifact's bytes against its address. Raises `MissingArtifactError`, `DamagedArtifactError`."""
        digest = hashlib.sha256()
        with self.open(address) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != address:
            raise DamagedArtifactError(
                f"the file of artifact {address} has changed since it was written: "
                f"delete {self._location(address)} and run the same command again"
            )

    def _receive(self, source: BinaryIO) -> str:
        """Copies a stream into a temporary file, hashing on the way, and renames it to its address."""
        digest = hashlib.sha256()
        size = 0
        handle, name = tempfile.mkstemp(dir=self._temporaries)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            address = digest.hexdigest()
            if not self._holds(address, size):
                self._publish(temporary, Path(self._location(address)))
            return address
        finally:
            temporary.unlink(missing_ok=True)

    def _publish(self, temporary: Path, final: Path) -> None:
        """Renames a flushed file to its final name, and makes sure that a power cut does not take the name away."""
        if not final.parent.exists():
            final.parent.mkdir(exist_ok=True)  # another writer may be faster
            _sync_folder(Path(self._root))
        temporary.chmod(0o444)  # nobody edits an artifact in place
        temporary.replace(final)
        _sync_folder(final.parent)

    def _holds(self, address: str, size: int) -> bool:
        """Tells whether the artifact's file is complete. A shorter one was left by a power cut and is replaced."""
        location = self._location(address)
        return bool(self._fs.exists(location)) and self._fs.size(location) == size

    def _location(self, address: str) -> str:
        if not _ADDRESS.fullmatch(address):
            raise ArtifactError(f"{address!r} is not the address of an artifact (64 lower-case hex digits)")
        return f"{self._root}/{address[:2]}/{address}"

    def _missing(self, address: str) -> MissingArtifactError:
        return MissingArtifactError(f"there is no file {self._location(address)}: run the same command again")

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
