"""The table of formats: each line is whole, no two claim one suffix, and the content outranks the name."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.kinds import format_of, has_lines
from tasks.ingest.formats.table import FORMATS


def test_every_format_has_a_name_of_its_own_and_a_way_to_be_recognised():
    names = Counter(format_.name for format_ in FORMATS)
    assert not [name for name, count in names.items() if count > 1]
    for format_ in FORMATS:
        assert format_.suffixes or format_.begins or format_.holds, format_.name
        assert format_.may_look_like <= set(names), format_.name


def test_no_two_formats_claim_one_suffix():
    suffixes = Counter(suffix for format_ in FORMATS for suffix in format_.suffixes)
    assert not [suffix for suffix, count in suffixes.items() if count > 1]
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)


def zip_of(*members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return buffer.getvalue()


MOBI = bytes(60) + b"BOOKMOBI" + bytes(40)


@pytest.mark.parametrize(
    ("name", "data", "format_name", "warned"),
    [
        ("b.kepub", zip_of("META-INF/container.xml"), "an EPUB", False),
        ("b.zip", zip_of("META-INF/container.xml"), "an EPUB", False),
        ("b.docx", zip_of("meta-inf/CONTAINER.xml"), "an EPUB", True),
        ("b.zip", zip_of("[Content_Types].xml", "word/document.xml"), "a Word document", False),
        ("b.zip", zip_of("content.xml", "styles.xml"), "an OpenDocument text", False),
        ("b.epub", zip_of("hello.txt"), "an EPUB", False),  # its reader says what is missing
        ("b.docx", zip_of("page.html"), "a Word document", False),
        ("b.zip", zip_of("page.html"), "a zip of HTML files", False),
        ("b.zip", zip_of("one.fb2", "page.html"), "a zipped FB2 book", False),
        ("b.zip", zip_of("one.fb2", "two.fb2", "page.html"), "a zip of HTML files", False),
        ("b.txt", zip_of("<FictionBook >.html", "%PDF-"), "a zip of HTML files", True),  # only its members count
        ("b.epub", b"hello", "an EPUB", False),
        ("b.epub", b"<html><body>404</body></html>", "an EPUB", False),
        ("b.txt", b"<!-- x --> <html><body>404</body></html>", "an HTML file", True),
        ("b.md", b"<!DOCTYPE html>\n# Title", "a Markdown file", False),
        ("b.pdf", b"# Title", "a PDF", False),
        ("b.md", b"junk %PDF-1.4", "a PDF", True),
        ("b.azw", MOBI, "an AZW book", False),
        ("b.azw3", MOBI, "an AZW3 book", False),
        ("b.prc", MOBI, "a Kindle book", False),
        ("b.txt", MOBI, "a Kindle book", True),
        ("b.doc", b"{\\rtf1 x}", "an RTF file", True),
        ("b.bin", b"ITOLITLS", "a Microsoft Reader book", True),
        ("b.xml", b"<?xml version='1.0'?><FictionBook xmlns='x'>", "an FB2 book", True),
        ("B.TXT", b"PK\x03\x04 is how it began", "a text file", False),
    ],
)
def test_a_format_is_found_by_content_then_by_suffix(name, data, format_name, warned):
    format_, warning = format_of(Path(name), data)
    assert format_.name == format_name
    assert warning == (f"{name} is {format_name} by its content and was read as one" if warned else "")


def test_a_damaged_zip_of_unknown_name_is_named_as_such_with_a_remedy():
    with pytest.raises(UnreadableBookError, match=r"b\.zip is a zip archive, but damaged .*get the book once more"):
        format_of(Path("b.zip"), zip_of("META-INF/container.xml")[:40])


def test_mistakes_are_named_by_line_in_the_formats_that_people_know_by_lines():
    names = ["a.txt", "a.TEXT", "a.md", "a.mkd", "a.html", "a.epub", "a"]
    assert [name for name in names if has_lines(Path(name))] == ["a.txt", "a.TEXT", "a.md", "a.mkd"]
