"""EPUBs as people have them: broken packages are put right with a warning, metadata found, pictures and DRM refused."""

from __future__ import annotations

import base64
import time
import zipfile

import pytest

from configs.settings import load_settings
from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.epub import package as package_module
from tasks.ingest.formats.epub.package import read_package
from tests.tasks.ingest.builders import CONTAINER, nav, opf, page, write_epub

PAGES = {"a.xhtml": page("<h1>One</h1><p>First.</p>"), "b c.xhtml": page("<h1>Two</h1><p>Second.</p>")}
CONTENTS = {"nav.xhtml": nav(("One", "a.xhtml"), ("Two", "b%20c.xhtml"))}
PACKAGE = opf([*PAGES, *CONTENTS], list(PAGES))


def remade(tmp_path, package=PACKAGE, members=None, drop=()):
    whole = write_epub(
        tmp_path / "whole.epub", PAGES, CONTENTS, members={"OEBPS/content.opf": package} | (members or {})
    )
    path = tmp_path / "b.epub"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in dict.fromkeys(source.namelist()):
            if name not in drop:
                target.writestr(name, source.read(name))
    return path


BROKEN = {
    "undeclared prefix": (PACKAGE.replace('xmlns:dc="http://purl.org/dc/elements/1.1/"', ""), "repaired"),
    "no namespace": (PACKAGE.replace('xmlns="http://www.idpf.org/2007/opf"', ""), ""),
    "prefixed": (
        PACKAGE.replace("<package xmlns=", "<opf:package xmlns:opf=")
        .replace("</package>", "</opf:package>")
        .replace(' xmlns:opf="http://www.idpf.org/2007/opf">', ">", 1),
        "",
    ),
    "unknown entity": (PACKAGE.replace("A Test", "A Test &copy; &bogus;"), ""),
    "duplicate ids": (
        PACKAGE.replace("</manifest>", '<item id="i0" href="z.xhtml" media-type="x/y"/></manifest>'),
        "two",
    ),
    "item without href": (PACKAGE.replace("</manifest>", '<item id="z"/></manifest>'), "no href"),
    "wrong types": (PACKAGE.replace("application/xhtml+xml", "text/plain"), "was read as application/xhtml"),
    "dangling spine": (PACKAGE.replace("</spine>", '<itemref idref="zz"/><itemref/></spine>'), "'zz'"),
    "unencoded href": (PACKAGE.replace("b c.xhtml", "B%20C.xhtml"), ""),
    "dotted href": (PACKAGE.replace('href="a.xhtml"', 'href="../OEBPS/./a.xhtml"'), ""),
    "backslash": (PACKAGE.replace('href="a.xhtml"', 'href="..\\OEBPS\\a.xhtml"'), ""),
    "cut off": (PACKAGE.replace("</spine></package>", ""), "repaired"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_package_is_put_right(fault, tmp_path, settings):
    package, warning = BROKEN[fault]
    assert package != PACKAGE
    book = read_book(remade(tmp_path, package), settings)
    assert [[block.text for block in chapter.blocks] for chapter in book.chapters] == [
        ["One", "First."],
        ["Two", "Second."],
    ]
    assert book.title.startswith("A Test")
    assert warning in "\n".join(book.warnings)


@pytest.mark.parametrize(
    ("members", "drop", "warning"),
    [
        ({}, ("META-INF/container.xml",), "container.xml is missing"),
        ({"META-INF/container.xml": "<container"}, (), "repaired"),
        ({"META-INF/container.xml": CONTAINER.replace("OEBPS/content", "OEBPS/gone")}, (), "gone.opf is missing"),
        ({"META-INF/container.xml": CONTAINER.replace("OEBPS/content.opf", "/oebps/Content.opf")}, (), ""),
    ],
)
def test_the_package_is_found(members, drop, warning, tmp_path, settings):
    book = read_book(remade(tmp_path, members=members, drop=drop), settings)
    assert len(book.chapters) == 2
    assert warning in "\n".join(book.warnings)


def test_a_picture_that_is_called_a_text_is_left_out(tmp_path, settings):
    book = read_book(remade(tmp_path, members={"OEBPS/b c.xhtml": b"\x89PNG\r\n\x1a\n" + bytes(100)}), settings)
    assert [chapter.title for chapter in book.chapters] == ["One"]
    assert any("is no text" in warning for warning in book.warnings)


METADATA = {
    "epub 3": (
        '<meta property="belongs-to-collection" id="s">Universe</meta>'
        '<meta refines="#s" property="collection-type">set</meta>'
        '<meta property="belongs-to-collection" id="c">The Lamps</meta>'
        '<meta refines="#c" property="collection-type">series</meta>'
        '<meta refines="#c" property="group-position">2</meta>',
        ("The Lamps", "2"),
    ),
    "calibre": (
        '<meta name="calibre:series" content="The Lamps"/><meta name="calibre:series_index" content="3.0"/>',
        ("The Lamps", "3"),
    ),
    "none": ("", ("", "")),
}


@pytest.mark.parametrize("kind", METADATA)
def test_series(kind, tmp_path, settings):
    extra, expected = METADATA[kind]
    metadata = read_package(write_epub(tmp_path / "b.epub", PAGES, extra_metadata=extra), settings).metadata
    assert (metadata.series, metadata.series_position) == expected


def test_main_title_publication_date_and_identifiers(tmp_path, settings):
    extra = (
        '<dc:title id="t">The Real Title</dc:title><meta refines="#t" property="title-type">main</meta>'
        '<dc:date opf:event="modification">2020</dc:date><dc:date opf:event="publication">1999</dc:date>'
        '<dc:identifier opf:scheme="ISBN" id="other">9780000000002</dc:identifier>'
    )
    metadata = read_package(write_epub(tmp_path / "b.epub", PAGES, extra_metadata=extra), settings).metadata
    assert (metadata.title, metadata.date, metadata.identifier) == ("The Real Title", "1999", "test-1")
    assert metadata.identifiers == ("test-1", "isbn:9780000000002")


PAGE_OF_PICTURE = page("<div><img src='p.png'/></div>")
SCANS = {f"{i}.xhtml": PAGE_OF_PICTURE for i in range(12)} | {"t.xhtml": page("<p>Page 1</p>")}
FIXED_OF_OLD = '<meta name="fixed-layout" content="true"/>'
FIXED = '<meta property="rendition:layout">pre-paginated</meta>'
REFUSED = {
    "scans": (SCANS, "", "12 pictures and 4 letters of text"),
    "fixed layout of old": (SCANS, FIXED_OF_OLD, "13 pages, which hold 4 letters of text"),
    "fixed layout": (SCANS, FIXED, "13 pages, which hold 4 letters of text"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_books_of_pictures_are_refused(kind, tmp_path, settings):
    pages, extra, reason = REFUSED[kind]
    with pytest.raises(UnreadableBookError, match=reason):
        read_book(write_epub(tmp_path / "b.epub", pages, extra_metadata=extra), settings)


@pytest.mark.parametrize("fixed", [FIXED, FIXED_OF_OLD])
def test_a_book_of_fixed_layout_with_text_is_read_page_by_page(fixed, tmp_path, settings):
    pages = {
        "a.xhtml": page("<div style='position:absolute; top:10px'>The miller had a cat.</div><img src='p.png'/>"),
        "b.xhtml": page("<p style='opacity:0'>The cat had a hat.</p>"),  # laid over a picture
        "c.xhtml": page("<p style='display:none'>Not this.</p><p>The end.</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", pages, extra_metadata=fixed), settings)
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == [
        "The miller had a cat.",
        "The cat had a hat.",
        "The end.",
    ]
    assert any("fixed layout" in warning for warning in book.warnings)


def test_an_entry_of_the_spine_that_is_no_text_gives_way_to_its_fallback(tmp_path, settings):
    package = opf(["a.xhtml", "p.png", "p.json", "p.xhtml"], ["a.xhtml", "p.png"])
    package = package.replace('id="i1"', 'id="i1" fallback="i2"').replace('id="i2"', 'id="i2" fallback="i3"', 1)
    files = {"a.xhtml": page("<p>One.</p>")}
    members = {
        "OEBPS/content.opf": package,
        "OEBPS/p.png": b"\x89PNG....",
        "OEBPS/p.json": "{}",
        "OEBPS/p.xhtml": page("<p>Two.</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", files, members=members), settings)
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == ["One.", "Two."]


@pytest.mark.parametrize("entry", ["p.xhtml", "p.dtb"])  # the table of contents may name either
def test_an_entry_of_a_foreign_type_gives_way_to_its_xhtml(tmp_path, settings, entry):
    package = opf(["a.xhtml", "p.dtb", "p.xhtml", "nav.xhtml"], ["a.xhtml", "p.dtb", "p.xhtml"])
    package = package.replace('id="i1"', 'id="i1" fallback="i2"', 1)
    members = {
        "OEBPS/content.opf": package,
        "OEBPS/p.dtb": "<dtbook><p>Two, for few.</p></dtbook>",
        "OEBPS/p.xhtml": page("<p>Two.</p>"),
        "OEBPS/nav.xhtml": nav(("I", "a.xhtml"), ("II", entry)),
    }
    book = read_book(write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>One.</p>")}, members=members), settings)
    chapters = [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]
    assert chapters == [("I", ["One."]), ("II", ["Two."])]
    assert any("p.xhtml of the spine is missing or repeated" in warning for warning in book.warnings)


def test_a_fallback_that_several_entries_share_stands_for_none_of_them(tmp_path, settings):
    package = opf(["a.dtb", "b.dtb", "sorry.xhtml"], ["a.dtb", "b.dtb"])
    for item in ("i0", "i1"):
        package = package.replace(f'id="{item}"', f'id="{item}" fallback="i2"', 1)
    members = {"OEBPS/content.opf": package, "OEBPS/sorry.xhtml": page("<p>Cannot be shown.</p>")}
    members |= {f"OEBPS/{name}.dtb": f"<dtbook><p>Text {name}.</p></dtbook>" for name in "ab"}
    book = read_book(write_epub(tmp_path / "b.epub", {}, members=members), settings)
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == ["Text a.", "Text b."]


def test_thousands_of_pictures_take_no_longer_than_their_number(tmp_path):
    pictures = [f"s{number}.gif" for number in range(5000)]
    members = {"OEBPS/content.opf": opf(["a.xhtml", *pictures], ["a.xhtml"])}
    members |= {f"OEBPS/{name}": b"GIF89a" for name in pictures}
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>He had them all.</p>")}, members=members)
    before = time.process_time()
    book = read_book(path, load_settings().ingest)
    assert [block.text for block in book.chapters[0].blocks] == ["He had them all."]
    assert time.process_time() - before < 5


def test_fallbacks_in_a_circle_end(tmp_path, settings):
    package = opf(["a.xhtml", "p.png"], ["a.xhtml", "p.png"]).replace('id="i1"', 'id="i1" fallback="i1"')
    members = {"OEBPS/content.opf": package, "OEBPS/p.png": b"\x89PNG...."}
    book = read_book(write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>One.</p>")}, members=members), settings)
    assert any("p.png of the spine is no text" in warning for warning in book.warnings)


def test_one_fixed_page_does_not_make_a_fixed_book(tmp_path, settings):
    package = PACKAGE.replace(
        '<itemref idref="i0"/>', '<itemref idref="i0" properties="rendition:layout-pre-paginated"/>'
    )
    assert len(read_book(remade(tmp_path, package), settings).chapters) == 2


def _encryption(uri):
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/>'
        f'<enc:CipherData><enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>'
    )


def test_an_encrypted_font_is_no_lock_but_an_encrypted_chapter_is(tmp_path, settings):
    assert read_book(remade(tmp_path, members={"META-INF/encryption.xml": _encryption("OEBPS/f.otf")}), settings)
    with pytest.raises(UnreadableBookError, match="protected by DRM"):
        read_book(remade(tmp_path, members={"META-INF/encryption.xml": _encryption("OEBPS/a.xhtml")}), settings)


SORTED = {
    "epub 3": (
        '<dc:title id="t">The Lamp</dc:title><meta refines="#t" property="title-type">main</meta>'
        '<meta refines="#t" property="file-as">Lamp, The</meta>'
        '<dc:title id="s">A Tale</dc:title><meta refines="#s" property="title-type">subtitle</meta>'
        '<dc:creator id="a">Ann Writer</dc:creator><meta refines="#a" property="file-as">Writer, Ann</meta>',
        ("The Lamp", "Lamp, The", "A Tale", ("Ann Author", "Ann Writer"), ("Ann Author", "Writer, Ann")),
    ),
    "epub 2 and calibre": (
        '<meta name="calibre:title_sort" content="Lamp, The"/>'
        '<dc:creator opf:file-as="Writer, Ann" opf:role="aut">Ann Writer</dc:creator>',
        ("A Test", "Lamp, The", "", ("Ann Author", "Ann Writer"), ("Ann Author", "Writer, Ann")),
    ),
    "nothing": ("", ("A Test", "", "", ("Ann Author",), ())),
}


@pytest.mark.parametrize("kind", SORTED)
def test_subtitle_and_sort_names(kind, tmp_path, settings):
    extra, expected = SORTED[kind]
    book = read_book(write_epub(tmp_path / "b.epub", PAGES, extra_metadata=extra), settings)
    assert (book.title, book.sort_title, book.subtitle, book.authors, book.sort_authors) == expected


def test_subjects_and_rights(tmp_path, settings):
    extra = (
        "<dc:subject>Lamps -- Fiction; Night</dc:subject><dc:subject> Night </dc:subject><dc:subject/>"
        "<dc:rights>Public domain\n in the USA.</dc:rights>"
    )
    book = read_book(write_epub(tmp_path / "b.epub", PAGES, extra_metadata=extra), settings)
    assert (book.subjects, book.rights) == (("Lamps -- Fiction", "Night"), "Public domain in the USA.")


@pytest.mark.parametrize("word", ["yes", "YES", "", "true", "1"])
def test_whatever_does_not_say_no_is_in_the_reading_order(word, tmp_path, settings):
    raw = opf(["a.xhtml"], ["a.xhtml"]).replace("<itemref ", f'<itemref linear="{word}" ')
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>x</p>")}, members={"OEBPS/content.opf": raw})
    assert [block.text for block in read_book(path, settings).chapters[0].blocks] == ["x"]


@pytest.mark.parametrize("word", ["no", " No "])
def test_what_says_no_is_not_read(word, tmp_path, settings):
    raw = opf(["a.xhtml", "b.xhtml"], ["a.xhtml", "b.xhtml"])
    raw = raw.replace('<itemref idref="i1"', f'<itemref linear="{word}" idref="i1"')
    pages = {"a.xhtml": page("<p>x</p>"), "b.xhtml": page("<p>y</p>")}
    book = read_book(write_epub(tmp_path / "b.epub", pages, members={"OEBPS/content.opf": raw}), settings)
    assert [block.text for block in book.chapters[0].blocks] == ["x"]
    assert [(skip.text, skip.rule) for skip in book.skipped] == [("y", "not-linear")]


JPEG = b"\xff\xd8\xff\xe0 a photograph"
PNG = b"\x89PNG a painting"


def _with_cover(extra="", items="", members=None, pages=None):
    """A package whose manifest has more items; `members` lie beside it."""
    pages = pages or {"a.xhtml": page("<p>x</p>")}
    package = opf(list(pages), list(pages), extra).replace("</manifest>", f"{items}</manifest>")
    return pages, {"OEBPS/content.opf": package} | {f"OEBPS/{name}": data for name, data in (members or {}).items()}


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()
COVER_PAGE = {"a.xhtml": page('<img src="../art/c%20d.jpeg"/><p>x</p>')}
GUIDE = '<guide><reference type="COVER" href="a.xhtml"/></guide></package>'


@pytest.mark.parametrize(
    ("items", "extra", "members", "wanted"),
    [
        ('<item id="c" href="c.jpg" media-type="image/jpeg" properties="cover-image"/>', "", {"c.jpg": JPEG}, JPEG),
        ('<item id="c" href="c.png" media-type="x/y"/>', '<meta name="cover" content="c"/>', {"c.png": PNG}, PNG),
        (
            '<item id="c" href="c.png" media-type="image/png"/>',
            '<meta name="cover" content="d"/>',
            {"c.png": PNG},
            None,
        ),
        ('<item id="c" href="c.bmp" media-type="image/bmp" properties="cover-image"/>', "", {"c.bmp": b"BM"}, None),
        ('<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>', "", {}, None),
        ('<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>', "", {"c.png": b""}, None),
        (
            '<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>'
            '<item id="d" href="d.jpg" media-type="image/jpeg"/>',
            '<meta name="cover" content="d"/>',
            {"d.jpg": JPEG},
            JPEG,
        ),
        (
            '<item id="c" href="c.svg" media-type="image/svg+xml" properties="cover-image"/>',
            "",
            {"c.svg": SVG.format(f'<image href="x.png"/><image xlink:href="{DATA}"/>')},
            PNG,
        ),
        (
            '<item id="c" href="c.svg" media-type="image/svg+xml" properties="cover-image"/>',
            "",
            {"c.svg": SVG.format('<image href="data:image/png;base64,?"/><image href="data:image/gif;base64,AA=="/>')},
            None,
        ),
        (
            '<item id="c" href="c.svg" media-type="image/svg+xml" properties="cover-image"/>',
            "",
            {"c.svg": "<svg"},
            None,
        ),
    ],
)
def test_the_cover_is_the_first_picture_that_is_named_so_and_there(items, extra, members, wanted, tmp_path, settings):
    pages, files = _with_cover(extra, items, members)
    package = read_package(write_epub(tmp_path / "b.epub", pages, members=files), settings)
    assert package.cover == wanted
    kinds = {JPEG: "image/jpeg", PNG: "image/png", None: ""}
    assert package.cover_media_type == kinds[wanted]


def test_without_a_name_the_picture_of_the_cover_page_is_the_cover(tmp_path, settings):
    pages, files = _with_cover(pages=COVER_PAGE)
    files["OEBPS/content.opf"] = files["OEBPS/content.opf"].replace("</package>", GUIDE)
    files["art/c d.jpeg"] = JPEG
    assert read_package(write_epub(tmp_path / "b.epub", pages, members=files), settings).cover == JPEG


@pytest.mark.parametrize(("most", "wanted"), [(len(JPEG), JPEG), (len(JPEG) - 1, None)])
def test_a_cover_is_no_larger_than_players_take(most, wanted, tmp_path, settings, monkeypatch):
    assert package_module._MAX_COVER_BYTES == 16 << 20
    monkeypatch.setattr(package_module, "_MAX_COVER_BYTES", most)
    items = '<item id="c" href="c.jpg" media-type="image/jpeg" properties="cover-image"/>'
    pages, files = _with_cover("", items, {"c.jpg": JPEG})
    assert read_package(write_epub(tmp_path / "b.epub", pages, members=files), settings).cover == wanted
