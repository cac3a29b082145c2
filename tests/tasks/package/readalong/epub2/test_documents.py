"""What HTML has no longer is found wherever it stands in a text of EPUB 2; what it still has is no reason to refuse."""

import pytest

from tasks.package.readalong.documents import UnfitDocumentError
from tasks.package.readalong.epub2.documents import bidirectional, properties_of, renewed

HEAD = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body>{}</body></html>'


def reason(body):
    """Why a body is refused; "" where it is not."""
    try:
        properties_of(HEAD.format(body).encode())
    except UnfitDocumentError as error:
        return str(error)
    return ""


GONE = "acronym applet basefont big center dir font frame frameset isindex noframes rbc strike tt"
ATTRIBUTES = (
    "align alink archive axis background bgcolor cellpadding cellspacing char charoff classid clear code codebase "
    "codetype color compact declare face frame frameborder hspace language link longdesc marginheight marginwidth "
    "noshade nowrap profile rev rules scheme scrolling standby summary text valign valuetype version vlink vspace"
)
SIZED = "canvas embed iframe img input object source video"
ALLOWED = {
    "abbr": "th",
    "border": "table",
    "charset": "meta script",
    "coords": "area",
    "height": SIZED,
    "scope": "th",
    "shape": "area",
    "size": "input select",
    "type": "a button embed input link menu object ol script source style",
    "width": SIZED,
}


@pytest.mark.parametrize("tag", GONE.split())
def test_elements_that_are_gone(tag):
    assert reason(f"<p><{tag}/></p>") == f"has the element {tag}, which HTML has no longer"


def test_attributes_that_are_gone():
    found = {name: reason(f'<p {name}="1"/>') for name in ATTRIBUTES.split()}
    assert found == {name: f"has the attribute {name} at p, which HTML has no longer" for name in ATTRIBUTES.split()}


@pytest.mark.parametrize("name", ALLOWED)
def test_attributes_that_a_few_elements_still_have(name):
    tags = {*" ".join(ALLOWED.values()).split(), "p", "td", "hr"}
    free = {tag for tag in tags if not reason(f'<div><{tag} {name}="1"/></div>')}
    assert free == set(ALLOWED[name].split())


def test_what_html_has_is_no_reason():
    body = '<p class="a" id="b" style="margin: 0" lang="en" xml:lang="en" title="t" dir="rtl">a</p>'
    tables = '<table border=""><colgroup><col/></colgroup><tbody/></table><dl><dt>a</dt><dd>b</dd></dl><dl/>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" version="1.1"><font align="x"/></svg>'
    assert reason(body + tables + svg + '<table border="1"><tbody/><tfoot/></table><map name="m"/>') == ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<dl><dd>a</dd></dl>", "has a list of terms without their explanations"),
        ("<dl><dt>a</dt></dl>", "has a list of terms without their explanations"),
        ("<table><tfoot/><tbody/></table>", "has a table's foot before its body"),
        ('<map name=""/>', "has a map without a name"),
        ('<p style="color:red; DIRECTION : rtl"/>', "has the style direction, which EPUB 3 leaves to attributes"),
    ],
)
def test_what_must_not_be_missing_or_stand_elsewhere(body, why):
    assert reason(body) == why


@pytest.mark.parametrize(
    ("css", "found"),
    [
        ("p{direction:rtl}", "direction"),
        ("p {\n unicode-bidi : embed }", "unicode-bidi"),
        ("direction:rtl", "direction"),
        ("a; Direction: rtl", "direction"),
        ("flex-direction: row", ""),
        ("p.direction a:hover {}", ""),
    ],
)
def test_styles_that_are_left_to_attributes(css, found):
    assert bidirectional(css) == found


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        ("<p>a</p>", ()),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', ("svg",)),
        ('<math xmlns="http://www.w3.org/1998/Math/MathML"/>', ("mathml",)),
        ("<form/>", ("scripted",)),
        ("<script/>", ("scripted",)),
        ('<p onclick="a()"/>', ("scripted",)),
        ('<form/><math xmlns="http://www.w3.org/1998/Math/MathML"/><svg xmlns="http://www.w3.org/2000/svg"/>',
         ("mathml", "scripted", "svg")),
    ],
)  # fmt: skip
def test_what_epub_3_is_told_of_a_text(body, properties):
    assert properties_of(HEAD.format(body).encode()) == properties


@pytest.mark.parametrize("name", ["Content-Type", "content-style-type", "CONTENT-SCRIPT-TYPE", "content-language"])
@pytest.mark.parametrize("end", ["/>", " />", "></meta>", "> </meta>"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_what_servers_were_told_is_left_out(name, end, quote):
    meta = f"<meta content={quote}x{quote} http-equiv={quote}{name}{quote}{end}"
    other = '<meta http-equiv="refresh" content="1"/><meta name="content-type" content="x"/>'
    assert renewed(f"<head>{meta}{other}</head>".encode()) == f"<head>{other}</head>".encode()


@pytest.mark.parametrize(
    ("written", "now"),
    [
        (b"&amp; &lt; &gt; &quot; &apos;", b"&amp; &lt; &gt; &quot; &apos;"),
        (b"&eacute;&hellip;&nosuch;&#233;", b"&#233;&#8230;&nosuch;&#233;"),
        (b"<![CDATA[&mu;]]><?x &mu;?><!--&mu;-->&mu;", b"<![CDATA[&mu;]]><?x &mu;?><!--&mu;-->&#956;"),
        (b"&fjlig;", b"&#102;&#106;"),
    ],
)  # fmt: skip
def test_entities_that_the_old_type_declared_are_numbers(written, now):
    assert renewed(written) == now
