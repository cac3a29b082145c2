"""A package file, however broken, becomes one clean tree; what was put right is told."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.formats.epub.opf import DC, OPF, clean_package

NAMESPACES = {"o": OPF, "dc": DC}
XHTML = "application/xhtml+xml"
TEXTS = (XHTML, "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
NCX = "application/x-dtbncx+xml"


def cleaned(metadata="", manifest="", spine="", guide="", attributes=""):
    """The tree of a package with these parts, and the problems."""
    problems: list[str] = []
    parts = f"<metadata>{metadata}</metadata><manifest>{manifest}</manifest><spine toc='n'>{spine}</spine>{guide}"
    text = f'<package xmlns="{OPF}" xmlns:dc="{DC}" xmlns:opf="{OPF}" {attributes}>{parts}</package>'
    return etree.fromstring(clean_package(text.encode(), problems)), problems


def attributes_of(tree, path):
    return [dict(element.attrib) for element in tree.xpath(path, namespaces=NAMESPACES)]


@pytest.mark.parametrize(
    "name",
    ["contributor", "coverage", "creator", "date", "description", "format", "identifier", "language", "publisher",
     "relation", "rights", "source", "subject", "title", "type"],
)  # fmt: skip
@pytest.mark.parametrize("wrap", ["{}", "<dc-metadata>{}</dc-metadata>", "<x-metadata>{}</x-metadata>"])
def test_every_element_of_dublin_core_is_kept_whatever_its_namespace(name, wrap):
    tree, problems = cleaned(wrap.format(f"<{name} opf:role='x'>A <i>b</i></{name}>"))
    (kept,) = tree.xpath(f"o:metadata/dc:{name}", namespaces=NAMESPACES)
    assert (kept.text, dict(kept.attrib), problems) == ("A b", {f"{{{OPF}}}role": "x"}, [])


def test_of_other_metadata_meta_and_link_are_kept():
    tree, _ = cleaned("<meta name='a' content='b'/><link rel='c'/><note>x</note><!-- x --><dc:note>y</dc:note>")
    (metadata,) = tree.xpath("o:metadata", namespaces=NAMESPACES)
    assert [(etree.QName(child).localname, dict(child.attrib)) for child in metadata] == [
        ("meta", {"name": "a", "content": "b"}),
        ("link", {"rel": "c"}),
    ]


def test_the_books_own_identifier_alone_keeps_its_id():
    identifiers = "".join(f"<dc:identifier id='{name}'>{name}</dc:identifier>" for name in "abc")
    tree, _ = cleaned(identifiers, attributes='version="3.0" unique-identifier="b"')
    assert attributes_of(tree, "o:metadata/dc:identifier") == [{}, {"id": "b"}, {}]
    assert dict(tree.attrib) == {"version": "3.0", "unique-identifier": "b"}


@pytest.mark.parametrize(
    ("item", "kept", "problem"),
    [
        ("<item id=' a ' href=' a.xhtml ' media-type=' Application/XHTML+xml '/>", {"media-type": XHTML}, ""),
        ("<item id='a' media-type='x/y'/>", None, "an item of the manifest has no href and was left out: a"),
        ("<item href='a.xhtml'/>", None, "an item of the manifest has no id and was left out: a.xhtml"),
        ("<item id=' ' href='a.xhtml'/>", None, "an item of the manifest has no id and was left out: a.xhtml"),
        ("<thing id='a' href='a.xhtml'/>", None, ""),
        (f"<item id='a' href='a.xhtml' media-type='{XHTML}' properties='nav' fallback='b'/>",
         {"media-type": XHTML, "properties": "nav", "fallback": "b"}, ""),
    ],
)  # fmt: skip
def test_items_with_an_id_and_an_address_are_kept(item, kept, problem):
    tree, problems = cleaned(manifest=item)
    address = {"id": "a", "href": "a.xhtml"}
    assert attributes_of(tree, "o:manifest/*") == ([] if kept is None else [address | kept])
    assert problems == ([problem] if problem else [])


def test_of_two_items_of_one_id_the_first_is_kept():
    item = f"<item id='{{}}' href='{{}}.xhtml' media-type='{XHTML}'/>"
    tree, problems = cleaned(manifest=item.format("a", "b") + item.format(" a", "c") + item.format("d", "c"))
    assert [one["href"] for one in attributes_of(tree, "o:manifest/o:item")] == ["b.xhtml", "c.xhtml"]
    assert problems == ["the manifest has two items 'a'; the first is used, not c.xhtml"]


@pytest.mark.parametrize(
    ("href", "declared", "meant"),
    [
        *((f"a{suffix}", "text/plain", XHTML) for suffix in (".xhtml", ".html", ".htm", ".XHTML", ".html#x")),
        *((f"a{suffix}", kind, kind) for suffix in (".xhtml", ".html") for kind in TEXTS),
        ("a.xhtml", "", XHTML),
        ("a.ncx", "text/xml", NCX),
        ("a.ncx", NCX, NCX),
        ("a.png", "text/plain", "text/plain"),
        ("a.xml", "text/plain", "text/plain"),
    ],
)
def test_a_media_type_that_the_suffix_contradicts_is_put_right(href, declared, meant):
    tree, problems = cleaned(manifest=f"<item id='a' href='{href}' media-type='{declared}'/>")
    assert attributes_of(tree, "o:manifest/o:item")[0]["media-type"] == meant
    wrong = f"{href} is called {declared or 'nothing'} in the manifest and was read as {meant}"
    assert problems == ([] if meant == declared else [wrong])


def test_entries_of_the_spine_name_an_item_and_say_whether_they_are_read():
    tree, problems = cleaned(spine="<itemref idref=' a '/><itemref idref='b' linear=' NO '/><itemref/><x idref='c'/>")
    assert attributes_of(tree, "o:spine/*") == [{"idref": "a", "linear": "yes"}, {"idref": "b", "linear": "no"}]
    assert attributes_of(tree, "o:spine") == [{"toc": "n"}]
    assert problems == ["an entry of the spine names no item and was left out"]


def test_of_the_guide_its_references_are_kept():
    tree, _ = cleaned(guide="<guide><reference type='cover' href='a'/><x href='b'/></guide>")
    assert attributes_of(tree, "o:guide/*") == [{"type": "cover", "href": "a"}]
    assert attributes_of(cleaned()[0], "o:guide") == [{}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it holds no XML"),
        (b"<package><spine/></package>", "it has no manifest"),
        (b"<package><manifest/></package>", "it has no spine"),
    ],
)
def test_what_holds_no_package_is_none(data, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        clean_package(data, [])


def test_what_was_repaired_is_told():
    problems: list[str] = []
    clean_package(b"<package><manifest/><spine/><x></package>", problems)
    assert len(problems) == 1 and problems[0].startswith("the package file is not well-formed XML and was repaired: ")
