"""Whole books: chapters from tables of contents, metadata, and clear errors for what cannot be read."""

from __future__ import annotations

import os
import random
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from storage.records import Block, Book
from tasks.errors import UnreadableBookError
from tasks.ingest.book import can_be_traced, identity_of, read_book
from tasks.ingest.events import TracedBlock
from tests.beside import real_books_or_skip
from tests.tasks.ingest.builders import nav, ncx, page, write_epub


def outline(book: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


@pytest.mark.parametrize("table", ["nav.xhtml", "toc.ncx"])
def test_chapters_by_file_and_fragment(tmp_path, settings, table):
    pages = {
        "a.xhtml": page("<h2 id='one'>One</h2><p>1</p><h2><a id='two'/>Two</h2><p>2</p>"),
        "b.xhtml": page("<p>still two</p>"),
        "Text/C d.xhtml": page("<p>3</p>"),
    }
    make = nav if table == "nav.xhtml" else ncx
    contents = {table: make(("One", "a.xhtml#one"), ("Two", "a.xhtml#two"), ("Three", "./Text/x/../c%20D.xhtml"))}
    book = read_book(write_epub(tmp_path / "b.epub", pages, contents), settings)
    assert outline(book) == [("One", ["One", "1"]), ("Two", ["Two", "2", "still two"]), ("Three", ["3"])]


def test_nested_table_of_contents_and_markup_in_its_titles(tmp_path, settings):
    table = page(
        '<nav epub:type="toc"><ol><li><a href="p.xhtml">Part <span>I</span></a><ol>'
        '<li><a href="a.xhtml"><b>First</b> steps</a></li></ol></li></ol></nav>'
    )
    pages = {"p.xhtml": page("<h1>Part I</h1>"), "a.xhtml": page("<h2>First steps</h2><p>x</p>")}
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": table}), settings)
    assert outline(book) == [("Part I: First steps", ["Part I", "First steps", "x"])]


def test_without_a_table_of_contents_headings_make_chapters(tmp_path, settings):
    pages = {
        "a.xhtml": page("<h1>The Book</h1><h2>One</h2><p>1</p>"),
        "b.xhtml": page("<p>more</p><h2>Two</h2><p>2</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", pages), settings)
    assert outline(book) == [("The Book", ["The Book"]), ("One", ["One", "1", "more"]), ("Two", ["Two", "2"])]
    assert any("no table of contents" in warning for warning in book.warnings)


def test_a_file_whose_name_is_wrong_is_told_beside_all_else_that_is_odd(tmp_path, settings):
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<h2>One</h2><p>1</p>")})
    said = read_book(path, settings).warnings
    assert said
    named, *others = read_book(path.rename(tmp_path / "b.fb2"), settings).warnings
    assert "EPUB" in named
    assert len(others) == len(said)


def test_missing_members_and_dangling_entries_are_warnings(tmp_path, settings):
    pages = {"a.xhtml": page("<p>1</p>"), "gone.xhtml": page("<p>2</p>")}
    contents = {"nav.xhtml": nav(("One", "a.xhtml#nowhere"), ("Lost", "lost.xhtml"))}
    whole = write_epub(tmp_path / "whole.epub", pages, contents)
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            if "gone" not in name:
                target.writestr(name, source.read(name))
    book = read_book(broken, settings)
    assert outline(book) == [("One", ["1"])]
    assert [word for word in ("gone.xhtml", "#nowhere", "lost.xhtml") if word in "\n".join(book.warnings)] == [
        "gone.xhtml",
        "#nowhere",
        "lost.xhtml",
    ]


def test_metadata(tmp_path, settings):
    extra = (
        '<dc:creator id="x" opf:role="ill">Ivy Illustrator</dc:creator><dc:publisher>P &amp; Co</dc:publisher>'
        "<dc:date>2001</dc:date><dc:description>&lt;p&gt;A &lt;b&gt;fine&lt;/b&gt; book&lt;/p&gt;</dc:description>"
        '<meta name="cover" content="i1"/>'
    )
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>x</p>")}, {"c.png": "PNG"}, extra)
    book = read_book(path, settings)
    assert (book.title, book.authors, book.language, book.identifier) == ("A Test", ("Ann Author",), "en", "test-1")
    assert (book.publisher, book.date, book.description) == ("P & Co", "2001", "A fine book")
    assert (book.cover, book.cover_media_type) == (b"PNG", "image/png")


def _drm(path):
    algorithm = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    return _encrypted(path, algorithm)


def _encrypted(path, algorithm):
    xml = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/></enc:EncryptedData></encryption>'
    )
    return write_epub(path, {"a.xhtml": page("<p>x</p>")}, members={"META-INF/encryption.xml": xml})


def test_font_obfuscation_is_no_drm(tmp_path, settings):
    path = _encrypted(tmp_path / "b.epub", "http://www.idpf.org/2008/embedding")
    assert outline(read_book(path, settings)) == [("A Test", ["x"])]


def _truncated(path):
    whole = write_epub(path, {"a.xhtml": page("<p>x</p>" * 500)}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _corrupt(path):
    data = bytearray(write_epub(path, {"a.xhtml": page("<p>some text that is long enough</p>" * 50)}).read_bytes())
    place = data.index(b"OEBPS/a.xhtml") + 40
    data[place : place + 20] = bytes(20)
    path.write_bytes(data)
    return path


def _locked(path):
    data = bytearray(write_epub(path, {"a.xhtml": page("<p>x</p>")}).read_bytes())
    entry = data.index(b"PK\1\2", data.rindex(b"PK\3\4"))  # the first of the central directory
    data[entry + 8] |= 1  # its flag of encryption
    path.write_bytes(data)
    return path


def _huge_unit(path):
    numbers = random.Random(1)
    words = " ".join(f"{numbers.getrandbits(64):x}" for _ in range(140_000))  # compresses to a half, as no bomb does
    return write_epub(path, {"a.xhtml": page(f"<p>{words}</p>")})


def _no_container(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "x")
    return path


def _broken_opf(path):
    return write_epub(path, {}, members={"OEBPS/content.opf": "<package><metadata/></package>"})


def _written(path, data):
    path.write_bytes(data)
    return path


FAULTS = {
    "no file": (lambda p: p, "there is no file"),
    "a folder": (lambda p: (p.mkdir(), p)[1], "a folder without an index page"),
    "empty": (lambda p: _written(p, b""), "is empty"),
    "not a zip": (lambda p: _written(p, b"hello, this is no zip"), "not an EPUB"),
    "truncated": (_truncated, "damaged"),
    "corrupt member": (_corrupt, "damaged|cannot be unpacked"),
    "no container": (_no_container, r"holds no META-INF/container\.xml"),
    "broken package": (_broken_opf, "damaged package file"),
    "drm": (_drm, "protected by DRM"),
    "encrypted, and nobody says which file": (
        lambda p: write_epub(
            p,
            {"a.xhtml": page("<p>x</p>")},
            members={"META-INF/encryption.xml": "<encryption><EncryptedData/></encryption>"},
        ),
        "protected by DRM",
    ),
    "licence": (lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={"META-INF/license.lcpl": "{}"}), "DRM"),
    "no spine": (lambda p: write_epub(p, {}), "spine is empty"),
    "pictures": (
        lambda p: write_epub(p, {"a.xhtml": page("<img src='a.png'/>")}),
        "if its pages are pictures, recognise their text",
    ),
    "all skipped": (
        lambda p: write_epub(p, {"a.xhtml": page("<nav>x</nav>")}),
        "left out by the skip rules navigation",
    ),
    "fixed layout": (
        lambda p: write_epub(
            p, {"a.xhtml": page("<p>x</p>")}, {}, '<meta property="rendition:layout">pre-paginated</meta>'
        ),
        "fixed-layout",
    ),
    "traversal": (lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={"../evil": "x"}), "points outside"),
    "traversal from within": (
        lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={"OEBPS/../../evil": "x"}),
        "points outside",
    ),
    **{
        f"member {name}": (
            lambda p, name=name: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={name: "x"}),
            "points outside",
        )
        for name in ("/evil", "\\evil", "\\\\host\\evil", "c:evil", "C:\\evil", "OEBPS\\..\\..\\evil", "a/../..")
    },
    "bomb": (lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={"b.png": bytes(5_000_000)}), "zip bomb"),
    "bomb with a strange name": (
        lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={"b\nc.png": bytes(5_000_000)}),
        "b\ufffdc.png unpacks to",
    ),
    "huge unit": (_huge_unit, r"a\.xhtml has 2 MiB, over ingest\.max_unit_bytes"),
    "locked": (_locked, r"locked with a password \(mimetype\); unlock it first"),
    "many members": (
        lambda p: write_epub(p, {"a.xhtml": page("<p>x</p>")}, members={f"{i}.css": "" for i in range(60)}),
        "max_archive_members",
    ),
    "deep": (lambda p: write_epub(p, {"a.xhtml": page("<div>" * 9000 + "x")}), "nested too deeply"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_unreadable_books_get_one_clear_line(fault, tmp_path, settings):
    make, message = FAULTS[fault]
    with pytest.raises(UnreadableBookError, match=message) as caught:
        read_book(make(tmp_path / "b.epub"), settings)
    assert "\n" not in str(caught.value)


def test_a_little_that_compresses_like_a_bomb_is_read(tmp_path, settings):
    pages = {"a.xhtml": page(f"<p>{'It wrote a line. ' * 80_000}</p>")}  # 1.3 MB of which the archive needs 4 KB
    book = read_book(write_epub(tmp_path / "b.epub", pages), settings)
    assert len(book.chapters[0].blocks[0].text) > 1_300_000
    many = {f"{number}.css": " " * 900_000 for number in range(3)}
    with pytest.raises(UnreadableBookError, match="and all such files to 3 MiB"):
        read_book(write_epub(tmp_path / "c.epub", pages, members=many), settings)


@pytest.mark.parametrize("members", [1, 40])
def test_all_files_of_an_archive_together_have_a_limit(tmp_path, settings, members):
    noise = random.Random(1)
    pictures = {f"{number}.png": noise.randbytes(400_000 // members) for number in range(members)}
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>x</p>")}, members=pictures)
    assert read_book(path, settings.model_copy(update={"max_archive_bytes": 410_000}))
    with pytest.raises(UnreadableBookError, match=r"more than ingest\.max_archive_bytes allows"):
        read_book(path, settings.model_copy(update={"max_archive_bytes": 400_000}))


def test_unknown_kind_and_too_large_a_file(tmp_path, settings):
    path = _written(tmp_path / "b.xyz", b"x")
    with pytest.raises(UnreadableBookError, match=r"it reads \.azw, .*\.epub"):
        read_book(path, settings)
    with pytest.raises(UnreadableBookError, match="max_file_bytes"):
        read_book(_written(tmp_path / "b.txt", b"xxx"), settings.model_copy(update={"max_file_bytes": 2}))


def test_the_same_file_gives_the_same_book(sample_book, settings):
    first = read_book(sample_book, settings)
    second = read_book(sample_book, settings)
    assert first == second
    assert replace(first, title="x") != second


def test_the_sample_book(sample_book, settings):
    book = read_book(sample_book, settings)
    assert [chapter.title for chapter in book.chapters] == [
        "Chapter I: The Clock on Candle Street",
        "Chapter II: The Price of a Minute",
        "Chapter III: What the Lamplighter Sang",
        "Chapter IV: Thirteen Minutes",
    ]
    assert [skip.rule for skip in book.skipped] == ["title-page", "note-reference", "note-body", "copyright-page"]
    assert book.cover is not None and book.cover.startswith(b"\x89PNG") and not book.warnings


@pytest.mark.parametrize("path", real_books_or_skip(), ids=lambda path: path.stem[:30])
def test_real_books_are_read_whole(path, settings):
    roomy = {"max_file_bytes": 1 << 30, "max_archive_bytes": 1 << 30, "max_unit_bytes": 1 << 25}
    book = read_book(path, settings.model_copy(update={**roomy, "max_archive_members": 20_000}))
    assert book.title and book.chapters
    assert all(chapter.title and chapter.blocks for chapter in book.chapters)
    assert [chapter.index for chapter in book.chapters] == list(range(len(book.chapters)))


@pytest.mark.parametrize("form", ["file", "folder", "index"])
def test_a_book_is_known_by_what_its_identity_says(tmp_path, settings, form):
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<h1>One</h1><p>1</p>")})
    if form != "file":
        path = tmp_path / "folder"
        path.mkdir()
        (path / "index.html").write_text('<a href="a.html">A</a> <a href="b.html">B</a>', "utf-8")
        for name in ("a.html", "b.html"):
            (path / name).write_text(f"<h1>{name}</h1><p>Words.</p>", "utf-8")
    named = path / "index.html" if form == "index" else path
    identity = identity_of(named, settings)
    assert identity == read_book(path, settings).source_sha256
    assert len(identity) == 64


def test_an_archive_may_hold_as_many_files_as_the_settings_say(tmp_path, settings):
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>One word.</p>")})
    with zipfile.ZipFile(path) as archive:
        count = len(archive.namelist())
    read_book(path, settings.model_copy(update={"max_archive_members": count}))
    with pytest.raises(UnreadableBookError, match="max_archive_members"):
        read_book(path, settings.model_copy(update={"max_archive_members": count - 1}))


def _no_file(path):
    path.mkdir()
    (path / "index.html").mkdir()
    return path


@pytest.mark.parametrize("ask", [read_book, identity_of])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p, "^there is no file .*b.epub$"),
        (_no_file, "b.epub is a folder without an index page"),
        (lambda p: _written(p, b" \n\t"), "^b.epub is empty$"),
        (lambda p: (os.mkfifo(p), p)[1], "b.epub is not a file; name the book file itself"),
        (lambda p: _written(p, bytes(2 << 20)), "^b.epub is 2 MiB, more than ingest.max_file_bytes allows$"),
    ],
)
def test_what_is_no_file_of_a_book_is_told_by_whoever_asks(ask, make, message, tmp_path, settings):
    with pytest.raises(UnreadableBookError, match=message):
        ask(make(tmp_path / "b.epub"), settings.model_copy(update={"max_file_bytes": (2 << 20) - 1}))


@pytest.mark.parametrize("ask", [read_book, identity_of])
def test_a_file_is_as_large_as_the_settings_allow_and_no_larger(ask, tmp_path, settings):
    path = _written(tmp_path / "b.txt", b"word")
    assert ask(path, settings.model_copy(update={"max_file_bytes": 4}))
    with pytest.raises(UnreadableBookError, match="max_file_bytes"):
        ask(path, settings.model_copy(update={"max_file_bytes": 3}))


def test_a_file_that_may_not_be_read_is_named_with_the_reason(tmp_path, settings, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    path = _written(tmp_path / "b.txt", b"word")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UnreadableBookError, match=r"b\.txt cannot be read: Permission denied$"):
        read_book(path, settings)


@pytest.mark.parametrize("form", ["txt", "html", "index"])
def test_only_an_epub_can_be_traced(form, tmp_path, settings):
    epub = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>x</p>")})
    (block,) = read_book(epub, settings, traced=True).chapters[0].blocks
    assert isinstance(block, TracedBlock) and can_be_traced(epub, epub.read_bytes())
    assert type(read_book(epub, settings).chapters[0].blocks[0]) is Block
    (tmp_path / "html").mkdir()
    path = tmp_path / f"b.{form}" if form != "index" else tmp_path / "html"
    text = "<html><p>Some words." if form != "txt" else "Some words."
    (path / "index.html" if form == "index" else path).write_text(text)
    with pytest.raises(UnreadableBookError, match=f"^{path.name} is .*: only an EPUB can become a read-along$"):
        read_book(path, settings, traced=True)
    assert form == "index" or not can_be_traced(path, path.read_bytes())


def test_a_book_of_which_all_is_left_out_names_the_rules_each_once(tmp_path, settings):
    pages = {"a.xhtml": page("<nav>x</nav><svg><text>y</text></svg>"), "b.xhtml": page("<nav>z</nav><p>...</p>")}
    with pytest.raises(UnreadableBookError, match="left out by the skip rules navigation, vector-graphic; name those"):
        read_book(write_epub(tmp_path / "b.epub", pages), settings)
