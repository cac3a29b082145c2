"""An EPUB 2 becomes a read-along where the frame alone of its texts has to change, and is refused where not."""

import shutil
import zipfile

import pytest
from lxml import etree

from tasks.errors import BadInputError
from tasks.package.readalong.build import opened, require_fit
from tasks.package.readalong.check import check_readalong, judged
from tasks.package.readalong.documents import read_document
from tasks.package.readalong.epub2.documents import renewed
from tasks.package.readalong.markings import unmarked
from tests.tasks.package.readalong.old_books import ONE, old_book
from tests.tasks.package.readalong.spoken import made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("old")


@pytest.fixture(scope="module")
def sound(place):
    path = place / "sound.m4a"
    path.write_bytes(b"\0" * 64)
    return path


@pytest.fixture(scope="module")
def built(place, sound):
    """The old book, and the read-along of it."""
    book = old_book(place / "old.epub")
    result, lengths = made(book, sound)
    result.write(place / "made.epub")
    check_readalong(place / "made.epub", book.read_bytes(), lengths)
    return book, place / "made.epub", result


def test_every_utterance_of_it_lights_up(built):
    _, _, result = built
    assert result.unpaired == [] and result.warnings == [] and result.pairs == 6


def test_without_marks_its_texts_are_the_originals_but_for_the_frame(built):
    book, path, _ = built
    with zipfile.ZipFile(book) as before, zipfile.ZipFile(path) as after:
        assert set(before.namelist()) <= set(after.namelist())
        for name in before.namelist():
            old = before.read(name)
            now = unmarked(after.read(name))
            assert now == (renewed(old) if name.endswith(".xhtml") else old) or name.endswith(".opf"), name


def test_a_frame_is_the_document_type_and_what_it_declared():
    now = renewed(ONE.encode()).decode()
    assert now.startswith('<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org')
    assert "http-equiv" not in now and " version=" not in now.split("?>")[1]
    assert "older" in now and "old&#160;&#8212; older" in now and "Caf&#233; owners said &#8220;it" in now
    assert "One &amp; Only" in now and "<!-- &nbsp; stays in a comment -->" in now
    assert read_document(ONE.encode()).text == read_document(now.encode()).text


def test_a_text_that_is_new_already_keeps_every_byte():
    new = b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="x"><head><title>a &amp; b</title></head></html>'
    assert renewed(new) == new


def test_its_package_file_says_the_same_in_the_words_of_epub_3(built):
    original, opf = opened(built[0].read_bytes(), "old.epub")
    root = etree.fromstring(original.read(opf))
    assert root.get("version") == "3.0"
    metas = {(meta.get("property"), meta.text) for meta in root.iter("{*}meta")}
    assert {("role", "aut"), ("role", "ill"), ("file-as", "Author, Ann"), ("identifier-type", "ISBN")} <= metas
    assert {("dcterms:modified", "2004-03-02T00:00:00Z"), ("dcterms:created", "1998")} <= metas
    assert [date.text for date in root.iter("{*}date")] == ["1999-05-06"]
    items = {item.get("id"): item.get("properties") for item in root.iter("{*}item") if item.get("properties")}
    assert items == {"talepress-nav": "nav", "two": "svg", "cover-picture": "cover-image"}
    assert root.find("{*}spine").get("toc") == "ncx" and root.find("{*}guide") is not None


def test_a_book_that_does_not_say_when_it_was_changed_has_the_date_of_its_files(tmp_path):
    original, opf = opened(
        old_book(tmp_path / "b.epub", ".opf", 'opf:event="modification">2004-03-02', 'opf:event="other">').read_bytes(),
        "b",
    )
    assert b'property="dcterms:modified">2005-06-07T08:09:10Z<' in original.read(opf)


def test_its_table_of_contents_is_there_in_both_forms(built):
    original, _ = opened(built[0].read_bytes(), "old.epub")
    root = etree.fromstring(original.read("OEBPS/talepress/nav.xhtml"))
    lists = {nav.get("id"): [(a.get("href"), a.text) for a in nav.iter("{*}a")] for nav in root.iter("{*}nav")}
    assert lists == {
        "toc": [
            ("../text/one.xhtml", "One & Only"),
            ("../text/one.xhtml#part", "A Part"),
            ("../text/two.xhtml", "Two"),
        ],
        "pages": [("../text/one.xhtml#part", "7")],
        "others": [("../cover.xhtml", "cover.xhtml")],
    }
    assert len(root.findall(".//{*}ol/{*}li/{*}ol/{*}li")) == 1
    assert original.read("OEBPS/toc.ncx") == zipfile.ZipFile(built[0]).read("OEBPS/toc.ncx")


def test_the_same_old_book_gives_the_same_file(built, sound, tmp_path):
    made(built[0], sound)[0].write(tmp_path / "again.epub")
    assert (tmp_path / "again.epub").read_bytes() == built[1].read_bytes()


P = "<p>In the evening"
REFUSED = [
    ("two.xhtml", P, f"<p><tt>Now.</tt></p>{P}", "has the element tt"),
    ("two.xhtml", P, '<p align="center">In the evening', "has the attribute align at p"),
    ("two.xhtml", P, f'<table summary="x"><tr><td>1</td></tr></table>{P}', "has the attribute summary at table"),
    ("two.xhtml", P, f'<table border="2"><tr><td>1</td></tr></table>{P}', "has the attribute border at table"),
    ("two.xhtml", P, '<p lang="en" xml:lang="fr">In the evening', "names two languages at p"),
    ("two.xhtml", P, f"<dl><dt>Lamp</dt></dl>{P}", "has a list of terms without"),
    ("two.xhtml", P, f"<table><col/><tr><td>1</td></tr></table>{P}", "has a col outside"),
    (
        "two.xhtml", P, f"<table><tfoot><tr><td>1</td></tr></tfoot><tbody><tr><td>2</td></tr></tbody></table>{P}",
        "has a table's foot before its body",
    ),
    ("two.xhtml", P, f'<p><map id="m"><area href="one.xhtml" alt="a"/></map></p>{P}', "has a map without a name"),
    ("two.xhtml", P, '<p style="direction: rtl">In the evening', "has the style direction"),
    ("two.xhtml", "<title>Two</title>", "<title></title>", "has an empty title"),
    ("two.xhtml", "<title>Two</title>", "", "has no title"),
    ("two.xhtml", "xhtml11.dtd\">", 'xhtml11.dtd" [<!ENTITY x "y">]>', "declares entities of its own"),
    ("two.xhtml", "</p>", "</b>", "is not well-formed"),
    ("style.css", "margin", "unicode-bidi: embed; margin", "has the style unicode-bidi"),
    (".opf", 'toc="ncx"', "", "names no table of contents"),
    (".opf", "text/two.xhtml", "text/three.xhtml", "which is not in the book"),
    (".opf", "<guide>", "<tours/><guide>", "has tours"),
    (".opf", '"two" href="text/two.xhtml" media-type="application/xhtml+xml"',
     '"two" href="text/two.xhtml" media-type="application/x-dtbook+xml"', "has a text of the kind application/x-dtb"),
    ("toc.ncx", "text/", "elsewhere/", "leads to no text"),
    ("toc.ncx", "</navMap>", "", "is not well-formed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "reason"), REFUSED, ids=[row[3] for row in REFUSED])
def test_what_would_change_the_book_itself_is_refused_before_anything_is_spoken(tmp_path, name, old, new, reason):
    book = old_book(tmp_path / "tale.epub", name, old, new)
    with pytest.raises(BadInputError, match=f"tale.epub is an EPUB 2.*{reason}.*Convert it to EPUB 3 first"):
        require_fit(book.name, book.read_bytes())


def test_epubcheck_finds_nothing(built):
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    assert judged(built[1]) == []
