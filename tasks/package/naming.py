"""File names from book titles. Titles come from strangers: no name may leave its folder or trouble a file system."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

MAX_NAME_BYTES = 150  # room for suffixes under the usual limit of 255
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # names of devices on Windows


def safe_name(title: str) -> str:
    """A file name without extension that every common file system takes; "book" when nothing is left of the title."""
    printable = "".join(
        char for char in unicodedata.normalize("NFC", title) if unicodedata.category(char) not in ("Cf", "Cs")
    )
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub(" ", printable)).strip(" .-")
    name = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").rstrip(" .-")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or "book"


def edition_stem(folder: Path, title: str, source_sha256: str) -> str:
    """The name of a book's edition in a folder, without extension.

    An older edition of the same book is replaced; a file of the same name that belongs to something else is not: the
    name gets the start of the book's sha256 then.
    """
    stem = safe_name(title)
    taken = (folder / f"{stem}.m4b").exists() or manifest_path(folder, stem).exists()
    if taken and _book_of(manifest_path(folder, stem)) != source_sha256:
        return f"{stem} [{source_sha256[:8]}]"
    return stem


def manifest_path(folder: Path, stem: str) -> Path:
    """Where the manifest of an edition is."""
    return folder / f"{stem}.manifest.json"


def _book_of(manifest: Path) -> str | None:
    """The sha256 of the book that a manifest is of, None when it cannot be told."""
    try:
        return json.loads(manifest.read_text("utf-8"))["book"]["source_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
