"""HTML files, folders and zips; FB2; files whose suffix lies."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.html.folder import digest_of, holds_index, is_index, is_wanted, read_files
from tests.tasks.ingest.builders import nav, page, write_epub


def outline(book: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def skipped(book: Book) -> list[tuple[str, str]]:
    return [(skip.rule, skip.text) for skip in book.skipped]


FILES = {
    "index.html": (
        '<html lang="en"><head><title>The Folder</title><meta name="author" content="Ann Author">'
        '<meta name="keywords" content="lamps, night"><meta name="DC.rights" content="CC0"></head><body>'
        '<h1>The Folder</h1><ul><li><a href="text/ch2.html">Two comes first</a></li>'
        '<li><a href="text/ch10.html#half">And ten</a></li><li><a href="http://example.org/ch2.html">away</a></li></ul>'
    ),
    "text/ch2.html": '<link rel="stylesheet" href="../s.css"><h1>Two</h1><p class="x">unseen</p><p>Words of two.</p>',
    "text/ch10.html": '<p>Before.</p><h2 id="half">Ten</h2><p>Words of ten.',
    "text/extra.html": "<h1>Extra</h1><p>Unlinked words.</p>",
    "s.css": ".x { display: none }",
    "picture.png": "not read",
}
EXPECTED = [
    ("Two comes first", ["Two", "Words of two.", "Before."]),
    ("And ten", ["Ten", "Words of ten."]),
    ("Extra", ["Extra", "Unlinked words."]),
]


def _folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "book" / name).write_text(text, encoding="utf-8")
    return tmp_path / "book"


def _zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "book.zip", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return tmp_path / "book.zip"


def _index(tmp_path):
    return _folder(tmp_path) / "index.html"


@pytest.mark.parametrize("make", [_folder, _index, _zip])
def test_files_in_the_order_of_the_index(make, tmp_path, settings):
    book = read_book(make(tmp_path), settings)
    assert (book.title, book.authors, book.language) == ("The Folder", ("Ann Author",), "en")
    assert (book.subjects, book.rights) == (("lamps", "night"), "CC0")
    assert outline(book) == EXPECTED
    assert skipped(book)[0][0] == "table-of-contents" and ("hidden", "unseen") in skipped(book)
    assert book.warnings == ("text/extra.html is not linked from index.html and was read at the end",)


def test_without_an_index_files_are_counted_as_people_count(tmp_path, settings):
    for number in (10, 2, 1):
        (tmp_path / f"ch{number}.htm").write_text(f"<title>Number {number}</title><p>Text {number}.", encoding="utf-8")
    with pytest.raises(UnreadableBookError, match="a folder without an index page"):
        read_book(tmp_path, settings)
    (tmp_path / "index.htm").write_text("<p>No links", encoding="utf-8")
    book = read_book(tmp_path, settings)
    assert outline(book) == [(f"Number {n}", [f"Text {n}."]) for n in (1, 2, 10)]
    before = book.source_sha256
    (tmp_path / "ch2.htm").write_text("<p>Other.", encoding="utf-8")
    assert read_book(tmp_path, settings).source_sha256 != before


def test_links_out_of_the_folder_are_not_followed(tmp_path, settings):
    (tmp_path / "secret.html").write_text("<p>secret", encoding="utf-8")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.html").write_text("<p>open", encoding="utf-8")
    (tmp_path / "book" / "b.html").symlink_to(tmp_path / "secret.html")
    assert outline(read_book(tmp_path / "book", settings)) == [("book", ["open"])]


def test_links_of_an_index_page_that_cannot_be_followed_lead_nowhere(tmp_path, settings):
    hrefs = ("x" * 5000 + ".html", "../secret.html", "a%00b.html", "index.html", "index.html#a", "there.html")
    links = "".join(f'<a href="{href}">a page</a> ' for href in hrefs)
    (tmp_path / "secret.html").write_text("<p>secret", encoding="utf-8")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "there.html").write_text("<p>there", encoding="utf-8")
    (tmp_path / "book" / "index.html").write_text(f"<title>Alone</title><p>All of it.</p>{links}", encoding="utf-8")
    assert outline(read_book(tmp_path / "book" / "index.html", settings))[0][1][0] == "All of it."


def test_a_page_of_an_index_s_name_without_links_is_a_book_of_one_file(tmp_path, settings):
    (tmp_path / "index.html").write_text("<title>Alone</title><p>All of it.", encoding="utf-8")
    (tmp_path / "other.html").write_text("<p>Other.", encoding="utf-8")
    assert outline(read_book(tmp_path / "index.html", settings)) == [("Alone", ["All of it."])]


def test_one_file_with_a_declared_encoding(tmp_path, settings):
    html = '<html><head><meta charset="iso-8859-1"><title>T</title></head><body><h1>A</h1><p>caf\xe9 \x93so\x94</p>'
    (tmp_path / "b.html").write_bytes(html.encode("latin-1"))
    book = read_book(tmp_path / "b.html", settings)
    assert outline(book) == [("A", ["A", "café “so”"])] and book.title == "T"


FB2 = """<?xml version="1.0" encoding="utf-8"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">
<description><title-info><author><first-name>Ann</first-name><last-name>Author</last-name></author>
<book-title>The Tale</book-title><annotation><p>About.</p></annotation><date>1901</date>
<keywords>lamps, night</keywords>
<coverpage><image l:href="#c.png"/></coverpage><lang>en</lang><sequence name="The Lamps" number="2"/></title-info>
<publish-info><publisher>P</publisher><isbn>123</isbn></publish-info></description>
<body><title><p>The Tale</p></title>
<section><title><p>One</p><p>The Start</p></title>
<p>Text <emphasis>here</emphasis><a l:href="#n1" type="note">1</a>.</p>
<poem><stanza><v>First line</v><v>Second line</v></stanza></poem><empty-line/><cite><p>Said.</p></cite></section>
<section><title><p>Two</p></title><subtitle>* * *</subtitle><p>The end.</p></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>The note.</p></section></body>
<binary id="c.png" content-type="image/png">COVER</binary></FictionBook>"""


@pytest.mark.parametrize("packed", [False, True])
def test_fb2(packed, tmp_path, settings):
    text = FB2.replace("COVER", base64.b64encode(b"PNG").decode())
    path = tmp_path / ("b.fb2.zip" if packed else "b.fb2")
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("b.fb2", text)
    else:
        path.write_text(text, encoding="utf-8")
    book = read_book(path, settings)
    assert (book.title, book.authors, book.language, book.date) == ("The Tale", ("Ann Author",), "en", "1901")
    assert (book.publisher, book.identifier, book.description) == ("P", "123", "About.")
    assert (book.series, book.series_position) == ("The Lamps", "2")
    assert (book.sort_authors, book.subjects) == (("Author, Ann",), ("lamps", "night"))
    assert (book.cover, book.cover_media_type) == (b"PNG", "image/png")
    assert [warning.split(",")[0] for warning in book.warnings] == [
        "left out by a guess as half-title-page: 'The Tale'",  # the title that the file declares: no loss
    ]
    assert outline(book) == [
        ("One The Start", ["One\nThe Start", "Text here.", "First line\nSecond line", "Said."]),
        ("Two", ["Two", "* * *", "The end."]),
    ]
    assert book.chapters[0].blocks[2].kind.value == "verse"
    assert {rule for rule, _ in skipped(book)} == {"half-title-page", "note-reference", "note-body"}


def test_damaged_fb2_gets_one_clear_line(tmp_path, settings):
    (tmp_path / "b.fb2").write_text(FB2[:400], encoding="utf-8")
    with pytest.raises(UnreadableBookError, match="damaged FB2"):
        read_book(tmp_path / "b.fb2", settings)


def test_a_suffix_that_lies_is_found_out(tmp_path, settings):
    epub = write_epub(tmp_path / "b.txt", {"a.xhtml": page("<p>x</p>")}, {"nav.xhtml": nav(("One", "a.xhtml"))})
    book = read_book(epub, settings)
    assert outline(book) == [("One", ["x"])]
    assert book.warnings[0] == "b.txt is an EPUB by its content and was read as one"
    (tmp_path / "c.zip").write_bytes(epub.read_bytes())
    assert read_book(tmp_path / "c.zip", settings).warnings == book.warnings[1:]
    (tmp_path / "d.txt").write_text("<!DOCTYPE html><html><body><p>para</p></body></html>", encoding="utf-8")
    assert outline(read_book(tmp_path / "d.txt", settings))[0][1] == ["para"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("b.epub", b"%PDF-1.4 hello", "not a PDF, or is damaged"),
        ("b.azw", b"\xeaDRMION\xee" + bytes(99), "protected Kindle book"),
        ("b.txt", bytes(range(256)) * 40, "not a text file"),
        ("b.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), r"save it as \.docx"),
        ("b.xyz", b"text", r"it reads \.azw"),
    ],
)
def test_other_kinds_are_refused_by_name(name, data, message, tmp_path, settings):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableBookError, match=message):
        read_book(tmp_path / name, settings)


def test_a_zip_of_something_else_is_refused(tmp_path, settings):
    with zipfile.ZipFile(tmp_path / "b.txt", "w") as archive:
        archive.writestr("a.exe", "x")
    with pytest.raises(UnreadableBookError, match="unpack it"):
        read_book(tmp_path / "b.txt", settings)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((f"{stem}{suffix}", True) for stem, suffix in zip(
            ("index", "contents", "toc", "default", "start", "00_index"),
            (".html", ".htm", ".xhtml", ".xht", ".HTML", ".html"), strict=True,
        )),
        ("Index.HTM", True),
        ("index.txt", False),
        ("index", False),
        ("an index.html", False),
        ("index.html.bak", False),
    ],
)  # fmt: skip
def test_the_names_of_index_pages(tmp_path, name, is_one):
    assert is_index(name) == is_one
    (tmp_path / "folder").mkdir()
    assert not holds_index(tmp_path / "folder")
    (tmp_path / "folder" / name).write_text("x")
    assert holds_index(tmp_path / "folder") == is_one


def test_a_folder_of_an_index_page_s_name_is_none(tmp_path):
    (tmp_path / "index.html").mkdir()
    assert not holds_index(tmp_path)
    with pytest.raises(UnreadableBookError, match="cannot be read: Not a directory"):
        holds_index(Path(__file__))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.html", True),
        ("a/B.XHTML", True),
        ("s.css", True),
        ("a.png", False),
        ("._a.html", False),
        ("__MACOSX/a.html", False),
        ("a/._b/c.html", False),
        ("a._b.html", True),
    ],
)
def test_the_files_that_are_read(name, wanted):
    assert is_wanted(name) == wanted


def test_a_folder_is_as_large_as_the_settings_allow_and_no_larger(tmp_path, settings):
    for name in ("index.html", "b.html", "c.css"):
        (tmp_path / name).write_text("x" * 10)
    (tmp_path / "d.png").write_text("x" * 1000)

    def names(**changed):
        return list(read_files(tmp_path, settings.model_copy(update=changed)))

    assert names(max_archive_bytes=30, max_archive_members=3) == ["b.html", "c.css", "index.html"]
    for changed in ({"max_archive_bytes": 29}, {"max_archive_members": 2}):
        with pytest.raises(UnreadableBookError, match="more files than ingest"):
            names(**changed)


def test_links_inside_the_folder_are_followed_and_out_of_it_not(tmp_path, settings):
    book = tmp_path / "book"
    (book / "sub").mkdir(parents=True)
    (book / "index.html").write_text("i")
    (book / "sub" / "a.html").write_text("a")
    (tmp_path / "book more").mkdir()
    (tmp_path / "book more" / "x.html").write_text("secret")
    (book / "b.html").symlink_to(book / "sub" / "a.html")
    (book / "c.html").symlink_to("../book more/x.html")
    (book / "d.html").symlink_to(tmp_path / "gone.html")
    (tmp_path / "link").symlink_to(book)
    for folder in (book, tmp_path / "link"):
        assert read_files(folder, settings) == {"b.html": b"a", "index.html": b"i", "sub/a.html": b"a"}


def test_a_folder_is_known_by_names_and_bytes_in_whatever_order():
    """Another digest makes every book of files another book."""
    plain = digest_of({"a": b"1", "b": b"23"})
    assert plain == hashlib.sha256(b"a\x001\x001" + b"b\x002\x0023").hexdigest()
    assert plain == digest_of({"b": b"23", "a": b"1"})
    assert len({plain, digest_of({"a": b"12", "b": b"3"}), digest_of({"a": b"1", "c": b"23"}), digest_of({})}) == 4
    assert digest_of({"\udcff": b""}) == hashlib.sha256(b"\xff\x000\x00").hexdigest()
