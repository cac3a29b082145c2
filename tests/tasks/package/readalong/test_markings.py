"""Marks in one file of the book: where they stand, what they are called, and that they come out again."""

import pytest

from tasks.ingest.html.places import folded
from tasks.package.readalong.clips import SpokenText
from tasks.package.readalong.documents import read_document
from tasks.package.readalong.markings import OtherTextError, marked, unmarked

HTML = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">{}<body>{}</body></html>'
LINK = '<link id="{}-style" rel="stylesheet" type="text/css" href="../s.css"/>'


def document(body, head="<head><title>T</title></head>"):
    return read_document(HTML.format(head, body).encode())


def text(letters, first):
    return SpokenText(0, "a.xhtml", letters, tuple(range(first, first + len(letters))), 0, 1)


def test_spans_stand_around_the_texts_and_the_link_at_the_heads_end():
    before = document("<p>He ran.<i>She</i>sat. No</p>")
    after = marked(before, {7: text("Heran.", 0), 4: text("Shesat.", 6)}, "s", "../s.css")
    body = '<p><span id="tp-s00001">He ran.</span><span id="tp-s00002"><i>She</i>sat.</span> No</p>'
    assert after.data.decode() == HTML.format(f"<head><title>T</title>{LINK.format('tp')}</head>", body)
    assert [(one.text, one.number, one.id, one.first_place, one.note) for one in after.marks] == [
        (7, 0, "tp-s00001", 0, ""),
        (4, 0, "tp-s00002", 6, ""),
    ]
    assert unmarked(after.data) == before.data


def test_the_pieces_of_a_text_are_counted_each_for_itself():
    marks = marked(
        document("<p>One</p><p>two.</p><p>Three</p>"), {0: text("Onetwo.", 0), 1: text("Three", 7)}, "w", "s"
    )
    assert [(one.text, one.number, one.id, one.first_place) for one in marks.marks] == [
        (0, 0, "tp-w00001", 0),
        (0, 1, "tp-w00002", 3),
        (1, 0, "tp-w00003", 7),
    ]


@pytest.mark.parametrize(
    ("body", "head", "stem"),
    [
        ("<p>x</p>", "", "tp"),
        ("<p>x</p>", "<head/>", "tp"),
        ('<p id="tp-a">x</p>', "", "tp2"),
        ('<p id="tp-a">x<b id="tp2-">y</b></p>', "", "tp3"),
        ('<p id="tp">x<b id="a-tp-">y</b></p>', "", "tp"),
    ],
)
def test_ids_are_none_of_the_files_and_a_file_without_a_head_has_no_link(body, head, stem):
    after = marked(document(body, head), {0: text("x", 0)}, "s", "s.css").data.decode()
    assert f'<span id="{stem}-s00001">x</span>' in after and "<link" not in after


@pytest.mark.parametrize(
    ("attributes", "note"),
    [
        ('epub:type="footnote"', "footnote"),
        ('epub:type="x endnote"', "endnote"),
        ('epub:type="rearnote"', "endnote"),
        ('epub:type="note"', "footnote"),
        ('role="doc-footnote"', "footnote"),
        ('role="doc-endnote"', "endnote"),
        ('epub:type="noteref"', ""),
        ('type="footnote"', ""),
        ('class="footnote"', ""),
    ],
)
def test_notes_are_known_however_deep_a_text_stands_in_them(attributes, note):
    marks = marked(document(f"<p>a</p><aside {attributes}><p><b>b</b></p></aside>"), {0: text("b", 1)}, "s", "s").marks
    assert [mark.note for mark in marks] == [note]


@pytest.mark.parametrize(
    ("body", "letters", "fits"),
    [
        ("été", "été", True),
        ("ﬁn", "fn", True),  # the letters of a ligature stand in one place
        ("a—b", "a-b", True),  # only letters and digits are compared
        ("ab", "Ab", False),
        ("ab", "abc", False),
        ("a1", "a2", False),
        ('a<img alt="x" src="p"/>', "ax", True),
    ],
)
def test_a_file_that_holds_other_text_is_refused(body, letters, fits):
    letters = folded(letters)
    try:
        assert marked(document(f"<p>{body}</p>"), {0: text(letters, 0)}, "s", "s").marks and fits
    except OtherTextError:
        assert not fits


@pytest.mark.parametrize(
    ("with_marks", "without"),
    [
        (b'<span id="tp-s1">a</span>', b"a"),
        (b'<span id="tp2-w12"><span class="x">a</span >b</span>c', b'<span class="x">a</span >bc'),
        (b'<span class=">"><span id="tp-s1">a</span>b</span>', b'<span class=">">ab</span>'),
        (b'<span class=\'">\'/><span id="tp-s1">a</span>', b"<span class='\">'/>a"),
        (b'<span id="tp-s1"><!-- </span> -->a</span>', b"<!-- </span> -->a"),
        (b'<span id="tp-s1"><![CDATA[</span>]]>\n<?x </span>?></span>', b"<![CDATA[</span>]]>\n<?x </span>?>"),
        (b'<link id="tp-style" href="s"/><link id="style"/><link id="tp3-style"/>', b'<link id="style"/>'),
        (
            b'<span id="tp-x1">a</span><span id="xtp-s1">b</span>',
            b'<span id="tp-x1">a</span><span id="xtp-s1">b</span>',
        ),
        (b'<spanner id="tp-s1"/><linked/>', b'<spanner id="tp-s1"/><linked/>'),
    ],
)
def test_marks_come_out_and_nothing_else(with_marks, without):
    assert unmarked(with_marks) == without
