"""Stylesheets: what they hide, whose word counts, and which lines they set apart."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.html.css import DISPLAY, StyleSheets, hides
from tasks.ingest.html.parse import parse
from tests.tasks.ingest.builders import nav, page, write_epub
from tests.tasks.ingest.html.test_walker import blocks, skips


@pytest.mark.parametrize(
    ("css", "body"),
    [
        (".gone {display:none}", "<p class='gone'>1</p>"),
        (".gone {visibility : HIDDEN}", "<p class='gone'>1</p>"),
        ("p {display:block} .gone {display:none}", "<p class='gone'>1</p>"),
        (".gone {display:none} p {display:block}", "<p class='gone'>1</p>"),  # the more specific one
        ("#a {display:none !important}", "<p id='a' style='display:block'>1</p>"),
        ("div > p:first-child {display:none}", "<div><p>1</p></div>"),
        ("@media screen, print {.gone {display:none}}", "<p class='gone'>1</p>"),
        ("h2 ~ .gone {display:none}", "<h2></h2>" + "<div></div>" * 2000 + "<p class='gone'>1</p>"),
        ("div:nth-of-type(1999) + .gone {display:none}", "<div></div>" * 1999 + "<p class='gone'>1</p>"),
        ("p[class~=gone] {display:none}", "<p class='x gone'>1</p>"),
        ("*:not(h1):not(html):not(body):not(head):not(style):not(title) {display:none}", "<p>1</p>"),
    ],
)
def test_what_a_stylesheet_hides_is_skipped(css, body):
    assert skips(body, css=css) == [("hidden", "1")]


@pytest.mark.parametrize(
    ("css", "body"),
    [
        (".gone {display:none}", "<p>1</p>"),
        (".gone {display:none} #a {display:block}", "<p class='gone' id='a'>1</p>"),
        (".gone {display:none}", "<p class='gone' style='display:block'>1</p>"),
        ("@media print {.gone {display:none}}", "<p class='gone'>1</p>"),
        ("@media (max-width: 400px) {.gone {display:none}}", "<p class='gone'>1</p>"),
        ("p::before {display:none} p:hover {display:none}", "<p>1</p>"),
        ("p {display:none", "<div>1</div>"),
        ("p {line-height: " + "9" * 5000 + "; display:block}", "<p style='float:" + "9" * 5000 + "'>1</p>"),
        ("}}} p {{{ display:none", "<div>1</div>"),
        ("p {display:" + "(" * 3000 + "none}", "<p>1</p>"),
        (":not(" * 300 + "p" + ")" * 300 + "{display:none}", "<p>1</p>"),
    ],
)
def test_what_no_style_hides_is_read(css, body):
    assert [text for _, text in blocks(body, css=css)] == ["1"]


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0",
        "opacity: 0.0",
        "font-size:0",
        "font-size: 0px",
        "position:absolute; left:-9999px",
        "position: fixed; top: -100em",
        "text-indent:-9999px",
        "position:absolute; clip: rect(0, 0, 0, 0)",
        "position:absolute; clip: rect(1px 1px 1px 1px)",
        "clip-path: inset(50%)",
        "overflow:hidden; height:0",
    ],
)
def test_text_that_nobody_can_see_is_skipped(style):
    assert skips(f"<p style='{style}'>1</p><p>2</p>") == [("hidden", "1")]


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0.5",
        "font-size:0.8em",
        "position:absolute; left:-9px",
        "left:-9999px",  # of no position
        "text-indent:-2em",
        "margin-left:-9999px",
        "height:0",
        "clip: auto",
        "clip-path: inset(5%)",
        "opacity:0; opacity:1",
    ],
)
def test_text_that_is_small_or_moved_a_little_is_read(style):
    assert blocks(f"<p style='{style}'>1</p>") == [("paragraph", "1")]


def test_a_hidden_rule_can_be_switched_off():
    assert blocks("<p class='x'>1</p>", css=".x {display:none}", also_read=("hidden",)) == [("paragraph", "1")]


def test_inline_elements_set_as_blocks_are_lines_but_a_floating_drop_cap_is_part_of_its_word():
    body = "<p><span class='l'>one</span><span class='l'>two</span></p><p><span class='cap'>O</span>nce</p>"
    css = ".l {display:block} .cap {display:block; float:left}"
    assert blocks(body, css=css) == [("paragraph", "one\ntwo"), ("paragraph", "Once")]


def test_linked_and_imported_sheets_of_a_book_are_followed_without_end(tmp_path, settings):
    from tasks.ingest.book import read_book

    text = page("<p class='gone'>1</p><p epub:type='x'>2</p><p>3</p>").replace(
        "<title>", "<link rel='stylesheet' href='css/a.css'/><title>"
    )
    sheets = {
        "css/a.css": "@import 'b.css'; @import url(../css/a.css);",
        "css/b.css": "@import 'a.css'; @namespace e 'http://www.idpf.org/2007/ops'; .gone, *[e|type=x] {display:none}",
    }
    members = {f"OEBPS/{name}": css for name, css in sheets.items()}
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": text}, {"nav.xhtml": nav(("One", "a.xhtml"))}, members=members)
    book = read_book(path, settings)
    assert [block.text for block in book.chapters[0].blocks] == ["3"]
    assert [skip.text for skip in book.skipped] == ["1", "2"]


def test_each_sheet_is_loaded_once():
    loads = []

    def load(base, href):
        loads.append(href)
        return "p {display:none}", href

    sheets = StyleSheets(load)
    for _ in range(3):
        body, _ = parse("<html><head><link rel='stylesheet' href='a.css'/></head><body><p>x</p></body></html>", "x")
        sheets.apply(body, "x")
    assert loads == ["a.css"] * 3
    assert len(sheets._sheets) == 1


def display(css, body="<p id='a' class='b'>1</p>", media="", **options):
    """What becomes of the element with the id: "none", "block", "inline", or `None` where no style says anything."""
    document = f"<html><head><style media='{media}'>{css}</style></head><body>{body}</body></html>"
    root = parse(document, "x")[0]
    StyleSheets(lambda base, href: None, **options).apply(root, "x")
    return next(element.get(DISPLAY) for element in root.iter() if element.get("id") == "a")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((kind, "block") for kind in ("block", "list-item", "table", "flex", "grid", "flow-root", "table-row",
                                       "table-caption", "BLOCK")),
        *((kind, "inline") for kind in ("inline", "inline-block", "table-cell", "contents")),
        ("none", "none"),
    ],
)  # fmt: skip
def test_what_is_set_on_lines_of_its_own(value, found):
    assert display(f"p {{display:{value}}}") == found


@pytest.mark.parametrize(
    ("media", "applies"),
    [
        ("", True), ("all", True), ("SCREEN", True), ("only screen", True), ("print, screen", True),
        ("not print", True),
        ("print", False), ("not screen", False), ("not all", False), ("screen and (color)", False), ("(color)", False),
        ("only print", False), ("speech", False), ("not print, not all", True),
    ],
)  # fmt: skip
def test_a_sheet_is_for_a_screen_of_any_size(media, applies):
    assert display("p {display:none}", media=media) == ("none" if applies else None)
    if media:
        assert display(f"@media {media} {{p {{display:none}}}}") == ("none" if applies else None)


@pytest.mark.parametrize(
    ("style", "hidden"),
    [
        *((f"{name}:{zero}", True) for name in ("opacity", "font-size") for zero in ("0", "0.0", "0px", "0%", "0em")),
        ("opacity:1", False), ("font-size:0.1em", False), ("visibility:collapse", False), ("visibility:hidden", True),
        *((f"overflow:hidden;{name}:0", True) for name in ("width", "height")),
        ("overflow:hidden;width:1px", False), ("overflow:auto;width:0", False), ("width:0", False),
        *((f"position:{where};{side}:-900px", True) for where in ("absolute", "fixed")
          for side in ("left", "right", "top", "bottom")),
        ("position:absolute;left:-899px", False), ("position:relative;left:-900px", False),
        ("position:absolute;left:900px", False), ("text-indent:-900px", True), ("text-indent:-899px", False),
        *((f"text-indent:-60{unit}", True) for unit in ("em", "rem", "vw", "vh", "ch")),
        *((f"text-indent:-59{unit}", False) for unit in ("em", "rem", "vw", "vh", "ch")),
        ("text-indent:-100%", False), ("text-indent:-60px", False),
        ("clip:rect(0,0,0,0)", True), ("clip:rect(1px,1px,1px,1px)", True), ("clip:rect(0 0 0 2px)", False),
        ("clip-path:inset(50%)", True), ("clip-path:inset(100%)", True), ("clip-path:inset(40%)", False),
        ("clip-path:circle(0)", True), ("clip-path:circle(0px at 0 0)", True), ("clip-path:circle(1px)", False),
        ("float:left;display:block", False),
    ],
)  # fmt: skip
def test_what_nobody_can_see(style, hidden):
    assert (display(f"p {{{style}}}") == "none") is hidden
    assert (display("", f"<p id='a' style='{style}'>1</p>") == "none") is hidden


def test_a_fixed_layout_hides_nothing_that_is_only_out_of_sight():
    assert display("p {opacity:0}", hides_out_of_sight=False) == ""
    assert display("p {display:none}", hides_out_of_sight=False) == "none"
    assert display("p {visibility:hidden}", hides_out_of_sight=False) == "none"
    assert not hides(etree.fromstring("<p xmlns:r='urn:talepress:reading' r:display='' style='opacity:0'/>"))
    assert hides(etree.fromstring("<p style='opacity:0'/>")) and not hides(etree.fromstring("<p style='color:red'/>"))


@pytest.mark.parametrize(
    ("css", "style", "found"),
    [
        ("p {display:none} p {display:block}", "", "block"),
        ("p {display:none !important} p {display:block}", "", "none"),
        ("p {display:none !important} p {display:block !important}", "", "block"),
        ("p {display:none !important; display:block}", "", "none"),
        ("p {display:block; display:none}", "", "none"),
        (".b {display:none} p {display:block}", "", "none"),
        ("p {display:none}", "display:block", "block"),
        ("p {display:none !important}", "display:block", "none"),
        ("p {display:none !important}", "display:block !important", "block"),
        ("p {float:left} .b {float:none}", "", None),
        ("p {float:left; display:none}", "", "none"),
        ("p {float:right}", "", "inline"),
        ("@namespace 'http://www.w3.org/1999/xhtml'; p {display:none}", "", None),
        ("@unknown x; p {display:none}", "", "none"),
        ("/* x */ p /* y */ {display: /* z */ none}", "", "none"),
    ],
)  # fmt: skip
def test_whose_word_counts(css, style, found):
    assert display(css, f"<p id='a' class='b' style='{style}'>1</p>") == found


def linked(sheets, head):
    """What a document with this head shows of its paragraph, where a book has these sheets."""
    loaded = []

    def load(base, href):
        loaded.append((base, href))
        return (sheets[href], href) if href in sheets else None

    body = parse(f"<html><head>{head}</head><body><p>1</p></body></html>", "a.xhtml")[0]
    StyleSheets(load).apply(body, "a.xhtml")
    return body[0].get(DISPLAY), loaded


@pytest.mark.parametrize(
    ("link", "is_used"),
    [
        ("rel='stylesheet' href='x'", True), ("rel='Stylesheet x' href='x'", True), ("rel='icon' href='x'", False),
        ("rel='alternate stylesheet' href='x'", False), ("rel='stylesheet'", False), ("href='x'", False),
        ("rel='stylesheet' media='print' href='x'", False), ("rel='stylesheet' href='gone'", False),
    ],
)  # fmt: skip
def test_which_sheets_are_followed(link, is_used):
    assert (linked({"x": "p {display:none}"}, f"<link {link}/>")[0] == "none") is is_used


@pytest.mark.parametrize(
    ("rule", "is_used"),
    [
        ("@import 'x';", True), ("@import url(x);", True), ("@import url('x');", True), ("@IMPORT 'x' screen;", True),
        ("@import 'x' print;", False), ("@import;", False), ("@import 3;", False), ("@import format('x');", False),
    ],
)  # fmt: skip
def test_which_imports_are_followed_and_from_where(rule, is_used):
    found, loaded = linked({"s.css": rule, "x": "p {display:none}"}, "<link rel='stylesheet' href='s.css'/>")
    assert (found == "none") is is_used
    assert loaded[0] == ("a.xhtml", "s.css")
    assert loaded[1:] == [("s.css", "x")] or not is_used


@pytest.mark.parametrize(("count", "is_used"), [(20, True), (21, False)])
def test_imports_inside_one_another_have_an_end(count, is_used):
    sheets = {str(at): f"@import '{at + 1}';" for at in range(count)} | {str(count): "p {display:none}"}
    assert (linked(sheets, "<link rel='stylesheet' href='0'/>")[0] == "none") is is_used


@pytest.mark.parametrize(
    "css",
    ["p {clip:" + "rect(" * 2000 + "}", "@media " + "(" * 2000 + "{p{display:none}}", "p {width:" + "9" * 301 + "px}"],
)
def test_nesting_and_numbers_without_end_are_no_error(css):
    assert display(css + " p {display:block}") in ("block", None)
