"""Copies an EPUB with some files changed and some added; what is not touched stays as it is. Must not know overlays."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from copy import copy
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's earliest: the date of every added file, so that equal books are equal files
_MIMETYPE = "mimetype"
_SIGNATURES = "META-INF/signatures.xml"  # of the files as they were


class Original:
    """The files of an EPUB, by name."""

    def __init__(self, data: bytes) -> None:
        """Raises `zipfile.BadZipFile`; a book that was read before is none."""
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._changed: Mapping[str, bytes] = {}
        self._added: Mapping[str, bytes] = {}
        self._by_key = {name.lower(): name for name in self._zip.namelist()}

    def with_files(self, changed: Mapping[str, bytes], added: Mapping[str, bytes]) -> Original:
        """Returns the book with other bytes for some of its files, and with files that it does not have, by name."""
        book = copy(self)
        book._changed = {**self._changed, **changed}
        book._added = {**self._added, **added}
        book._by_key = {**self._by_key, **{name.lower(): name for name in added}}
        return book

    def name_of(self, path: str) -> str | None:
        """Returns the name that a file has in the archive, whatever its case; None where there is none."""
        return self._by_key.get(path.lower())

    def read(self, name: str) -> bytes:
        """Reads a file by its name in the archive."""
        here = self._changed.get(name, self._added.get(name))
        return self._zip.read(name) if here is None else here

    def names(self) -> list[str]:
        """Returns the names of the files that a copy has as well: all but folders and a signature."""
        kept = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        return [name for name in (*kept, *self._added) if name.lower() != _SIGNATURES.lower()]

    @property
    def newest(self) -> str:
        """When the youngest of its files was written, "2001-02-03T04:05:06Z"."""
        return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*max(info.date_time for info in self._zip.infolist()))

    @property
    def is_signed(self) -> bool:
        """Whether the book's files are signed, which they are no longer once they are changed."""
        return self.name_of(_SIGNATURES) is not None

    def write_with(self, path: Path, changed: Mapping[str, bytes], added: Mapping[str, bytes | Path]) -> None:
        """Writes the archive to a new file: the media type first, then the files in their old order, then the added.

        Args:
            path: the file to write.
            changed: by name, files that have other bytes now.
            added: by name, bytes, or a file that is large and packed already, such as audio.
        """
        with zipfile.ZipFile(path, "w") as target:
            target.writestr(_entry(_MIMETYPE, zipfile.ZIP_STORED), b"application/epub+zip")
            for info in self._zip.infolist():
                if info.is_dir() or info.filename == _MIMETYPE or info.filename.lower() == _SIGNATURES.lower():
                    continue
                entry = zipfile.ZipInfo(info.filename, info.date_time)
                entry.compress_type = (
                    zipfile.ZIP_STORED if info.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
                )
                own = changed.get(info.filename)
                target.writestr(entry, self.read(info.filename) if own is None else own)
            for name, content in {**self._added, **added}.items():
                if isinstance(content, bytes):
                    target.writestr(_entry(name, zipfile.ZIP_DEFLATED), content)
                    continue
                with content.open("rb") as source, target.open(_entry(name, zipfile.ZIP_STORED), "w") as member:
                    shutil.copyfileobj(source, member)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = compression
    return entry
