"""The navigation document that an EPUB 2 gets: whatever stands in its old contents is text there, and nothing else."""

from __future__ import annotations

from lxml import etree

from tasks.package.readalong.epub2.navigation import navigation

XHTML = "{http://www.w3.org/1999/xhtml}"
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>{label}</text></navLabel>'
    '<content src="{source}"/></navPoint></navMap></ncx>'
)


def made(title="Oz", label="One", source="a.xhtml", spine=None):
    ncx = NCX.format(label=label, source=source).encode()
    return etree.fromstring(
        navigation(ncx, "OEBPS/toc.ncx", "OEBPS/nav.xhtml", title, spine or {"OEBPS/a.xhtml": True})
    )


def test_titles_and_labels_are_text_whatever_stands_in_them():
    odd = "Tik & Tok <b>'\"</b> > x"
    root = made(title=odd, label=odd.replace("&", "&amp;").replace("<", "&lt;"))
    assert root.findtext(f".//{XHTML}title") == odd
    assert root.findtext(f".//{XHTML}a") == odd
    assert root.find(f".//{XHTML}b") is None


def test_what_has_no_name_has_a_sign_in_its_place():
    root = made(title="", label=" ")
    assert (root.findtext(f".//{XHTML}title"), root.findtext(f".//{XHTML}a")) == ("…", "…")


def test_addresses_and_names_of_files_are_quoted():
    spine = {'OEBPS/a "b" & c.xhtml': True, "OEBPS/notes <1>.xhtml": False}
    root = made(source="a%20%22b%22%20%26%20c.xhtml#x", spine=spine)
    links = [(a.text, a.get("href")) for a in root.iter(f"{XHTML}a")]
    assert links == [("One", "a%20%22b%22%20%26%20c.xhtml#x"), ("notes <1>.xhtml", "notes%20%3C1%3E.xhtml")]
