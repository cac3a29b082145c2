"""Characters of blocks say where they stand in the document, whatever reading did to them."""

import pytest

from configs.settings import load_settings
from storage.records import Block, Markup, MarkupKind
from tasks.annotate.edits import Edit, apply_edits
from tasks.ingest.events import TracedBlock
from tasks.ingest.html.documents import Document, read_documents
from tasks.ingest.html.parse import parse
from tasks.ingest.html.places import ABSENT, folded

OPS = "http://www.idpf.org/2007/ops"
MATHML = "http://www.w3.org/1998/Math/MathML"


def blocks_of(body: str) -> tuple[list[TracedBlock], str]:
    """The traced blocks of a document, and its characters by their places."""
    text = f'<html xmlns="http://www.w3.org/1999/xhtml"><head/><body>{body}</body></html>'
    parsed, _ = parse(text, "x.xhtml")
    original = folded("".join(parsed.itertext()))
    (events,) = read_documents([Document("x.xhtml", parsed)], load_settings().ingest, {}, traced=True)
    return [event for event in events if isinstance(event, TracedBlock)], original


@pytest.mark.parametrize(
    ("body", "text", "found"),
    [
        ("<p>One\n  two</p>", "One two", "One two"),
        ("<p>caf\u00e9 \u00e9t\u00e9</p>", "café été", "cafe ete"),
        ("<p>cafe<i>\u0301</i>s</p>", "cafés", "cafes"),
        ("<p>o\ufb03ce \ufb01n</p>", "office fin", "o\ufb03\ufb03\ufb03ce \ufb01\ufb01n"),
        ("<p>soft\u00adhyphen</p>", "softhyphen", "softhyphen"),
        ("<p>10<sup> 3 </sup>m</p>", "10³m", "103m"),
        (f"<p>He<a href='#n' epub:type='noteref' xmlns:epub='{OPS}'>1</a> told</p>", "He told", "He told"),
        ("<p><span>T</span> he end</p>", "The end", "The end"),
        ("<p><b>T</b> <span>HE night</span></p>", "THE night", "THE night"),
        ("<pre>One\n two</pre>", "One\ntwo", "One two"),
        ("<p>a<br/>b &amp; c</p>", "a\nb & c", "a b & c"),
    ],
)  # fmt: skip
def test_every_character_is_traced_to_its_own(body, text, found):
    (block,), original = blocks_of(body)
    assert block.text == text and len(block.origins) == len(text)
    assert "".join(" " if place == ABSENT else original[place] for place in block.origins) == found


def test_places_go_on_from_block_to_block():
    blocks, original = blocks_of("<h1>One</h1><div>two<p>three</p>four</div>")
    assert [original[block.origins[0]] for block in blocks] == ["O", "t", "t", "f"]
    assert [block.origins[0] for block in blocks] == [0, 3, 6, 11]


def test_what_describes_a_picture_has_the_pictures_place():
    (block,), _ = blocks_of("<p><img alt='O'/>nce <img alt=' '/>up<img alt='not read'/>on</p>")
    assert block.text == "Once upon" and tuple(block.origins) == (0, 1, 2, 3, ABSENT, 4, 5, 7, 8)
    (block,), _ = blocks_of("<p>So <img alt='x = 1' class='math'/></p>")
    assert block.text == "So x = 1" and tuple(block.origins) == (0, 1, ABSENT, 2, ABSENT, 2, ABSENT, 2)


def test_what_stands_in_no_document_has_no_place():
    (block,), _ = blocks_of(f"<p>So <math xmlns='{MATHML}' alttext='x'><mi>y</mi></math></p>")
    assert block.text == "So x" and tuple(block.origins) == (0, 1, ABSENT, ABSENT)


def test_nobody_who_does_not_ask_gets_places():
    parsed, _ = parse("<html xmlns='http://www.w3.org/1999/xhtml'><body><p>One</p></body></html>", "x.xhtml")
    (events,) = read_documents([Document("x.xhtml", parsed)], load_settings().ingest, {})
    assert [type(event) for event in events] == [Block]


def test_places_move_with_their_characters_when_a_text_is_edited():
    (block,), original = blocks_of("<p>One [[pause]] two four</p>")
    at = block.text.index("[[")
    four = block.text.index("four")
    edited = apply_edits(block, [Edit(at, at + 9), Edit(four, four + 4, "three")])
    assert isinstance(edited, TracedBlock) and edited.text == "One two three"
    found = "".join(" " if place == ABSENT else original[place] for place in edited.origins)
    assert found.startswith("One two f")


def test_markup_of_a_traced_block_stays():
    block = TracedBlock(
        Block("paragraph", "a b").kind, "a b", "x", (Markup(2, 3, MarkupKind.RESPELL, "c"),), (0, -1, 1)
    )
    assert apply_edits(block, []) == block and tuple(apply_edits(block, []).origins) == (0, -1, 1)
