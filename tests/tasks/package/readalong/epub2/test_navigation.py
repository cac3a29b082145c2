"""The table of contents of an older book becomes a document in which titles and names stay text, whatever they are."""

import pytest
from lxml import etree

from tasks.package.readalong.epub2.navigation import navigation

SPINE = {"OEBPS/text/a b&c.xhtml": True, "OEBPS/two.xhtml": True, "OEBPS/no&te.xhtml": False}


def point(title, source, inside=""):
    return f'<navPoint><navLabel><text>{title}</text></navLabel><content src="{source}"/>{inside}</navPoint>'


def page(label, source):
    return f'<pageTarget><navLabel><text>{label}</text></navLabel><content src="{source}"/></pageTarget>'


def ncx(points, pages=""):
    inside = f"<navMap>{points}</navMap>" + (f"<pageList>{pages}</pageList>" if pages else "")
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/">{inside}</ncx>'.encode()


def made(data, title="T", spine=SPINE):
    return navigation(data, "OEBPS/toc.ncx", "OEBPS/talepress/nav.xhtml", title, spine).decode()


def lists(text):
    """Each list: its type, and its links with depth, address and title."""
    found = {}
    for nav in etree.fromstring(text.encode()).iter("{*}nav"):
        links = [(sum(1 for _ in a.iterancestors("{*}ol")), a.get("href"), a.text) for a in nav.iter("{*}a")]
        found[nav.get("id")] = (nav.get("{http://www.idpf.org/2007/ops}type"), nav.get("hidden"), links)
    return found


def test_titles_and_names_stay_text():
    points = point(
        "&lt;script&gt; &amp; &quot;One&quot;",
        "text/a%20b%26c.xhtml#x%22&amp;y",
        point("Two", "two.xhtml", point(" ", "two.xhtml#s")),
    )
    pages = page("i", "two.xhtml#p1") + page("&lt;ii&gt;", "text/a%20b%26c.xhtml") + page("iii", "gone.xhtml")
    text = made(ncx(points + point("Gone", "gone.xhtml"), pages), "A &lt; <b> & B")
    assert "<title>A &amp;lt; &lt;b&gt; &amp; B</title>" in text
    assert "<script" not in text and "<ii>" not in text
    first = '<script> & "One"'
    found = lists(text)
    kind, hidden, links = found["toc"]
    assert (kind, hidden) == ("toc", None)
    assert [(depth, title) for depth, _, title in links] == [(1, first), (2, "Two"), (3, "\u2026")]
    assert links[0][1].startswith("../text/a%20b%26c.xhtml#x") and '"' not in links[0][1] and "&" not in links[0][1]
    assert [address for _, address, _ in links[1:]] == ["../two.xhtml", "../two.xhtml#s"]
    assert found["pages"] == (
        "page-list",
        "",
        [(1, "../two.xhtml#p1", "i"), (1, "../text/a%20b%26c.xhtml", "<ii>")],
    )
    assert found["others"] == (None, "", [(1, "../no%26te.xhtml", "no&te.xhtml")])


def test_what_a_book_does_not_have_is_left_out():
    text = made(ncx(point("One", "two.xhtml")), "", {"OEBPS/two.xhtml": True})
    assert "<title>\u2026</title>" in text
    assert lists(text) == {"toc": ("toc", None, [(1, "../two.xhtml", "One")])}


def test_a_table_that_leads_nowhere_or_is_none_is_refused():
    with pytest.raises(ValueError, match="leads to no text of the book"):
        made(ncx(point("Gone", "gone.xhtml")))
    with pytest.raises(etree.XMLSyntaxError):
        made(b"<ncx>")
