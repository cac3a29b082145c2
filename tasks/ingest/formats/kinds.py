"""Finds the format of a book file: by its content, else by its suffix. Must not know any single format.

Suffixes lie: a zip may be called .txt, an EPUB .zip, a PDF .epub.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.table import FORMATS, Format

_BY_SUFFIX = {suffix: format_ for format_ in FORMATS for suffix in format_.suffixes}
_HEAD_BYTES = 4096
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MARKDOWN = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:---[ \t]*\r?\n|#{1,6} )")
STANDARD_INPUT = "standard input"
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
# Formats that cannot be read at all: their first bytes, and what a message says of the file.
_REFUSED = (
    (
        (b"TPZ", b"\xeaDRMION\xee"),
        "is a protected Kindle book; Talepress reads only unprotected books: buy or borrow it where it is sold without",
    ),
    (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        "is an old Word document (.doc) or one locked with a password; save it as .docx without one",
    ),
)


def format_of(path: Path, data: bytes) -> tuple[Format, str]:
    """Finds the format of a file, and a warning where its name says otherwise, else "".

    Args:
        path: of the file, for its name alone.
        data: all its bytes.

    Raises:
        UnreadableBookError: a format that is not read, with the remedy.
    """
    suffix = path.suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    found = _by_content(path, data, named)
    if found is None and named is None:
        known = ", ".join(sorted(_BY_SUFFIX))
        raise UnreadableBookError(f"{path.name} is of a format that Talepress does not read; it reads {known}")
    if named is not None and (found is None or found.name in named.may_look_like):
        return named, ""
    assert found is not None
    if found is named or suffix == ".zip":
        return found, ""
    return found, f"{path.name} is {found.name} by its content and was read as one"


def suffix_of(data: bytes) -> str:
    """Finds the suffix that a file with these bytes should have, for bytes without a name: standard input.

    What no format claims by its content is text: Markdown where it begins with a heading or front matter. Raises
    `UnreadableBookError` for what is neither.
    """
    found = _by_content(Path(STANDARD_INPUT), data, None)
    if found is not None:
        return found.suffixes[0] if found.suffixes else ".zip"
    if b"\0" in data[:_HEAD_BYTES] and not data.startswith(_UTF16_MARKS):
        raise UnreadableBookError(f"{STANDARD_INPUT} is of a format that Talepress does not read; name the book file")
    return ".md" if _MARKDOWN.match(data) else ".txt"


def has_lines(path: Path) -> bool:
    """Tells by a file's suffix whether people know its text by lines, so that a mistake is named by its line."""
    format_ = _BY_SUFFIX.get(path.suffix.lower())
    return format_ is not None and format_.has_lines


def _by_content(path: Path, data: bytes, named: Format | None) -> Format | None:
    """Returns the format that the content shows, `None` where it shows none."""
    head = data[:_HEAD_BYTES]
    if head.startswith(_ZIP_MARKS):
        return _of_zip(path, data, named)
    for marks, reason in _REFUSED:
        if head.startswith(marks):
            raise UnreadableBookError(f"{path.name} {reason}")
    return next((format_ for format_ in FORMATS if format_.begins is not None and format_.begins(head)), None)


def _of_zip(path: Path, data: bytes, named: Format | None) -> Format | None:
    """Returns the format of a zip archive by its members, else that of its suffix, which will name the fault."""
    is_zip_by_name = named is not None and named.holds is not None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = frozenset(name.lower() for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        if named is not None:
            return named
        raise UnreadableBookError(
            f"{path.name} is a zip archive, but damaged ({error}); get the book once more, or unpack the archive"
        ) from error
    found = next((format_ for format_ in FORMATS if format_.holds is not None and format_.holds(members)), None)
    if is_zip_by_name and (found is None or not found.suffixes):
        return named
    if found is None:
        raise UnreadableBookError(
            f"{path.name} is a zip archive without an EPUB, Word document or HTML files in it; "
            "unpack it and name the book"
        )
    return found
