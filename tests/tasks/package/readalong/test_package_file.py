"""The package file of a read-along: what is added where, and which books are refused."""

import pytest

from tasks.errors import BadInputError
from tasks.package.readalong.package_file import NewItem, Overlay, inserted, read_package_file, with_overlays

BEFORE = """<?xml version="1.0"?><!-- kept -->
<o:package xmlns:o="http://www.idpf.org/2007/opf" xmlns="http://www.idpf.org/2007/opf" version="3.1">
<o:metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T &amp; U</dc:title>{metas}</o:metadata>
<manifest><item id='a' href="a.xhtml"{a} /><item id="b" href="b.xhtml"{b}/><item href="c" id="c"{c}></item>
<x><item id="d"/></x>{items}</manifest>
<spine><itemref idref="a"/></spine>
</o:package>"""
EMPTY = dict.fromkeys(("metas", "a", "b", "c", "items"), "")
METAS = (
    '<o:meta property="media:duration" refines="#t1">0:00:01.500</o:meta>\n'
    '<o:meta property="media:duration" refines="#t2">0:01:00.000</o:meta>\n'
    '<o:meta property="media:duration">0:01:01.500</o:meta>\n'
    '<o:meta property="media:active-class">-epub-media-overlay-active</o:meta>\n'
    '<o:meta property="media:narrator">A &lt;B&gt; &amp; C</o:meta>\n'
)
ITEMS = (
    '<item id="t1" href="t/1.smil" media-type="application/smil+xml"/>\n'
    '<item id="t2" href="t/2.smil" media-type="application/smil+xml"/>\n'
    '<item id="s" href="t/a&amp;b.css" media-type="text/css"/>\n'
)


def test_only_what_a_read_along_needs_is_added():
    package = read_package_file(BEFORE.format(**EMPTY).encode(), "b.epub")
    assert package.ids == {"a", "b", "c"}
    overlays = {
        "a": Overlay(NewItem("t1", "t/1.smil", "application/smil+xml"), 1_500),
        "c": Overlay(NewItem("t2", "t/2.smil", "application/smil+xml"), 60_000),
    }
    after = with_overlays(package, overlays, [NewItem("s", "t/a&b.css", "text/css")], [("media:narrator", "A <B> & C")])
    named = {"a": '  media-overlay="t1"', "c": ' media-overlay="t2"'}
    expected = BEFORE.format(**{**EMPTY, **named, "metas": METAS, "items": ITEMS})
    assert after.decode() == expected.replace('"t1" />', '"t1"/>')


def test_new_items_have_the_prefix_of_their_manifest():
    before = BEFORE.format(**EMPTY).replace("<manifest>", "<o:manifest>").replace("</manifest>", "</o:manifest>")
    package = read_package_file(before.encode(), "b.epub")
    assert b'<o:item id="s" href="h" media-type="m"/>\n</o:m' in with_overlays(
        package, {}, [NewItem("s", "h", "m")], []
    )


def test_bytes_are_put_at_their_offsets_those_of_one_in_the_order_given():
    assert inserted(b"abc", [(3, b"4"), (1, b"2"), (0, b"0"), (1, b"1")]) == b"0a21bc4"
    assert inserted(b"abc", []) == b"abc"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</spine>", "", r"b.epub cannot become a read-along: its package file is not well-formed"),
        ('version="3.1"', 'version="2.0"', r"b.epub is an EPUB 2.0, and only EPUB 3"),
        (' version="3.1"', "", r"b.epub is an EPUB 1, and only EPUB 3"),
        (' version="3.1"', ' version="1.3"', r"b.epub is an EPUB 1.3, and only EPUB 3"),
        ("o:metadata", "o:about", r"has no metadata or no manifest"),
        ("manifest", "list", r"has no metadata or no manifest"),
        ('href="b.xhtml"', 'media-overlay="m"', r"b.epub is a read-along already"),
    ],
)
def test_books_that_no_overlay_can_be_added_to(old, new, message):
    with pytest.raises(BadInputError, match=message):
        read_package_file(BEFORE.format(**EMPTY).replace(old, new).encode(), "b.epub")
