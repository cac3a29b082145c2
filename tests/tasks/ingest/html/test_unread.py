"""What an element declares, or programs are known to write, has the skip rule of its kind; all else is read."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.html.elements import local_name
from tasks.ingest.html.unread import (
    element_rule,
    is_backlink,
    is_note_body,
    is_note_group,
    is_note_reference,
    meaning_rule,
    note_mark,
)
from tasks.ingest.skips import SkipRule

MEANINGS = {
    "cover-page": "cover coverpage other.ms-coverpage",
    "title-page": "titlepage title-page",
    "half-title-page": "halftitlepage halftitle",
    "copyright-page": "copyright-page",
    "imprint": "imprint imprimatur",
    "colophon": "colophon",
    "table-of-contents": "toc toc-brief loi lot loa lov",
    "navigation": "landmarks page-list pagelist",
    "index": "index",
    "bibliography": "bibliography biblioentry",
    "series-page": "seriespage",
    "advertisement": "advertisement promotional-copy",
    "page-break": "pagebreak pagefooter pageheader",
    "note-reference": "noteref",
    "note-body": "footnote footnotes endnote endnotes rearnote rearnotes notes",
    "note-backlink": "backlink",
}
TAGS = {
    "navigation": "nav",
    "script": "script noscript template",
    "style": "style",
    "vector-graphic": "svg",
    "media-fallback": "canvas audio video object iframe",
    "mathml": "math",
    "ruby-annotation": "rt rp rtc",
    "switch-case": "case",
    "document-title": "title",
}
CLASSES = {
    "page-break": "pagenum pageno page-number pagenumber pgnum pagebreak",
    "line-number": "lnum linenum line-number linenumber",
    "note-reference": "noteref fnanchor footnote-ref footnoteref",
    "note-body": "footnote footnotes endnote endnotes rearnote",
    "gutenberg-boilerplate": "pg-boilerplate pgheader pgfooter",
}


def made(markup):
    return etree.fromstring(f'<x xmlns:epub="http://www.idpf.org/2007/ops">{markup}</x>')[0]


def rule(markup, also_read=()):
    element = made(markup)
    return element_rule(element, local_name(element), also_read)


def pairs(table):
    return [(word, name) for name, words in table.items() for word in words.split()]


@pytest.mark.parametrize("attribute", ['epub:type="x {0}"', 'epub:type="{0}"', 'role="doc-{0}"', 'role="x doc-{0}"'])
def test_every_word_by_which_a_book_says_what_a_part_is(attribute):
    found = {word: rule(f"<section {attribute.format(word)}>1</section>") for word, _ in pairs(MEANINGS)}
    assert found == dict(pairs(MEANINGS))
    assert rule(f"<section {attribute.format('CoPyright-Page')}>1</section>") == "copyright-page"
    assert rule(f"<section {attribute.format('chapter')}>1</section>") is None


def test_what_was_read_as_html_says_it_in_an_attribute_with_a_colon():
    element = etree.HTML('<div epub:type="toc">1</div>').find(".//div")
    assert element_rule(element, "div") == "table-of-contents"


def test_a_role_of_another_vocabulary_says_nothing():
    assert rule('<section role="toc index">1</section>') is None


def test_every_element_that_is_not_read():
    assert {tag: rule(f"<{tag}>1</{tag}>") for tag, _ in pairs(TAGS)} == dict(pairs(TAGS))
    assert rule("<switch>1</switch>") is rule("<ruby>1</ruby>") is rule("<main>1</main>") is None


def test_every_class_that_programs_give_to_what_is_not_read():
    assert {name: rule(f'<span class="a {name}">1</span>') for name, _ in pairs(CLASSES)} == dict(pairs(CLASSES))
    assert {name: rule(f'<div class="{name.upper()}">1</div>') for name, _ in pairs(CLASSES)} == dict(pairs(CLASSES))


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<div id="pg-header">1</div>', "gutenberg-boilerplate"),
        ('<div id="PG-Footer">1</div>', "gutenberg-boilerplate"),
        ('<p hidden="">1</p>', "hidden"),
        ('<p aria-hidden=" TRUE ">1</p>', "hidden"),
        ('<p aria-hidden="false">1</p>', None),
        ('<p style="display:none">1</p>', "hidden"),
        ('<p data-talepress-skip="">1</p>', "markup-skip"),
        ('<p data-talepress-skip="yes" class="pagenum">1</p>', "markup-skip"),
        ('<p class="pagenum" hidden="">1</p>', "page-break"),
    ],
)
def test_what_is_hidden_or_framed_or_marked_is_not_read(markup, name):
    assert rule(markup) == name


def test_a_rule_that_is_switched_off_gives_way_to_the_next():
    markup = '<nav epub:type="toc" class="pagenum" id="pg-header" hidden="">1</nav>'
    names = ["table-of-contents", "page-break", "navigation", "gutenberg-boilerplate", "hidden"]
    assert [rule(markup, names[:count]) for count in range(6)] == [*names, None]


@pytest.mark.parametrize("tag", ["span", "a", "small", "i", "b"])
def test_a_prints_page_numbers_are_known_by_class_or_id_and_by_brackets(tag):
    named = ("page", "pg", "page-no", "x pgnum", "page_num", "pg_number", "page12", "pg-12", "a-page_3")
    numbers = ("12", "xii", "p. 12", "pg 12", "page 12", "[12]", "(p12)", "{ xii }")
    for name in named:
        assert rule(f'<{tag} class="{name}">[ 12 ]</{tag}>') == "page-break", name
        assert rule(f'<{tag} id="{name}">12</{tag}>') == "page-break", name
    for text in numbers:
        assert rule(f'<{tag} class="page">{text}</{tag}>') == "page-break", text
    for text in ("12345", "xiiiiiii", "12 a", ""):
        assert rule(f'<{tag} class="page">{text}</{tag}>') is None, text
    assert rule(f"<{tag}>[Pg 12]</{tag}>") == rule(f"<{tag}>{{p. xii}}</{tag}>") == "page-break"
    assert rule(f"<{tag}>(Pg 12)</{tag}>") is rule(f'<{tag} class="pagers">12</{tag}>') is None


def test_a_paragraph_of_a_page_is_no_page_number():
    assert rule('<p class="page">12</p>') is rule('<em id="page">12</em>') is None


@pytest.mark.parametrize(
    ("markup", "leads"),
    [
        ('<a role="doc-noteref">x</a>', True),
        ('<sup epub:type="noteref">x</sup>', True),
        ('<span class="fnanchor">x</span>', True),
        ('<p class="fnanchor">x</p>', False),  # no element of a line's
        ('<sup><a href="#n">12</a></sup>', True),
        ('<a href="#n"><sup>12</sup></a>', True),
        ('<a href="b.xhtml#n">[12]</a>', True),
        ('<a href="#n">12</a>', False),  # neither raised nor in brackets
        ('<a href="b.xhtml">[12]</a>', False),  # to no place in it
        ('<a href="#n">[see below]</a>', False),
        ('<span><a href="#n">[12]</a></span>', False),  # the link itself is one
        ('<a href="#n" class="footnote">12</a>', True),
        ("<sup>12</sup>", False),
    ],
)
def test_a_link_leads_to_a_note_as_it_declares_or_as_its_shape_shows(markup, leads):
    element = made(markup)
    assert is_note_reference(element, local_name(element)) is leads


def test_a_link_inside_a_raised_text_leads_to_a_note():
    element = made('<sup>see <a href="#n">12</a></sup>')[0]
    assert is_note_reference(element, "a")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("12", "12"), ("1234", "1234"), ("12345", ""), ("[12]", "12"), (" ( a ) ", "a"), ("{B}", "B"), ("ab", ""),
        ("*", "*"), ("†‡§¶‖*", "†‡§¶‖*"), ("*******", ""), ("*12", "*12"), ("[ 1", "1"), ("", ""), ("1 a", ""),
    ],
)  # fmt: skip
def test_the_mark_of_a_note_has_no_brackets(text, mark):
    assert note_mark(text) == mark


@pytest.mark.parametrize("text", [*"↩↵⏎↑⇑^←⬑⤴", "↩\ufe0e", "↩\ufe0f", "1", "1.", "[2]:", "*", " ↑ "])
def test_a_link_of_an_arrow_or_a_mark_leads_back(text):
    assert is_backlink(made(f'<a href="#r">{text}</a>'), "a")
    assert not is_backlink(made(f'<a href="b.xhtml">{text}</a>'), "a")
    assert not is_backlink(made(f'<span href="#r">{text}</span>'), "span")


@pytest.mark.parametrize("text", ["", "back", "see 1", "↩ back"])
def test_a_link_with_words_does_not_only_lead_back(text):
    assert not is_backlink(made(f'<a href="#r">{text}</a>'), "a")


@pytest.mark.parametrize("word", ["footnote", "endnote", "rearnote"])
def test_a_note_and_a_group_of_notes(word):
    assert is_note_body(made(f'<aside epub:type="{word}">x</aside>'))
    assert is_note_body(made(f'<p class="{word}">x</p>'))
    assert not is_note_body(made(f'<sup class="{word}">x</sup>')) and not is_note_body(made(f'<a class="{word}">x</a>'))
    group = f'<div {{}}="{word}s">{{}}</div>'
    note = f'<p class="{word}">x</p>'
    assert is_note_group(made(group.format("epub:type", note))) and is_note_group(made(group.format("class", note)))
    assert not is_note_group(made(group.format("class", "<p>x</p>")))  # without a note in it
    assert not is_note_body(made(f'<p epub:type="{word} {word}s">x</p>'))


def test_notes_are_a_group_as_well_and_a_page_of_another_kind_is_none():
    note = '<p class="footnote">x</p>'
    assert is_note_group(made(f'<div epub:type="notes">{note}</div>'))
    assert not is_note_group(made(f'<div class="notes" epub:type="index">{note}</div>'))


def test_of_several_meanings_the_first_that_has_a_rule_counts():
    assert meaning_rule(["chapter", "index", "toc"]) is SkipRule.INDEX
    assert meaning_rule(["chapter"]) is None
