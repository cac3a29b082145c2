"""What an old package file said in attributes, EPUB 3 is told in elements; nothing else of it changes."""

import pytest
from lxml import etree

from tasks.package.readalong.epub2.package_file import OldPackage, UnfitPackageError

PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="2.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">{metadata}</metadata>
<manifest>{items}</manifest><spine toc="ncx">{spine}</spine></package>"""
NCX = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
TEXT = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
FIRST = '<itemref idref="a"/>'


def package(metadata="", items=TEXT, spine=FIRST):
    return OldPackage(PACKAGE.format(metadata=metadata, items=NCX + items, spine=spine).encode())


def metas(metadata):
    """The properties of the upgraded file: (property, value, what it refines)."""
    root = etree.fromstring(package(metadata).upgrade("nav", {}, "2005-06-07T08:09:10Z"))
    return root, [(meta.get("property"), meta.text, meta.get("refines")) for meta in root.iter("{*}meta")]


def test_roles_sort_names_and_schemes_refine_their_element():
    root, found = metas(
        '<dc:creator id="x" opf:role="aut" opf:file-as="A, B">B A</dc:creator><dc:creator opf:role="ill">C</dc:creator>'
        '<dc:identifier opf:scheme="ISBN">1</dc:identifier><dc:publisher>P</dc:publisher><dc:rights> </dc:rights>'
        "<dc:title/><dc:language/>"
    )
    assert found == [
        ("dcterms:modified", "2005-06-07T08:09:10Z", None),
        ("role", "aut", "#x"),
        ("file-as", "A, B", "#x"),
        ("role", "ill", "#talepress-of-1"),
        ("identifier-type", "ISBN", "#talepress-of-2"),
    ]
    assert {meta.get("scheme") for meta in root.iter("{*}meta") if meta.get("property") == "role"} == {"marc:relators"}
    assert root.get("version") == "3.0"
    names = [etree.QName(child).localname for child in root.find("{*}metadata") if child.tag.startswith("{http://purl")]
    assert names == ["creator", "creator", "identifier", "publisher", "title", "language"]  # empty ones but these


@pytest.mark.parametrize(
    ("dates", "kept", "properties"),
    [
        ("", [], {"dcterms:modified": "2005-06-07T08:09:10Z"}),
        ("<dc:date>1999</dc:date><dc:date>2000</dc:date>", ["1999"],
         {"dcterms:date": "2000", "dcterms:modified": "2005-06-07T08:09:10Z"}),
        ('<dc:date opf:event=" Creation ">1998</dc:date><dc:date opf:event="publication">1999</dc:date>', ["1999"],
         {"dcterms:created": "1998", "dcterms:modified": "2005-06-07T08:09:10Z"}),
        ('<dc:date opf:event="modification">2004-03-02T11:12:13</dc:date>', [],
         {"dcterms:modified": "2004-03-02T00:00:00Z"}),
        ('<dc:date opf:event="modification">2004</dc:date>', [], {"dcterms:modified": "2005-06-07T08:09:10Z"}),
        ('<dc:date opf:event="creation"/>', [], {"dcterms:modified": "2005-06-07T08:09:10Z"}),
        ('<dc:date opf:event="other">1997</dc:date>', ["1997"], {"dcterms:modified": "2005-06-07T08:09:10Z"}),
    ],
)  # fmt: skip
def test_one_date_stays_and_others_become_properties(dates, kept, properties):
    root, found = metas(dates)
    assert [date.text for date in root.iter("{*}date")] == kept
    assert {name: value for name, value, _ in found} == properties


def test_items_say_what_they_are_and_nothing_of_older_kinds():
    items = (
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml" required-namespace="x" required-modules="y" '
        'fallback-style="z" fallback="f"/><item id="p" href="p.png" media-type="image/png"/>'
        '<item id="q" href="q.png" media-type="image/png"/>'
    )
    made = package('<meta name="cover" content="p" scheme="s"/>', items)
    root = etree.fromstring(made.upgrade("t/nav.xhtml", {"a.xhtml": ("mathml", "svg"), "p.png": ("x",)}, "m"))
    found = {item.get("id"): dict(item.attrib) for item in root.iter("{*}item")}
    assert found["a"].pop("properties") == "mathml svg" and "fallback" in found["a"]
    assert not {"required-namespace", "required-modules", "fallback-style"} & set(found["a"])
    assert (found["p"].get("properties"), found["q"].get("properties")) == ("x cover-image", None)
    assert found["talepress-nav"] == {
        "id": "talepress-nav", "href": "t/nav.xhtml", "media-type": "application/xhtml+xml", "properties": "nav",
    }  # fmt: skip
    assert root.find("{*}metadata/{*}meta[@name]").attrib == {"name": "cover", "content": "p"}


def test_a_cover_that_is_a_page_is_no_picture():
    root = etree.fromstring(package('<meta name="cover" content="a"/>').upgrade("n", {}, "m"))
    assert [item.get("properties") for item in root.iter("{*}item")] == [None, None, "nav"]


def test_what_is_read_of_it():
    made = package(
        "<dc:title> One\n two </dc:title><dc:title>Three</dc:title>",
        TEXT + '<item id="s" href="s.svg" media-type="image/svg+xml"/>',
        FIRST + '<itemref idref="s" linear="no"/>',
    )
    assert made.title() == "One two" and package().title() == ""
    assert made.contents() == "toc.ncx"
    assert made.spine() == {"a.xhtml": True, "s.svg": False}
    assert made.hrefs("application/xhtml+xml") == ["a.xhtml"] and made.hrefs("text/css") == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("</spine>", "", "is not well-formed"),
        *((f"{name}", "other", f"has no {name}") for name in ("metadata", "manifest", "spine")),
        ("<manifest>", "<tours/><manifest>", "has tours, which EPUB 3 has no longer"),
        ("</metadata>", "<dc-metadata/></metadata>", "has its metadata as EPUB's forerunner had them"),
        ("</metadata>", "<x-metadata/></metadata>", "has its metadata as EPUB's forerunner had them"),
        ('idref="a"', 'idref="z"', "has a text of the kind of no item"),
        ("xhtml+xml", "pdf", "has a text of the kind application/pdf"),
    ],
)
def test_a_package_file_that_stays_old_says_why(old, new, reason):
    with pytest.raises(UnfitPackageError, match=reason):
        OldPackage(PACKAGE.format(metadata="", items=NCX + TEXT, spine=FIRST).replace(old, new).encode())


@pytest.mark.parametrize(
    "items", [TEXT, TEXT + NCX.replace('"ncx"', '"other"'), TEXT + NCX.replace("x-dtbncx+xml", "xml")]
)
def test_a_table_of_contents_is_the_one_that_the_spine_names_and_of_its_kind(items):
    made = OldPackage(PACKAGE.format(metadata="", items=TEXT + items, spine=FIRST).encode())
    with pytest.raises(UnfitPackageError, match="names no table of contents"):
        made.contents()
