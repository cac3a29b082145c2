"""The block walker: what becomes a block of which kind, what is skipped by which rule, and that nothing gets lost."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from storage.records import Block, Markup, MarkupKind, Skip
from tasks.errors import UnreadableBookError
from tasks.ingest.events import Anchor, is_scene_break
from tasks.ingest.html.css import StyleSheets
from tasks.ingest.html.documents import Document, read_documents
from tasks.ingest.html.parse import parse
from tasks.ingest.html.walker import walk
from tests.tasks.ingest.builders import page
from tests.tasks.ingest.conftest import ingest_settings


def events(body: str, anchors=(), css: str = "", **options):
    element, _ = parse(page(body), "x.xhtml")
    if css:
        element.getparent().insert(0, etree.fromstring(f"<style>{css}</style>"))
    StyleSheets(lambda base, href: None).apply(element, "x.xhtml")
    settings = ingest_settings().model_copy(update=options)
    return read_documents([Document("x.xhtml", element)], settings, {0: anchors}, "en")[0]


def blocks(body: str, **options) -> list[tuple[str, str]]:
    return [(event.kind.value, event.text) for event in events(body, **options) if isinstance(event, Block)]


def texts_of(element, **options) -> list[str]:
    found = walk(element, "x.xhtml", ingest_settings().model_copy(update=options))
    return [event.text for event in found if not isinstance(event, Anchor)]


def skips(body: str, **options) -> list[tuple[str, str]]:
    return [(event.rule, event.text) for event in events(body, **options) if isinstance(event, Skip)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>One</h1><p>Two</p>", [("heading", "One"), ("paragraph", "Two")]),
        ("<ul><li><p>only once</p></li><li>bare</li></ul>", [("list_item", "only once"), ("list_item", "bare")]),
        ("<ol><li>outer<ol><li>inner</li></ol></li></ol>", [("list_item", "outer"), ("list_item", "inner")]),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", [("list_item", "term"), ("list_item", "meaning")]),
        ("<blockquote><p>said</p></blockquote>", [("quote", "said")]),
        ("<div>bare <b>text</b><p>para</p>tail</div>", [("paragraph", t) for t in ("bare text", "para", "tail")]),
        ("<p><span class='drop'>O</span>nce <i>up</i>on</p>", [("paragraph", "Once upon")]),
        ("<p>H<sub>2</sub>O and 10<sup>3</sup></p>", [("paragraph", "H2O and 10³")]),
        ("<p>one<br/>two</p>", [("paragraph", "one\ntwo")]),
        ("<hgroup><h2>I</h2><p>The Sea</p></hgroup>", [("heading", "I\nThe Sea")]),
        ("<p class='chapter-title'>The Sea</p>", [("heading", "The Sea")]),
        ("<p>a</p><hr/><p>b</p>", [("paragraph", "a"), ("scene_break", ""), ("paragraph", "b")]),
        ("<p>* * *</p>", [("scene_break", "* * *")]),
        ("<table><tr><th>Name</th><td>Age</td></tr></table>", [("table_row", "Name\nAge")]),
        ("<div class='poem'><p>one<br/>two</p><p>three</p></div>", [("verse", "one\ntwo"), ("verse", "three")]),
        ("<div class='linegroup'><div>one</div><div>two</div></div>", [("verse", "one\ntwo")]),
        ("<blockquote epub:type='z3998:song'><p>la<br/>la</p></blockquote>", [("verse", "la\nla")]),
        ("<p>a&nbsp;b &mdash; c&#173;d\u200be</p>", [("paragraph", "a b — cde")]),
        ("<pre>a\n  b</pre>", [("paragraph", "a\nb")]),
        ("<p>x<!-- no -->y<?pi no?>z</p>", [("paragraph", "xyz")]),
        ("<p><img alt='O' src='o.png'/>nce</p>", [("paragraph", "Once")]),
    ],
)
def test_blocks(body, expected):
    assert blocks(body) == expected


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<nav>1</nav>", "navigation"),
        ("<p>w<a epub:type='noteref' href='#n'>1</a></p>", "note-reference"),
        ("<p>w<a role='doc-noteref' href='#n'>1</a></p>", "note-reference"),
        ("<p>w<sup><a href='#n'>1</a></sup></p>", "note-reference"),
        ("<p>w<a href='#n'><sup>1</sup></a></p>", "note-reference"),
        ("<aside epub:type='footnote'>1</aside>", "note-body"),
        ("<section role='doc-endnotes'>1</section>", "note-body"),
        ("<div class='footnote'>1</div>", "note-body"),
        ("<p>so<span epub:type='pagebreak'>1</span>me</p>", "page-break"),
        ("<span class='pagenum'>1</span>", "page-break"),
        ("<span class='lnum'>1</span>", "line-number"),
        ("<p hidden='hidden'>1</p>", "hidden"),
        ("<p aria-hidden='true'>1</p>", "hidden"),
        ("<p style='color:red; display : none'>1</p>", "hidden"),
        ("<section epub:type='titlepage'>1</section>", "title-page"),
        ("<section epub:type='copyright-page'>1</section>", "copyright-page"),
        ("<section epub:type='toc'>1</section>", "table-of-contents"),
        ("<div id='pg-header'>1</div>", "gutenberg-boilerplate"),
        ("<script>1</script>", "script"),
        ("<style>1</style>", "style"),
        ("<svg><text>1</text></svg>", "vector-graphic"),
        ("<video>1</video>", "media-fallback"),
        ("<ruby>K<rt>1</rt></ruby>", "ruby-annotation"),
    ],
)
def test_skips_by_a_named_rule(body, rule):
    assert (rule, "1") in skips(body)
    assert "1" not in "".join(text for _, text in blocks(body))


def test_bracketed_links_and_asterisks_are_note_references():
    marks = skips("<p>w<a href='#n'>[1]</a>, v<a href='#n'>*</a></p>")
    assert marks == [("note-reference", "[1]"), ("note-reference", "*")]


def test_links_and_superscripts_that_are_no_notes_are_read():
    assert blocks("<p>In <a href='#ch2'>chapter 2</a> of x<sup>2</sup>, see <a href='#a'>5</a>.</p>") == [
        ("paragraph", "In chapter 2 of x², see 5.")
    ]


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        ("<p>x <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</rt></ruby> y</p>", {}, "x 漢字 y"),
        ("<p>x <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</rt></ruby> y</p>", {"ruby": "reading"}, "x kanji y"),
        ("<p><ruby><rb>漢</rb><rt>kan</rt></ruby></p>", {"ruby": "reading"}, "kan"),
        ("<p><ruby>漢</ruby></p>", {"ruby": "reading"}, "漢"),
        ("<p>5 km<sup>2</sup>, x<sup>−1</sup>, 2<sup>n</sup></p>", {}, "5 km², x⁻¹, 2ⁿ"),
        ("<p>3<sup>1</sup>⁄<sub>2</sub> miles and <sup>1</sup>/<sub>4</sub></p>", {}, "3 1⁄2 miles and 1/4"),
        ("<p>He said so.<sup>12</sup> The end<sup>3</sup> came</p>", {}, "He said so. The end came"),
        ("<p>the 1<sup>st</sup> M<sup>me</sup> X</p>", {}, "the 1st Mme X"),
        ("<p>ﬁnd the oﬃce, café: e\u0301 <i>e</i>\u0301</p>", {}, "find the office, café: é é"),
        ("<p>in&#8203;visible&#xfe0f; a\u00a0b co&shy;op</p>", {}, "invisible a b coop"),
        ("<p>don&#146;t &#x97; stop</p>", {}, "don’t — stop"),
        ("<p>one<wbr/>two<!-- x -->three</p>", {}, "onetwothree"),
        ("<p>A<br/><br/>B</p>", {}, "A\nB"),
    ],
)
def test_words_are_read_once_and_whole(body, options, expected):
    assert [text for _, text in blocks(body, **options)] == [expected]


TABLE = (
    "<table><caption>Ages</caption><thead><tr><th>Name</th><th>Age</th></tr></thead>"
    "<tbody><tr><td>Ann</td><td>5</td></tr></tbody></table>"
)


def test_tables_row_by_row_or_announced():
    rows = [("paragraph", "Ages"), ("table_row", "Name\nAge"), ("table_row", "Ann\n5")]
    assert blocks(TABLE) == rows
    row = next(e for e in events(TABLE) if isinstance(e, Block) and e.text == "Ann\n5")
    assert row.markup == (Markup(4, 5, MarkupKind.RESPELL, "Age: 5"),)
    said = "A table of 2 rows and 2 columns is left out here."
    assert blocks(TABLE, tables="announce") == [("paragraph", said), ("paragraph", "Ages")]
    assert skips(TABLE, tables="announce") == [("table", "Name Age"), ("table", "Ann 5")]
    assert blocks(TABLE, tables="announce", also_read=("table",)) == rows
    layout = "<table><tr><td><p>one</p><p>two</p></td></tr></table>"
    assert blocks(layout, tables="announce") == [("paragraph", "one"), ("paragraph", "two")]


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE [" * 100_000 + "<p>x</p>",
        "<html><body>" + "<p>x" * 10_000,
        "<html><body>" + "<a href='#n'>" * 200 + "x" * 100_000,
        "<html><body>" + "&" * 200_000 + "<p>x</p>",
        "<html><body><p>" + "<!-- " * 50_000 + "x",
        "<html><body>" + "<sup><a href='#1'>1</a></sup>" * 5_000,
        "<html><body><table>" + "<tr><td>x" * 5_000,
        "<html><body><p " + " ".join(f"a{number}='x'" for number in range(50_000)) + ">x</p></body></html>",
        "<html><body><p>" + "<b></b>" * 20_000 + "<sup>1</sup>" * 5_000 + "</p></body></html>",
        "<html><body><p>x" + "[1]" * 50_000 + ".1 " * 50_000 + "</p></body></html>",
    ],
)
def test_hostile_markup_takes_no_more_than_linear_time(text):
    started = time.process_time()
    body, _ = parse(text, "x.html")
    read_documents([Document("x.html", body)], ingest_settings(), {})
    assert time.process_time() - started < 10


@pytest.mark.parametrize("end", ["</p>", "<oops>"])
def test_a_text_of_more_than_ten_megabytes_is_read_whole(end):
    """libxml2 drops what comes after 10 MB of text without a tag, unless it is told not to."""
    words = "apple " * 1_800_000
    root, _ = parse(f"<html><body><p>{words}{end}</body></html>", "a.xhtml")
    assert sum(len(text) for text in root.itertext()) == len(words)


@pytest.mark.parametrize("ending", ["", "</p></body></html>"])
def test_of_thousands_of_attributes_the_first_are_kept_and_the_text_is_read(ending):
    attributes = " ".join(f"a{number}='x'" for number in range(50_000))
    body, _ = parse(f"<html><body><p id='first' {attributes}>x{ending}", "x.html")
    paragraph = next(body.iter("{*}p", "p"))
    assert (paragraph.get("id"), paragraph.get("a49999"), paragraph.text) == ("first", None, "x")


def test_a_text_longer_than_libxml2_takes_is_read_whole():
    words = "He went to the mill. " * 550_000
    (text,) = texts_of(parse(f"<html><body><p>{words}</p></body></html>", "x.html")[0])
    assert text == words.strip()


def test_a_rule_can_be_switched_off():
    body = "<section epub:type='titlepage'><p>Title</p></section><p><img alt='A cat' src='c.png'/></p>"
    assert blocks(body) == []
    assert blocks(body, also_read=("title-page", "image-alt")) == [("paragraph", "Title"), ("paragraph", "A cat")]


def test_image_alternatives_are_skipped_by_name_and_math_is_spoken_by_its_alttext():
    assert skips("<img alt='A cat' src='c.png'/>") == [("image-alt", "A cat")]
    assert blocks("<p>so <math alttext='x squared'><mi>x</mi></math></p>") == [("paragraph", "so x squared")]


def test_anchors_stand_before_their_block_even_inside_a_heading_or_a_skipped_page_break():
    found = events(
        "<p>a</p><h2>Ch <a id='c2'></a>2</h2><span class='pagenum' id='p3'>3</span><p>b</p>", anchors=["c2", "p3"]
    )
    names = [event.id if isinstance(event, Anchor) else event.text for event in found]
    assert names == ["a", "c2", "Ch 2", "p3", "3", "b"]


def test_broken_markup_is_read_as_html_with_a_warning():
    element, warnings = parse("<html><body><p>one<p>two &bogus; &eacute;</body>", "x.html")
    assert texts_of(element) == ["one", "two &bogus; é"]
    assert "not well-formed" in warnings[0]


def test_entities_are_not_expanded():
    bomb = (
        '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + "<html><body><p>x&b;y</p></body></html>"
    )
    element, _ = parse(bomb, "x.xhtml")
    assert texts_of(element) == ["x&b;y"]


@pytest.mark.parametrize("tag", ["div", "b", "font"])
@pytest.mark.parametrize("end", ["</body></html>", "</p></body></html>"])  # well-formed, and not
def test_what_is_nested_deep_is_read(tag, end):
    document = "<html><body><p>before</p>" + f"<{tag}>" * 1500 + "core" + f"</{tag}>" * 1500 + "<div>after</div>" + end
    assert texts_of(parse(document, "x.xhtml")[0]) == ["before", "core", "after"]


def test_fonts_that_are_never_closed_are_no_depth():
    body, warnings = parse("<html><body>" + "<p><font size=2>One <b>word." * 3000 + "</body></html>", "x.html")
    assert texts_of(body) == ["One word."] * 3000
    assert "fonts in it were not heeded" in warnings[1]


def test_nesting_without_end_is_a_clear_error():
    with pytest.raises(UnreadableBookError, match="nested too deeply"):
        parse("<html><body>" + "<div>" * 100_000 + "text" + "</div>" * 100_000 + "</body></html>", "x.xhtml")


@pytest.mark.parametrize(
    ("text", "is_break"),
    [
        ("* * *", True),
        ("***", True),
        ("⁂", True),
        ("———", True),
        ("~", True),
        ("—", False),
        ("...", False),
        ("?!", False),
    ],
)
def test_scene_breaks(text, is_break):
    assert is_scene_break(text) == is_break


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="<>&"), max_size=12
)
_TAGS = st.sampled_from(
    ["p", "div", "span", "em", "li", "ul", "h2", "blockquote", "table", "tr", "td", "sup", "pre", "aside"]
)
_TREE = st.recursive(
    _TEXT, lambda inner: st.builds(lambda t, c: f"<{t}>{''.join(c)}</{t}>", _TAGS, st.lists(inner, max_size=4))
)


def parts_of(text):
    """Without spaces; a letter composed of a letter and its accent is the same as its parts."""
    return "".join(unicodedata.normalize("NFKD", text).split())


@given(_TREE)
def test_no_character_is_lost_or_doubled(body):
    element, _ = parse(page(body), "x.xhtml")  # walk itself recounts by another route
    found = "".join(texts_of(element, code="skip"))  # announcing a listing adds words of our own
    expected = "".join(element.xpath("//*[local-name()='body']//text()"))
    assert sorted(parts_of(found)) == sorted(parts_of(expected))


@pytest.mark.parametrize(
    "number",
    [
        "<span class='page' id='Page_41'>p. 41</span>",
        "<span class='pagenum'>[Pg 39]</span>",
        "<span>[Pg 12]</span>",
        "<a id='page_40' class='pageno'>40</a>",
        "<a id='pg7'>{7}</a>",
        "<span class='page-xii'>xii</span>",
    ],
)
def test_numbers_of_pages_are_not_read(number):
    assert blocks(f"<p>She {number} slept.</p>") == [("paragraph", "She slept.")]
    assert [rule for rule, _ in skips(f"<p>She {number} slept.</p>")] == ["page-break"]


@pytest.mark.parametrize(
    "words", ["<span>p. 41</span>", "<span class='page'>the page</span>", "<b>40</b>", "<i class='pager'>7</i>"]
)
def test_numbers_that_only_look_like_pages_are_read(words):
    assert skips(f"<p>See {words} now.</p>") == []


@pytest.mark.parametrize("mark", ["[Pg 42]", "{page 7}", "[Page xii]"])
def test_marks_of_pages_in_running_text_are_not_read(mark):
    assert blocks(f"<p>She {mark} slept.</p>") == [("paragraph", "She slept.")]
    assert skips(f"<p>She {mark} slept.</p>") == [("page-break", mark)]
    assert skips(f"<pre>She {mark} slept.</pre>") == []
