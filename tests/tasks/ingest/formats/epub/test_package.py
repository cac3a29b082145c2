"""An archive becomes texts, contents and a cover, and nothing of it is read that its package has no use for."""

from __future__ import annotations

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.epub import package as module
from tasks.ingest.formats.epub.package import read_package
from tests.tasks.ingest.builders import CONTAINER, nav, ncx, opf, page, write_epub

TEXT = page("<p>One.</p>")


def packaged(path, settings, files, spine, extra="", **changes):
    """The package of these files, of which `changes` replaces texts in the package file."""
    text = opf(list(files), spine, extra)
    for before, after in changes.get("replaced", ()):
        assert before in text
        text = text.replace(before, after, 1)
    members = {"OEBPS/content.opf": text} | {f"OEBPS/{name}": data for name, data in files.items() if data is not None}
    return read_package(write_epub(path / "b.epub", {}, members=members | changes.get("members", {})), settings)


def texts(package):
    return ["".join(unit.body.itertext()) for unit in package.units]


@pytest.mark.parametrize(
    ("name", "data", "is_read"),
    [
        *((f"b{suffix}", TEXT, True) for suffix in (".xhtml", ".html", ".htm", ".xml", ".svg", ".XHTML")),
        ("b.dat", TEXT, True),  # by its first sign
        ("b.dat", b"\xef\xbb\xbf\n <p>One.</p>", True),
        ("b.dat", "words", False),
        *((f"b.{kind}", start + b"...." * 9, False) for kind, start in {
            "xhtml": b"\x89PNG", "html": b"\xff\xd8\xff", "htm": b"GIF8", "xml": b"RIFF", "svg": b"PK\3\4",
            "dat": b"%PDF",
        }.items()),
    ],
)  # fmt: skip
def test_what_is_text_in_the_spine(tmp_path, settings, name, data, is_read):
    package = packaged(tmp_path, settings, {"a.xhtml": page("<p>A</p>"), name: data}, ["a.xhtml", name])
    assert [unit.path for unit in package.units] == ["OEBPS/a.xhtml"] + [f"OEBPS/{name}"] * is_read
    assert any("is no text and was left out" in warning for warning in package.warnings) is not is_read


@pytest.mark.parametrize("kind", ["application/x-dtbook+xml", "text/x-oeb1-document", "image/svg+xml"])
def test_what_is_called_text_is_text_whatever_it_begins_with(tmp_path, settings, kind):
    retyped = ('media-type="text/plain"', f'media-type="{kind}"')
    package = packaged(tmp_path, settings, {"b.dat": "Words.<p>x</p>"}, ["b.dat"], replaced=[retyped])
    assert texts(package) == ["Words.x"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>caf\xe9 \x93x\x94</p></body></html>', "cp1252"),
        (b"<html><head><meta charset='koi8-r'/></head><body><p>caf\xc5 x</p></body></html>", ""),
        (b"<html><head><meta content='b; charset=KOI8-R'/></head><body><p>caf\xc5 x</p></body></html>", ""),
        ("<html><body><p>café “x”</p></body></html>".encode("utf-16"), "utf-16"),
        ("<html><body><p>café “x”</p></body></html>".encode(), ""),
        (b"<?xml version='1.0' encoding='utf-8'?><html><body><p>caf\xe9 \x93x\x94 it</p></body></html>", "cp1252"),
        (b"<html><body><p>caf&#233;</p></body></html>", ""),
    ],
)  # fmt: skip
def test_a_text_is_read_in_its_encoding_and_another_than_it_declares_is_told(tmp_path, settings, data, told):
    package = packaged(tmp_path, settings, {"a.xhtml": data}, ["a.xhtml"])
    assert texts(package)[0].startswith(("café", "cafе"))
    warning = f"OEBPS/a.xhtml is not UTF-8 and was read as {told}"
    assert [one for one in package.warnings if "UTF-8" in one] == ([warning] if told else [])


def test_the_reading_order_is_the_spines_each_text_once(tmp_path, settings):
    files = {name: page(f"<p>{name}</p>") for name in ("b.xhtml", "a.xhtml", "c.xhtml")} | {"gone.xhtml": None}
    spine = ["c.xhtml", "a.xhtml", "gone.xhtml", "c.xhtml"]
    package = packaged(tmp_path, settings, files, spine, replaced=[('idref="i1"', 'idref="i1" linear="no"')])
    assert [(unit.path, unit.linear) for unit in package.units] == [("OEBPS/c.xhtml", True), ("OEBPS/a.xhtml", False)]
    assert [one for one in package.warnings if "missing or repeated" in one] == [
        "OEBPS/gone.xhtml of the spine is missing or repeated and was left out",
        "OEBPS/c.xhtml of the spine is missing or repeated and was left out",
    ]
    assert "OEBPS/gone.xhtml is in the manifest but not in the file" in package.warnings


@pytest.mark.parametrize(
    ("link", "is_used"),
    [
        ("<link rel='pronunciation' href='l.pls'/>", True),
        ("<link rel='x Pronunciation' href='./L.PLS'/>", True),
        ("<link rel='stylesheet' href='l.pls'/>", False),
        ("<link rel='pronunciation'/>", False),
        ("<link rel='pronunciation' href='a.xhtml'/>", False),
    ],
)
def test_a_text_has_the_lexicons_that_it_links_to(tmp_path, settings, link, is_used):
    lexicon = (
        "<lexicon xmlns='http://www.w3.org/2005/01/pronunciation-lexicon'><lexeme><grapheme>a</grapheme>"
        "<alias>b</alias></lexeme></lexicon>"
    )
    files = {"a.xhtml": TEXT.replace("<title>", f"{link}<title>")}
    package = packaged(tmp_path, settings, files, ["a.xhtml"], members={"OEBPS/l.pls": lexicon})
    assert bool(package.units[0].pronunciations) is is_used
    assert package.warnings == []


def test_lexicons_that_cannot_be_used_are_told_once_for_all_texts(tmp_path, settings):
    head = "<link rel='pronunciation' href='gone.pls'/><link rel='pronunciation' href='bad.pls'/><title>"
    files = {name: TEXT.replace("<title>", head) for name in ("a.xhtml", "b.xhtml")}
    package = packaged(tmp_path, settings, files, list(files), members={"OEBPS/bad.pls": "<html/>"})
    assert package.warnings == [
        "OEBPS/gone.pls is named as a pronunciation lexicon but not in the file",
        "OEBPS/bad.pls no pronunciation lexicon",
    ]
    assert package.units[0].pronunciations is package.units[1].pronunciations


def test_only_stylesheets_of_the_book_are_looked_at(tmp_path, settings):
    links = "".join(
        f"<link rel='stylesheet' href='{href}'/>"
        for href in ("hide.xhtml", "http://example.org/a.css", "../../a.css", "gone.css")
    )
    files = {"a.xhtml": TEXT.replace("<title>", f"{links}<title>"), "hide.xhtml": "p {display:none}"}
    package = packaged(tmp_path, settings, files, ["a.xhtml"])
    assert not any("display" in name for element in package.units[0].body.iter() for name in element.attrib)


def test_the_guide_and_the_landmarks_name_pages_the_landmarks_first(tmp_path, settings):
    landmarks = "<nav epub:type='landmarks'><a epub:type='toc' href='a.xhtml'>A</a></nav>"
    files = {"a.xhtml": TEXT, "b.xhtml": TEXT, "nav.xhtml": page(landmarks)}
    guide = "".join(
        f"<reference type='{kind}' href='{href}'/>"
        for kind, href in (("Cover", "a.xhtml"), ("Title-Page", "b.xhtml"), ("x", "b.xhtml#y"), ("z", ""))
    )
    replaced = [("</package>", f"<guide>{guide}</guide></package>")]
    package = packaged(tmp_path, settings, files, ["a.xhtml", "b.xhtml"], replaced=replaced)
    assert package.landmarks == {"OEBPS/a.xhtml": ("toc",), "OEBPS/b.xhtml": ("title-page",)}


def test_a_table_of_contents_without_entries_gives_way_to_the_older_one(tmp_path, settings):
    files = {"a.xhtml": TEXT, "nav.xhtml": nav(), "toc.ncx": ncx(("Old", "a.xhtml")) + "<oops>"}
    package = packaged(tmp_path, settings, files, ["a.xhtml"])
    assert [entry.title for entry in package.toc] == ["Old"]
    assert any(one.startswith("OEBPS/toc.ncx is not well-formed XML") for one in package.warnings)


LAYOUT = '<meta property="rendition:layout">{}</meta>'
FIXED = "rendition:layout-pre-paginated"
FLOWS = "rendition:layout-reflowable"


@pytest.mark.parametrize(
    ("extra", "pages", "is_fixed"),
    [
        ("", (), False),
        (LAYOUT.format(" pre-paginated "), (), True),
        (LAYOUT.format("reflowable"), (), False),
        ('<meta name="fixed-layout" content="true"/>', (), True),
        ('<meta name="fixed_layout" content="true"/>', (), True),
        ('<meta name="fixed-layout" content="false"/>', (), False),
        ("", (FIXED, FIXED), False),  # half of them are not most
        ("", (FIXED, FIXED, f"x {FIXED}"), True),
        (LAYOUT.format("pre-paginated"), (FLOWS,), True),
        (LAYOUT.format("pre-paginated"), (FLOWS, FLOWS), False),
    ],
)
def test_pages_are_pictures_where_most_are_laid_out_so(tmp_path, settings, extra, pages, is_fixed):
    files = {f"{name}.xhtml": TEXT for name in "abcd"}
    replaced = [(f'idref="i{at}"', f'idref="i{at}" properties="{words}"') for at, words in enumerate(pages)]
    assert packaged(tmp_path, settings, files, list(files), extra, replaced=replaced).is_fixed_layout is is_fixed


ROOTFILE = '<rootfile full-path="{}" media-type="{}"/>'
PACKAGE_TYPE = "application/oebps-package+xml"


@pytest.mark.parametrize(
    ("rootfiles", "found"),
    [
        (ROOTFILE.format("x.pdf", "application/pdf") + ROOTFILE.format("two.opf", PACKAGE_TYPE), "two"),
        (ROOTFILE.format("two.opf", PACKAGE_TYPE) + ROOTFILE.format("OEBPS/content.opf", PACKAGE_TYPE), "two"),
        (ROOTFILE.format("gone.opf", PACKAGE_TYPE) + ROOTFILE.format("two.opf", "x/y"), "two"),
        ('<rootfile full-path=""/>' + ROOTFILE.format("%74wo.opf", PACKAGE_TYPE), "two"),
    ],
)
def test_the_container_names_the_package(tmp_path, settings, rootfiles, found):
    container = CONTAINER.replace(CONTAINER[CONTAINER.index("<rootfile ") : CONTAINER.index("</rootfiles>")], rootfiles)
    two = opf(["OEBPS/a.xhtml"], ["OEBPS/a.xhtml"]).replace("A Test", "two")
    members = {"META-INF/container.xml": container, "two.opf": two, "x.pdf": "%PDF"}
    assert packaged(tmp_path, settings, {"a.xhtml": TEXT}, ["a.xhtml"], members=members).metadata.title == found


def test_of_two_packages_that_no_container_names_none_is_taken(tmp_path, settings):
    members = {"META-INF/container.xml": "<container/>", "two.opf": "<package/>"}
    with pytest.raises(UnreadableBookError, match=r"^b\.epub is not an EPUB: it holds no META-INF/container\.xml$"):
        packaged(tmp_path, settings, {"a.xhtml": TEXT}, ["a.xhtml"], members=members)


def test_whatever_a_package_does_to_its_reader_is_one_clear_line(tmp_path, settings, monkeypatch):
    def fail(*_):
        raise RecursionError("too deep")

    monkeypatch.setattr(module, "clean_package", fail)
    with pytest.raises(UnreadableBookError, match=r"^b\.epub has a damaged package file: too deep$"):
        packaged(tmp_path, settings, {"a.xhtml": TEXT}, ["a.xhtml"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("c.jpg", "image/jpeg"), ("c.JPEG", "image/jpeg"), ("c.png", "image/png"), ("c.gif", "image/gif"),
     ("c.webp", "image/webp"), ("c.tiff", "")],
)  # fmt: skip
def test_the_covers_type_is_that_of_its_name(tmp_path, settings, name, kind):
    named = '<meta name="cover" content="i1"/>'
    package = packaged(tmp_path, settings, {"a.xhtml": TEXT, name: b"picture"}, ["a.xhtml"], named)
    assert (package.cover, package.cover_media_type) == ((b"picture", kind) if kind else (None, ""))
