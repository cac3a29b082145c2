"""The table of formats: each line is whole, no two claim one suffix, and the content outranks the name."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.kinds import format_of, has_lines, suffix_of
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


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (b"TPZ", "is a protected Kindle book"),
        (b"\xeaDRMION\xee", "is a protected Kindle book"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"is an old Word document \(\.doc\) or one locked with a password"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_whatever_its_name(mark, message):
    for name in ("b.epub", "b.txt", "b"):
        with pytest.raises(UnreadableBookError, match=f"^{name} {message}"):
            format_of(Path(name), mark + bytes(9))


KNOWN = {
    "an EPUB": ".epub .kepub",
    "a Word document": ".docx .docm",
    "an OpenDocument text": ".odt",
    "a PDF": ".pdf",
    "a Kindle book": ".mobi .prc",
    "an AZW book": ".azw",
    "an AZW3 book": ".azw3",
    "an RTF file": ".rtf",
    "a Microsoft Reader book": ".lit",
    "an FB2 book": ".fb2",
    "an HTML file": ".html .htm .xhtml .xht",
    "a Markdown file": ".md .markdown .mkd",
    "a text file": ".txt .text",
}


def test_every_suffix_means_its_format_whatever_its_case():
    found = {s: format_of(Path("b" + s.upper()), b"x")[0].name for words in KNOWN.values() for s in words.split()}
    assert found == {suffix: name for name, words in KNOWN.items() for suffix in words.split()}


def test_files_that_may_be_anything_are_no_books_by_their_names():
    assert {format_.name for format_ in FORMATS if not format_.is_book_by_name} == {
        "an HTML file",
        "a Markdown file",
        "a text file",
    }


@pytest.mark.parametrize("name", ["b", "b.", "b.xyz", ".txt"])
def test_a_file_of_no_known_name_or_content_is_refused_with_all_that_is_known(name):
    suffixes = ", ".join(sorted(suffix for words in KNOWN.values() for suffix in words.split()))
    with pytest.raises(UnreadableBookError, match=f"^{name} is of a format that .*it reads {suffixes}$"):
        format_of(Path(name), b"x")


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (zip_of("META-INF/container.xml"), ".epub"),
        (zip_of("a.html"), ".zip"),
        (zip_of("a.fb2"), ".zip"),
        (b"%PDF-1.4", ".pdf"),
        (MOBI, ".mobi"),
        (MOBI.replace(b"BOOKMOBI", b"TEXtREAd"), ".mobi"),
        (b"{\\rtf1", ".rtf"),
        (b"<html>", ".html"),
        (b"# One", ".md"),
        (b"###### One", ".md"),
        (b"\xef\xbb\xbf\n---  \r\ntitle: x", ".md"),
        (b"####### One", ".txt"),
        (b"#One", ".txt"),
        (b"----\n", ".txt"),
        (b"One", ".txt"),
        ("One".encode("utf-16-le"), None),
        (b"\xff\xfe" + "One".encode("utf-16-le"), ".txt"),
        (b"\xfe\xff" + "One".encode("utf-16-be"), ".txt"),
        (b"One" * 1400 + b"\0", ".txt"),  # behind what is looked at
        (b"One\0", None),
        (zip_of("a.exe"), None),
    ],
)
def test_what_comes_without_a_name_has_the_suffix_of_what_it_is(data, suffix):
    if suffix is None:
        with pytest.raises(UnreadableBookError, match=r"^standard input is "):
            suffix_of(data)
    else:
        assert suffix_of(data) == suffix


def test_an_archive_without_files_is_an_archive():
    empty = zip_of()
    assert empty.startswith(b"PK\x05\x06")
    with pytest.raises(UnreadableBookError, match="is a zip archive without an EPUB"):
        format_of(Path("b.txt"), empty)
    assert format_of(Path("b.odt"), empty)[0].name == "an OpenDocument text"


def test_an_opendocument_text_has_both_of_its_parts():
    for names in (("content.xml",), ("styles.xml",)):
        with pytest.raises(UnreadableBookError, match="is a zip archive without"):
            format_of(Path("b.zip"), zip_of(*names))
    for names in (("[Content_Types].xml", "x/document.xml"), ("word/document.xml",)):
        with pytest.raises(UnreadableBookError, match="is a zip archive without"):
            format_of(Path("b.zip"), zip_of(*names))


def test_an_archive_that_needs_a_later_program_is_damaged():
    data = bytearray(zip_of("a.html"))
    data[data.index(b"PK\x01\x02") + 6] = 99
    with pytest.raises(UnreadableBookError, match=r"^b\.zip is a zip archive, but damaged"):
        format_of(Path("b.zip"), bytes(data))
    assert format_of(Path("b.docx"), bytes(data))[0].name == "a Word document"  # its reader names the fault


def test_only_an_epub_is_read_with_the_places_of_its_characters():
    assert [format_.name for format_ in FORMATS if format_.read_traced is not None] == ["an EPUB"]


def test_what_calibre_converts_is_shown_to_it_under_its_own_suffix():
    shown = {format_.name: format_.read.keywords["suffix"] for format_ in FORMATS if isinstance(format_.read, partial)}
    assert shown == {
        "an OpenDocument text": ".odt",
        "a Kindle book": ".mobi",
        "an AZW book": ".azw",
        "an AZW3 book": ".azw3",
        "an RTF file": ".rtf",
        "a Microsoft Reader book": ".lit",
    }
