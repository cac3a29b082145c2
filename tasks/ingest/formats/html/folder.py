"""Which folder of HTML files is a book, what files it has, and what it is known by. Must not know what is in a page.

A folder is a book only where it holds an index page: any other may be anything, a desk or a folder of downloads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePath

from configs.settings import IngestSettings
from tasks.errors import UnreadableBookError

HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
STYLE_SUFFIX = ".css"
_INDEX_STEMS = ("index", "contents", "toc", "default", "start", "00_index")


def is_index(name: str) -> bool:
    """Tells by a file's name whether it is one that an index page has."""
    path = PurePath(name.lower())
    return path.suffix in HTML_SUFFIXES and path.stem in _INDEX_STEMS


def is_wanted(name: str) -> bool:
    """Tells whether a file is an HTML file or a stylesheet, and not one that macOS hides."""
    hidden = any(part.startswith(("._", "__MACOSX")) for part in name.split("/"))
    return not hidden and name.lower().endswith((*HTML_SUFFIXES, STYLE_SUFFIX))


def holds_index(folder: Path) -> bool:
    """Tells whether a folder has an index page at its top. Raises `UnreadableBookError` for one that cannot be read."""
    try:
        return any(is_index(file.name) and file.is_file() for file in folder.iterdir())
    except OSError as error:
        raise UnreadableBookError(f"{folder} cannot be read: {error.strerror}") from error


def read_files(folder: Path, settings: IngestSettings) -> dict[str, bytes]:
    """Reads the HTML files and stylesheets under a folder that is a book, by their paths in it.

    Links that lead out of the folder are not followed. Raises `UnreadableBookError` for a folder without an index page,
    too many files, one that cannot be read.
    """
    if not holds_index(folder):
        raise UnreadableBookError(
            f"{folder} is a folder without an index page (index.html, contents.html, ...), so it is no book: name the "
            "book file itself"
        )
    files: dict[str, bytes] = {}
    total = 0
    root = folder.resolve()
    for file in sorted(folder.rglob("*")):
        if not is_wanted(file.name) or not file.is_file() or not file.resolve().is_relative_to(root):
            continue
        total += file.stat().st_size
        if total > settings.max_archive_bytes or len(files) >= settings.max_archive_members:
            raise UnreadableBookError(
                f"{folder} holds more files than ingest.max_archive_bytes and max_archive_members allow"
            )
        try:
            files[file.relative_to(folder).as_posix()] = file.read_bytes()
        except OSError as error:
            raise UnreadableBookError(f"{file} cannot be read: {error.strerror}") from error
    return files


def digest_of(files: Mapping[str, bytes]) -> str:
    """Computes what a book of several files is known by: the sha256 over their names and bytes."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode("utf-8", "surrogateescape") + files[name])
    return digest.hexdigest()
