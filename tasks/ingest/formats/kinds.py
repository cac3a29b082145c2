"""What kind of book a file is: by its first bytes, else by its suffix. Must not know how to read it.

Suffixes lie: a zip may be called .txt, an EPUB .zip, a PDF .epub.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from tasks.errors import UnreadableBookError

SUFFIXES = {
    ".epub": "epub",
    ".kepub": "epub",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mkd": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xht": "html",
    ".docx": "docx",
    ".docm": "docx",
    ".pdf": "pdf",
    ".fb2": "fb2",
    ".mobi": ".mobi",
    ".azw": ".azw",
    ".azw3": ".azw3",
    ".prc": ".mobi",
    ".odt": ".odt",
    ".rtf": ".rtf",
    ".lit": ".lit",
}
"""A kind by suffix. A kind that begins with a dot is for calibre."""

_HEAD_BYTES = 4096
_PDF_BYTES = 1024  # within which a reader looks for the mark (PDF 1.7, implementation note 13)
_FB2 = re.compile(rb"<FictionBook[\s>]")
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.S
)
_HTML_NAMES = (".html", ".htm", ".xhtml", ".xht")


def kind_of(path: Path, data: bytes) -> tuple[str, str]:
    """The kind, a value of `SUFFIXES`, "html-zip" or "fb2-zip", and a warning where the name says otherwise, else "".

    Raises `UnreadableBookError` for a kind that is not read, with the remedy.
    """
    suffix = path.suffix.lower()
    named = SUFFIXES.get(suffix)
    found = _by_content(path, data)
    if found is None:
        if named is None:
            known = ", ".join(sorted(SUFFIXES))
            raise UnreadableBookError(f"{path.name} is of a kind that Talepress does not read; it reads {known}")
        return named, ""
    if found == "html" and named in ("markdown", "html", "epub"):
        return named, ""
    alike = found == named or suffix == ".zip" or {found, named} <= {".mobi", ".azw", ".azw3"}
    if alike:
        return named if named in (".azw", ".azw3") else found, ""
    return found, f"{path.name} is {_NAMES.get(found, found)} by its content and was read as one"


_NAMES = {
    "fb2-zip": "a zipped FB2 book",
    "epub": "an EPUB",
    "docx": "a Word document",
    "pdf": "a PDF",
    "fb2": "an FB2 book",
    "html": "an HTML file",
    "html-zip": "a zip of HTML files",
    ".mobi": "a Kindle book",
    ".odt": "an OpenDocument text",
    ".rtf": "an RTF file",
}


def _by_content(path: Path, data: bytes) -> str | None:
    """The kind that the first bytes show, or `None`."""
    head = data[:_HEAD_BYTES]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path, data)
    if b"%PDF-" in head[:_PDF_BYTES]:
        return "pdf"
    if head.startswith((b"TPZ", b"\xeaDRMION\xee")):
        raise UnreadableBookError(f"{path.name} is a protected Kindle book; Talepress reads only unprotected books")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise UnreadableBookError(
            f"{path.name} is an old Word document (.doc) or one locked with a password; save it as .docx without one"
        )
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return ".mobi"
    signs = {".rtf": head.startswith(b"{\\rtf"), ".lit": head.startswith(b"ITOLITLS")}
    signs |= {"fb2": _FB2.search(head) is not None, "html": _HTML.match(head) is not None}
    return next((kind for kind, is_there in signs.items() if is_there), None)


def _zipped(path: Path, data: bytes) -> str | None:
    """The kind of a zip archive by its members, `None` for one that is damaged and called a book all the same."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "epub" if SUFFIXES.get(path.suffix.lower()) is None else _known_zip(path)
    lower = {name.lower() for name in names}
    signs: dict[str | None, bool] = {
        "epub": "meta-inf/container.xml" in lower,
        "docx": "[content_types].xml" in lower and any(name.startswith("word/") for name in lower),
        ".odt": {"content.xml", "styles.xml"} <= lower,
        _known_zip(path): _known_zip(path) is not None,
        "fb2-zip": sum(name.endswith(".fb2") for name in lower) == 1,
        "html-zip": any(name.endswith(_HTML_NAMES) for name in lower),
    }
    for kind, is_there in signs.items():
        if is_there:
            return kind
    raise UnreadableBookError(
        f"{path.name} is a zip archive without an EPUB, Word document or HTML files in it; unpack it and name the book"
    )


def _known_zip(path: Path) -> str | None:
    """The kind that the suffix says, where that is a zip archive: its reader will say what is wrong with it."""
    named = SUFFIXES.get(path.suffix.lower())
    return named if named in ("epub", "docx", ".odt") else None
