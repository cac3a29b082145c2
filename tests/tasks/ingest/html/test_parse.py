"""Documents are parsed without what they declare, within limits, and their headings begin chapters."""

from __future__ import annotations

import time

import lxml.html
import pytest
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.html.parse import heading_anchors, lines_of, parse, text_of


def text(document):
    return text_of(parse(document, "a.xhtml")[0])


def xhtml(body):
    return f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>no</title></head><body>{body}</body></html>'


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("<p>A</p>", "A"),
        (xhtml("<p>A</p>"), "A"),
        ('\ufeff<?xml version="1.0" encoding="utf-16"?>\n' + xhtml("<p>\u00c4</p>"), "\u00c4"),
        ("<html><head><title>no</title></head><body>A</body></html>", "A"),
        ("<html><body><p>A</p>behind</body></html>", "A behind"),
        ("", ""),
        (" \n", ""),
        ("<!DOCTYPE html>", ""),
        ("A\0B", "AB"),
    ],
)
def test_of_a_document_the_body_is_read(document, wanted):
    assert text(document) == wanted


def test_what_is_well_formed_gives_no_warning():
    body, warnings = parse(xhtml("<p>A</p>"), "a.xhtml")
    assert (etree.QName(body).localname, warnings) == ("body", ())


def test_what_is_not_well_formed_is_read_as_html_with_a_warning():
    body, warnings = parse("<html><body><p>A<p>B \x01\ufffe\x0bC</body></html>", "a.xhtml")
    assert text_of(body) == "A B C"
    (warning,) = warnings
    assert warning.startswith("a.xhtml is not well-formed XHTML and was read as HTML: ")


@pytest.mark.parametrize(
    "kind",
    [
        "<!DOCTYPE html>",
        '<!doctype html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">',
        '<!DOCTYPE html [<!ENTITY own "secret"><!ENTITY nbsp "secret">]>',
        '<!DOCTYPE html SYSTEM "a.dtd" [<!ENTITY own SYSTEM "file:///etc/hostname">] >',
    ],
)
@pytest.mark.parametrize("end", ["</p>", "<oops></p>"])
def test_no_document_type_counts(kind, end):
    assert text(f"{kind}<html><body><p>A&own;B&nbsp;C{end}</body></html>") in ("A&own;B C", "AB C")


def test_a_document_type_is_looked_for_at_the_beginning_alone():
    assert "<!DOCTYPE x>" in text(f"<p>{'A' * 65536}</p><pre>&lt;!DOCTYPE x></pre>")
    assert text("<!DOCTYPE html [<p>A</p>").startswith("A")  # it has no end: nothing is cut


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("&eacute;&mdash;&nbsp;x", "é— x"),
        ("&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'"),
        ("&#233;&#xE9;", "éé"),
        ("&#150;&#x96;&#X96;&#x0096;", "––––"),
        ("&#128;&#159;", "€Ÿ"),
        ("\x96\x80", "–€"),
        ("&#12;3", "3"),
    ],
)
def test_entities_and_characters_of_windows_mean_what_programs_mean_by_them(written, wanted):
    assert text(f"<p>{written}</p>") == wanted


def test_an_entity_that_nobody_knows_stays():
    assert text("<p>A &nosuchthing; B</p>") == "A &nosuchthing; B"


@pytest.mark.parametrize("closed", ["", "/"])
def test_of_very_many_attributes_the_first_are_kept(closed):
    def tag(count):
        return (
            "<p><a" + "".join(f' attribute-of-a-long-name-that-says-little-{n:05}="{n}"' for n in range(count)) + closed
        )

    kept, _ = parse(f"{tag(200)}>A</p>", "a.xhtml")
    assert len(kept.find(".//a").attrib) == 200
    cut, _ = parse(f"{tag(300)}>A</p>", "a.xhtml")
    assert len(cut.find(".//a").attrib) == 200
    assert text_of(cut) == "A"


def test_attributes_beyond_count_cost_no_quadratic_time():
    many = "".join(f" a{n}=''" for n in range(60_000))
    began = time.process_time()
    assert text(f"<p{many}>A</p>") == "A"
    assert time.process_time() - began < 2


def test_fonts_that_nobody_closes_are_left_out_with_a_warning():
    body, warnings = parse("<html><body>" + "<font color='red'><p>A " * 3000 + "</body></html>", "a.xhtml")
    assert text_of(body).split() == ["A"] * 3000
    assert warnings[1] == "a.xhtml leaves so many elements open that bold, italics and fonts in it were not heeded"


@pytest.mark.parametrize("document", ["<div>" * 9000 + "A", "<p>" + "A" * 10_000_100 + "<oops></p>"])
def test_what_is_beyond_the_limits_is_refused_and_not_cut(document):
    try:
        assert len(text(document)) > 10_000_000
    except UnreadableBookError as error:
        assert str(error) == "a.xhtml is nested too deeply or holds too long a text to be a book's chapter"


def test_what_is_nested_too_deeply_is_refused():
    with pytest.raises(UnreadableBookError, match=r"^a\.xhtml is nested too deeply"):
        parse("<div>" * 9000 + "A", "a.xhtml")


MIXED = "<div>A <b>b</b>c<!-- no --> d<?no no?> e<p>F\ng</p>h<br/>i<ul><li>J</li><li>K</li></ul></div>tail"


def test_texts_and_lines_of_an_element():
    element = lxml.html.fragment_fromstring(f"<section>{MIXED}</section>")
    div = element[0]
    assert text_of(div) == "A bc d e F g h i J K"
    assert lines_of(div) == "A bc d e\nF g\nh\ni\nJ\nK"
    assert text_of(element) == "A bc d e F g h i J K tail"
    assert lines_of(lxml.html.fragment_fromstring("<p><br> A </p>")) == "A"


def anchors(*bodies):
    return heading_anchors([parse(f"<html><body>{body}</body></html>", "a.xhtml")[0] for body in bodies])


@pytest.mark.parametrize(
    ("bodies", "wanted"),
    [
        (["<p>A</p>"], []),
        (["<h1>A</h1>"], [(0, "heading-0", "A")]),
        (["<h1 id='x'>A</h1>", "<h1>B<br>C</h1>"], [(0, "x", "A"), (1, "heading-1", "B\nC")]),
        (["<h1>Book</h1><h2>A</h2><h2>B</h2><h3>c</h3>"], [(0, "heading-0", "A"), (0, "heading-1", "B")]),
        (["<h1>Book</h1><h2>A</h2><h3>c</h3>"], [(0, "heading-0", "Book")]),
        (["<hgroup id='g'><h2>A</h2></hgroup><h2>B</h2>"], [(0, "g", "A"), (0, "heading-1", "B")]),
        (["<div id='g'><h2>A</h2></div><h2>B</h2>"], [(0, "heading-0", "A"), (0, "heading-1", "B")]),
        (
            ["<h1>Part I</h1><h2>A</h2><h2>B</h2><h1>Notes</h1><h2>C</h2>"],
            [(0, "heading-0", "Part I"), (0, "heading-1", "A"), (0, "heading-2", "B"), (0, "heading-3", "Notes")],
        ),
        (
            ["<h1>Part I</h1><h3>A</h3><h4>x</h4>", "<h1>Part II</h1>"],
            [(0, "heading-0", "Part I"), (0, "heading-1", "A"), (1, "heading-2", "Part II")],
        ),
    ],
)
def test_the_headings_that_begin_chapters(bodies, wanted):
    assert anchors(*bodies) == wanted


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("<h1>Chapter 1</h1><h2>The Door</h2><p>x</p><h1>Chapter 2</h1>", "Chapter 1\nThe Door"),
        ("<h1>I</h1><div><h2>The Door</h2></div><h1>II</h1>", "I\nThe Door"),
        ("<h1>Chapter 1: Rain</h1><h2>The Door</h2><h1>Chapter 2</h1>", "Chapter 1: Rain"),
        ("<h1>Preface</h1><h2>The Door</h2><h1>Chapter 2</h1>", "Preface"),
        ("<h1>Rain</h1><h2>The Door</h2><h1>Chapter 2</h1>", "Rain"),
        ("<h1>Chapter 1</h1><p>x</p><h2>The Door</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1>x<h2>The Door</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><!-- x --><h2>The Door</h2><h1>Chapter 2</h1>", "Chapter 1\nThe Door"),
        ("<div><h1>Chapter 1</h1></div>x<h2>The Door</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<div><h1>Chapter 1</h1></div><div><p></p><h2>The Door</h2></div><h1>Chapter 2</h1>", "Chapter 1\nThe Door"),
        ("<h1>Chapter 1</h1><div><p>x</p><h2>The Door</h2></div><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><h2>The Door</h2><h2>The Key</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><h2>The Door</h2><h3>a</h3><h3>b</h3><h1>Chapter 2</h1>", "Chapter 1\nThe Door"),
        ("<h1>Chapter 1</h1><h2>1</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><h2>Scene One</h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><h2></h2><h1>Chapter 2</h1>", "Chapter 1"),
        ("<h1>Chapter 1</h1><h1>Chapter 2</h1><h2>The Door</h2>", "Chapter 1"),
    ],
)
def test_a_name_right_below_a_number_belongs_to_it(body, first):
    assert anchors(body)[0] == (0, "heading-0", first)


def test_a_name_on_the_next_page_is_none_of_this_chapters():
    assert anchors("<h1>Chapter 1</h1>", "<h2>The Door</h2>", "<h1>Chapter 2</h1>")[0][2] == "Chapter 1"
    assert anchors("<h1>Chapter 1</h1>", "<h1>Chapter 2</h1><h2>The Door</h2>")[1][2] == "Chapter 2\nThe Door"
