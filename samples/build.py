"""Builds the sample book, `samples/the-lamplighters-clock.epub`, from the texts in `samples/lamplighter`.

Run `python samples/build.py [FILE]`. The same bytes come out every time, on every machine: dates and identifiers are
fixed and nothing is compressed. Must not know Talepress: ingest is to read what a stranger could have made.
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path

from ebooklib import epub

TITLE = "The Lamplighter’s Clock"
SOURCES = Path(__file__).parent / "lamplighter"
TARGET = Path(__file__).parent / "the-lamplighters-clock.epub"

# File, title in the table of contents ("" for pages that it does not name).
PAGES = (
    ("title", ""),
    ("chapter-1", "Chapter I: The Clock on Candle Street"),
    ("chapter-2", "Chapter II: The Price of a Minute"),
    ("chapter-3", "Chapter III: What the Lamplighter Sang"),
    ("chapter-4", "Chapter IV: Thirteen Minutes"),
    ("notes", ""),
    ("copyright", ""),
)
_PUBLISHED = datetime(2026, 11, 22)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en-US" lang="en-US"
 epub:prefix="z3998: http://www.daisy.org/z3998/2012/vocab/structure/">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}</body>
</html>
"""


def make_book() -> epub.EpubBook:
    """The book as ebooklib's object."""
    book = epub.EpubBook()
    book.set_identifier("urn:uuid:6f1c1a52-7e0c-4b6e-9d4b-0c1ab1a6e001")
    book.set_title(TITLE)
    book.set_language("en-US")
    book.add_author("The Talepress Project")
    book.add_metadata("DC", "publisher", "Talepress")
    book.add_metadata("DC", "date", _PUBLISHED.date().isoformat())
    book.add_metadata("DC", "description", "A lamplighter, a girl and a clock that is thirteen minutes fast.")
    book.add_metadata("DC", "rights", "CC0 1.0 Universal")
    book.add_metadata(None, "meta", "", {"name": "cover", "content": "cover"})
    cover = epub.EpubCover(uid="cover", file_name="cover.png")
    cover.content = (SOURCES / "cover.png").read_bytes()
    book.add_item(cover)
    book.add_item(_item("style", "style.css", "text/css", (SOURCES / "style.css").read_text(encoding="utf-8")))
    pages = []
    for name, title in PAGES:
        text = (SOURCES / f"{name}.xhtml").read_text(encoding="utf-8")
        document = _DOCUMENT.format(title=title or TITLE, body=text)
        pages.append(_item(name, f"{name}.xhtml", "application/xhtml+xml", document))
        book.add_item(pages[-1])
    book.toc = [epub.Link(f"{name}.xhtml", title, name) for name, title in PAGES if title]
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = pages
    return book


def _item(uid: str, file_name: str, media_type: str, text: str) -> epub.EpubItem:
    return epub.EpubItem(uid=uid, file_name=file_name, media_type=media_type, content=text.encode())


def build(target: Path = TARGET) -> Path:
    """Writes the EPUB and returns its path. ebooklib stamps and compresses the archive; it is packed again without."""
    packed = io.BytesIO()
    epub.write_epub(packed, make_book(), {"mtime": _PUBLISHED, "raise_exceptions": True})
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as result:
        for name in source.namelist():  # "mimetype" is first, as EPUB's container format wants it
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.create_system = 3
            result.writestr(info, source.read(name))
    return target


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET))
