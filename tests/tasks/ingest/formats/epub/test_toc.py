"""Tables of contents of EPUB 3 and EPUB 2: titles, places, depths, and what landmarks call a file."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.formats.epub.toc import TocEntry, read_nav, read_ncx
from tasks.ingest.html.parse import parse
from tests.tasks.ingest.builders import page

TOC = "<nav epub:type='toc'>{}</nav>"


def nav_of(body):
    return read_nav(parse(page(body), "x.xhtml")[0], "OEBPS/nav.xhtml")


@pytest.mark.parametrize(
    ("link", "entry"),
    [
        ("<a href='a.xhtml'>One</a>", TocEntry("One", "OEBPS/a.xhtml", "", 0)),
        ("<a href='../t/a%20b.xhtml#c%20d'>A <b>b</b></a>", TocEntry("A b", "t/a b.xhtml", "c d", 0)),
        ("<a href='#here'>One</a>", TocEntry("One", "OEBPS/nav.xhtml", "here", 0)),
        ("<a href='a.xhtml'><img alt='Cover'/><img alt='No'/></a>", TocEntry("Cover", "OEBPS/a.xhtml", "", 0)),
        ("<a href='a.xhtml'><img src='x'/></a>", TocEntry("", "OEBPS/a.xhtml", "", 0)),
    ],
)  # fmt: skip
def test_an_entry_is_a_link_with_its_words_or_its_picture(link, entry):
    for around in ("<ol><li>{}</li></ol>", "<p>{}</p>"):
        assert nav_of(TOC.format(around.format(link)))[0] == [entry]


def test_depth_is_that_of_the_list():
    inner = "<ol><li><a href='b'>B</a><ol><li><a href='c'>C</a></li></ol></li></ol>"
    entries, _ = nav_of(TOC.format(f"<ol><li><a href='a'>A</a>{inner}</li><li><a>no place</a></li></ol>"))
    assert [(entry.title, entry.depth) for entry in entries] == [("A", 0), ("B", 1), ("C", 2)]


def test_the_first_table_counts_and_landmarks_name_whole_files():
    one, two = (TOC.format(f"<a href='{name}'>x</a>") for name in ("a", "b"))
    landmarks = (
        "<nav epub:type='landmarks'><a epub:type='toc x' href='t.xhtml'>T</a>"
        "<a epub:type='cover' href='c.xhtml#p'>C</a><a role='doc-cover' href='d.xhtml'>D</a>"
        "<a epub:type='x'>none</a></nav>"
    )
    entries, places = nav_of(f"<nav epub:type='page-list'><a href='p'>1</a></nav>{one}{two}{landmarks}")
    assert [entry.path for entry in entries] == ["OEBPS/a"]
    assert places == {"OEBPS/t.xhtml": ("toc", "x"), "OEBPS/d.xhtml": ("cover",)}


def test_points_of_an_ncx():
    point = "<navPoint><navLabel><text>{}</text></navLabel><content src='{}'/>{}</navPoint>"
    inner = point.format("Two  <b>b</b>", "../b.xhtml#c%20d", "")
    odd = "<navPoint><content src='e.xhtml'/></navPoint><navPoint><navLabel><text>x</text></navLabel></navPoint>"
    empty = "<navPoint><navLabel><text>x</text></navLabel><content/></navPoint>"
    root = etree.fromstring(
        f"<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><navMap>{point.format('One', 'a.xhtml', inner)}{odd}{empty}"
        "</navMap></ncx>"
    )
    assert read_ncx(root, "OEBPS/toc.ncx") == [
        TocEntry("One", "OEBPS/a.xhtml", "", 0),
        TocEntry("Two b", "b.xhtml", "c d", 1),
        TocEntry("", "OEBPS/e.xhtml", "", 0),
    ]
