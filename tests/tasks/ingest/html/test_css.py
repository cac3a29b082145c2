"""Stylesheets: what they hide, whose word counts, and which lines they set apart."""

from __future__ import annotations

import pytest

from tasks.ingest.html.css import StyleSheets
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
