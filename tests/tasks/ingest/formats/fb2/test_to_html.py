"""FictionBook becomes HTML element by element, with chapters, notes, a description and a cover."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from tasks.ingest.formats.fb2 import to_html as module
from tasks.ingest.formats.fb2.book import is_fb2, is_fb2_zip
from tasks.ingest.formats.fb2.to_html import read_fb2

LINK = 'xmlns:l="http://www.w3.org/1999/xlink"'


def read(bodies, description="", tail=""):
    text = (
        f'<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" {LINK}>'
        f"<description>{description}</description>{bodies}{tail}</FictionBook>"
    )
    return read_fb2(text.encode(), "b.fb2")


def html(content):
    """What becomes of the content of a section, without the elements around it."""
    section = read(f"<body><section>{content}</section></body>").body[0][0]
    return etree.tostring(section, encoding="unicode").removeprefix("<section>").removesuffix("</section>")


@pytest.mark.parametrize(
    ("element", "made"),
    [
        ("emphasis", "em"), ("strong", "strong"), ("style", "span"), ("strikethrough", "s"), ("sub", "sub"),
        ("sup", "sup"), ("code", "code"), ("epigraph", "blockquote"), ("cite", "blockquote"), ("annotation", "div"),
        ("p", "p"), ("text-author", "p"), ("date", "p"), ("table", "table"), ("tr", "tr"), ("td", "td"), ("th", "th"),
        ("v", "div"), ("unknown", "span"), ("section", "section"),
    ],
)  # fmt: skip
def test_every_element_has_its_name_in_html(element, made):
    assert html(f"a<{element}>b</{element}>c") == f"a<{made}>b</{made}>c"


@pytest.mark.parametrize(
    ("content", "made"),
    [
        ("<poem><stanza><v>a</v></stanza></poem>", '<div class="poem"><div class="stanza"><div>a</div></div></div>'),
        ("<p>a<empty-line/>b</p>", "<p>a<br/>b</p>"),
        ('<image l:href="#x" alt="A cat"/>', '<img alt="A cat"/>'),
        ("<image/>", '<img alt=""/>'),
        ('<p id="x">a</p>', '<p id="x">a</p>'),
        ('<a l:href="#n" type="note">1</a>', '<a href="#n" role="doc-noteref">1</a>'),
        ('<a l:href="#n">1</a>', '<a href="#n">1</a>'),
        ("<p>a<!-- x -->b<b>c</b><!-- y -->d</p>", "<p>ab<span>c</span>d</p>"),
        ("<title><p>A</p><p>B</p></title>",
         '<h2 class="section-title" id="h2-0"><span>A</span><br/><span>B</span></h2>'),
        ("<subtitle>A</subtitle>", "<h3>A</h3>"),
        ("<section><title><p>A</p></title><subtitle>B</subtitle></section>",
         '<section><h3 class="section-title" id="h3-0"><span>A</span></h3><h4>B</h4></section>'),
    ],
)  # fmt: skip
def test_poems_pictures_links_and_titles(content, made):
    assert html(content) == made


def test_a_heading_is_no_deeper_than_html_knows():
    deep = "<section>" * 9 + "<title><p>A</p></title><subtitle>B</subtitle>" + "</section>" * 9
    assert "<h6" in html(deep) and "<h7" not in html(deep)


@pytest.mark.parametrize("name", ["notes", "comments", "footnotes"])
def test_bodies_of_notes(name):
    note = '<section id="n"><title><p>1</p></title><p>A.</p><section><p>B.</p></section></section>'
    book = read(f'<body><section><title><p>One</p></title></section></body><body name="{name}">{note}</body>')
    notes = book.body[1]
    assert notes.get("role") == "doc-endnotes"
    assert [section.get("role") for section in notes.iter("section")] == ["doc-footnote", None]
    assert [title for title, *_ in book.chapters] == ["One"]
    assert read('<body name="other"><section/></body>').body[0].get("role") is None


def test_chapters_are_the_titles_of_sections_and_of_those_in_them():
    inner = '<section><title id="own"><p>One</p><p> a\nb </p></title></section><section><p>x</p></section>'
    book = read(f"<body><title><p>Book</p></title><section><title><p>Part</p></title>{inner}</section></body>")
    assert book.chapters == (("Part", "h2-0", 0), ("One a b", "own", 1))


INFO = "<title-info>{}</title-info>"


@pytest.mark.parametrize(
    ("description", "field", "value"),
    [
        (INFO.format("<book-title>A\n b</book-title>"), "title", "A b"),
        (INFO.format("<lang>ru</lang>"), "language", "ru"),
        (INFO.format("<annotation><p>A</p> <p>b</p></annotation>"), "description", "A b"),
        (INFO.format("<date value='1'>1999</date>") + "<publish-info><year>2001</year></publish-info>", "date", "1999"),
        (INFO.format("") + "<publish-info><year>2001</year></publish-info>", "date", "2001"),
        (INFO.format("") + "<publish-info><publisher>P</publisher></publish-info>", "publisher", "P"),
        (INFO.format("") + "<publish-info><isbn>9</isbn></publish-info>", "identifier", "9"),
        (INFO.format("") + "<document-info><id>d</id></document-info>", "identifier", "d"),
        (INFO.format("<keywords>a, b; c</keywords>"), "subjects", ("a", "b", "c")),
        (INFO.format('<sequence name="S" number="2"/>'), "series", "S"),
        (INFO.format('<sequence name="S" number="2"/>'), "series_position", "2"),
        (INFO.format("<sequence/>"), "series", ""),
        ("", "title", ""),
    ],
)
def test_the_description_field_by_field(description, field, value):
    assert getattr(read("<body/>", description).metadata, field) == value


@pytest.mark.parametrize(
    ("names", "author", "sorted_as"),
    [
        ("<first-name>Ann</first-name><middle-name>B.</middle-name><last-name>C</last-name>",
         "Ann B. C", ("C, Ann B.",)),
        ("<last-name>C</last-name>", "C", ()),
        ("<first-name>Ann</first-name>", "Ann", ()),
        ("<nickname>nick</nickname>", "nick", ()),
        ("<last-name>C</last-name><nickname>nick</nickname>", "C", ()),
    ],
)  # fmt: skip
def test_authors_have_all_their_names(names, author, sorted_as):
    metadata = read("<body/>", INFO.format(f"<author>{names}</author><author/>")).metadata
    assert (metadata.authors, metadata.sort_authors) == ((author,), sorted_as)


PICTURE = base64.b64encode(b"PICTURE").decode()
COVER = INFO.format('<coverpage><image l:href="#c"/></coverpage>')
BINARY = '<binary id="{}" content-type="image/{}">{}</binary>'


@pytest.mark.parametrize(
    ("description", "binaries", "cover"),
    [
        (COVER, BINARY.format("x", "gif", "AA==") + BINARY.format("c", "png", PICTURE), (b"PICTURE", "image/png")),
        (COVER, BINARY.format("x", "png", PICTURE), (None, "")),
        (COVER, BINARY.format("c", "png", "A"), (None, "")),
        (INFO.format(""), BINARY.format("", "png", PICTURE), (None, "")),
    ],
)
def test_the_cover_is_the_picture_that_the_cover_page_names(description, binaries, cover):
    book = read("<body/>", description, binaries)
    assert (book.cover, book.cover_media_type) == cover


@pytest.mark.parametrize(("most", "is_taken"), [(len(PICTURE) + 1, True), (len(PICTURE), False)])
def test_a_cover_is_no_larger_than_players_take(most, is_taken, monkeypatch):
    assert module._MAX_COVER_BYTES == 16 << 20
    monkeypatch.setattr(module, "_MAX_COVER_BYTES", most)
    assert (read("<body/>", COVER, BINARY.format("c", "png", PICTURE)).cover is not None) is is_taken


@pytest.mark.parametrize(
    ("head", "is_one"), [(b"<?xml?><FictionBook>", True), (b"<FictionBook\nx", True), (b"<FictionBooks>", False)]
)
def test_a_file_is_fb2_by_its_first_element(head, is_one):
    assert is_fb2(head) is is_one


@pytest.mark.parametrize(("names", "is_one"), [("a.fb2 b.txt", True), ("a.fb2 b.fb2", False), ("a.fb2.txt", False)])
def test_an_archive_is_fb2_where_one_file_in_it_is(names, is_one):
    assert is_fb2_zip(frozenset(names.split())) is is_one
