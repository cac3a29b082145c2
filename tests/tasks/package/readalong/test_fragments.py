"""Spans are cut at blocks and inside of the author's elements, which stay whole; what is marked stays well-formed."""

from xml.dom import minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.package.readalong.clips import SpokenText
from tasks.package.readalong.documents import read_document
from tasks.package.readalong.fragments import fragments_of
from tasks.package.readalong.markings import OtherTextError, marked, unmarked

MATHML = "http://www.w3.org/1998/Math/MathML"
HEAD = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head></head><body>'


def pieces_of(body: str, *stretches: str) -> list[str]:
    """The marked bytes, where each stretch is a text of the body without its blanks."""
    document = read_document(f"{HEAD}{body}</body></html>".encode())
    owners = {}
    at = 0
    for key, stretch in enumerate(stretches):
        at = document.text.index("".join(stretch.split()), at)
        for _ in "".join(stretch.split()):
            owners[at] = key
            at += 1
    return [document.data[one.start : one.end].decode() for one in fragments_of(document, owners)]


@pytest.mark.parametrize(
    ("body", "stretches", "pieces"),
    [
        ("<p>One two. Three.</p>", ["One two.", "Three."], ["One two.", "Three."]),
        ("<p><em>One</em> two.</p>", ["One two."], ["<em>One</em> two."]),
        ("<p><em>One. Two</em> three.</p>", ["One.", "Two three."], ["One.", "Two", "three."]),
        ("<p>See <a href='#n'>it</a>.</p>", ["See it."], ["See <a href='#n'>it</a>."]),
        ("<p>Told.<sup><a href='#n'>1</a></sup> So.</p>", ["Told.", "So."], ["Told.", "So."]),
        ("<p>He<sup>1</sup> told.</p>", ["He", "told."], ["He", "told."]),
        ("<h2>I<br/>Home</h2>", ["I Home"], ["I<br/>Home"]),
        ("<hgroup><h2>I</h2><p>Home</p></hgroup>", ["I Home"], ["I", "Home"]),
        ("<ul><li>One</li><li>two</li></ul>", ["One two"], ["One", "two"]),
        ("<p><span>One</span><br/><span>two</span></p>", ["One two"], ["<span>One</span><br/><span>two</span>"]),
        (f"<p>Let <math xmlns='{MATHML}'><mi>x</mi></math> be.</p>", ["Let", "be."], ["Let", "be."]),
        ("<p>A <ruby>b<rt>c</rt></ruby> d</p>", ["A b"], ["A <ruby>b<rt>c</rt></ruby>"]),
        ("<p>A <![CDATA[b]]> c</p>", ["A b c"], ["A", "c"]),
        ("<div>One<p>two</p>three</div>", ["One two three"], ["One", "two", "three"]),
        ("<table><tr><td>1</td><td>2</td></tr></table>", ["1 2"], ["1", "2"]),
        ("<p>A<hr/>B</p>", ["A B"], ["A", "B"]),
        ("<p><img alt='O' src='o.png'/>nce.</p>", ["\ufffcnce."], ["<img alt='O' src='o.png'/>nce."]),
        ("<p>A</p><div><img alt='A cat.' src='c.png'></img></div>", ["A", "\ufffc"],
         ["A", "<img alt='A cat.' src='c.png'></img>"]),
        ("<p>See <a href='#n'><img alt='it' src='i'/></a>, no.</p>", ["See \ufffc,", "no."],
         ["See <a href='#n'><img alt='it' src='i'/></a>,", "no."]),
    ],
)  # fmt: skip
def test_a_span_goes_where_it_may_stand(body, stretches, pieces):
    assert pieces_of(body, *stretches) == pieces


def test_what_nobody_speaks_in_the_middle_of_a_sentence_is_taken_along():
    document = read_document(f"{HEAD}<p>He<sup>1</sup> told.</p></body></html>".encode())
    owners = {place: 0 for place in range(len(document.text)) if document.text[place] != "1"}
    (only,) = fragments_of(document, owners)
    assert document.data[only.start : only.end] == b"He<sup>1</sup> told."


INLINE = st.recursive(
    st.sampled_from(["One two. ", "three", "<br/>", " ", "&amp;", "<span id='x'>y</span>", "<!-- </span> -->", "é"]),
    lambda inner: st.tuples(st.sampled_from(["em", "a", "span", "ruby"]), st.lists(inner, max_size=3)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=6,
)
BODIES = st.lists(
    st.tuples(st.sampled_from(["p", "div", "li", "h2"]), st.lists(INLINE, min_size=1, max_size=5)),
    min_size=1,
    max_size=4,
).map(lambda blocks: "".join(f"<{tag}>{''.join(inner)}</{tag}>" for tag, inner in blocks))


@settings(max_examples=60)
@given(BODIES, st.lists(st.integers(1, 9), min_size=1), st.randoms())
def test_marks_leave_the_file_well_formed_and_come_out_again(body, lengths, random):
    data = f"{HEAD}{body}</body></html>".encode()
    document = read_document(data)
    texts = {}
    at = 0
    for index, length in enumerate(lengths):
        places = tuple(range(at, min(at + length, len(document.text))))
        letters = "".join(document.text[place] for place in places)
        texts[index] = SpokenText(0, "x", letters, places, 0, 0)
        at += length + random.choice([0, 0, 2])
    result = marked(document, texts, "s", "style.css")
    tree = minidom.parseString(result.data)
    ids = [span.getAttribute("id") for span in tree.getElementsByTagName("span")]
    assert [id_ for id_ in ids if id_.startswith("tp")] == [mark.id for mark in result.marks]
    assert unmarked(result.data) == data


def test_ids_are_unlike_all_that_the_file_has():
    data = f'{HEAD}<p id="tp-s00001">One</p><p id="tp2-x">two</p></body></html>'.encode()
    text = SpokenText(0, "x", "One", (0, 1, 2), 0, 0)
    (mark,) = marked(read_document(data), {0: text}, "s", "style.css").marks
    assert mark.id == "tp3-s00001"


def test_a_note_is_known_by_what_the_book_says():
    data = f'{HEAD}<aside epub:type="footnote"><p>One</p></aside></body></html>'.encode()
    (mark,) = marked(read_document(data), {0: SpokenText(0, "x", "One", (0, 1, 2), 0, 0)}, "s", "s.css").marks
    assert mark.note == "footnote"


def test_a_file_that_holds_other_text_than_was_read_is_refused():
    document = read_document(f"{HEAD}<p>One</p></body></html>".encode())
    with pytest.raises(OtherTextError):
        marked(document, {0: SpokenText(0, "x", "Two", (0, 1, 2), 0, 0)}, "s", "s.css")


PHRASING = (
    "a abbr acronym area audio b bdi bdo big br button canvas cite code data datalist del dfn em embed font i iframe "
    "img input ins kbd label link map mark meter noscript object output picture progress q rb rbc rp rt rtc ruby s "
    "samp script select slot small source span strike strong sub sup template textarea time track tt u var video wbr"
)
OTHERS = (
    "address article aside blockquote div dl fieldset figure form h1 hr li main nav ol p pre section table ul other"
)


def test_what_may_stand_inside_of_a_span_does_not_cut_a_sentence_and_all_else_does():
    tags = [*PHRASING.split(), *OTHERS.split()]
    pieces = {tag: pieces_of(f"<p>A<{tag}/>B</p>", "A B") for tag in tags}
    whole = {tag: [f"A<{tag}/>B"] for tag in PHRASING.split()}
    assert pieces == whole | {tag: ["A", "B"] for tag in OTHERS.split()}
    for namespace in ("http://www.w3.org/2000/svg", MATHML):
        assert len(pieces_of(f"<p>A<x xmlns='{namespace}'/>B</p>", "A B")) == 1
    assert len(pieces_of("<p>A<x xmlns='urn:other'/>B</p>", "A B")) == 2


def test_what_holds_other_elements_alone_gets_no_span_between_them():
    """Nor is it in a file of the book as it should be: text right inside of it, which is left as it is."""
    tags = ["ul", "ol", "dl", "menu", "table", "thead", "tbody", "tfoot", "tr", "colgroup", "hgroup", "optgroup"]
    found = {tag: pieces_of(f"<div><{tag}>One<li>two</li></{tag}></div>", "One two") for tag in tags}
    assert found == {tag: ["two"] for tag in tags}
    assert pieces_of("<div><other>One<li>two</li></other></div>", "One two") == ["One", "two"]


WHOLE = "ruby select textarea button object audio video iframe canvas template"


@pytest.mark.parametrize("tag", WHOLE.split())
def test_no_span_is_put_inside_of_what_is_one_thing_to_a_reader(tag):
    body = f"<p>One <{tag}>two three</{tag}> four</p>"
    assert pieces_of(body, "One", "two", "three", "four") == ["One", f"<{tag}>two three</{tag}>", "four"]
    assert pieces_of("<p><b>two three</b></p>", "two", "three") == ["two", "three"]
