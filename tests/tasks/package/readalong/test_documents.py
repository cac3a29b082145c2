"""A file is read as bytes: every element and every character knows its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.html.places import PICTURE
from tasks.package.readalong.documents import Element, UnfitDocumentError, read_document

HEAD = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head>'
PIECES = st.lists(
    st.sampled_from(
        [
            *("a", "é", "e\u0301", "\u0097", " \r\n ", "&amp;", "&nbsp;", "&#8212;"),
            *("<!-- <b> -->", "<![CDATA[<i>x]]>", "<?p?>", "<br/>", '<img alt="a>b"/>'),
            *("<em>so</em>", "<b></b>", "<i>é<b>x</b></i>"),
        ]
    )
)


def document(body: str) -> bytes:
    return f"<?xml version='1.0'?>\n<!DOCTYPE html>\n{HEAD}<body>{body}</body></html>\n".encode()


@given(PIECES)
def test_bytes_of_elements_and_characters_are_theirs(pieces):
    data = document("".join(pieces))
    read = read_document(data)
    for element in read.root.walk():
        written = data[element.start : element.end]
        assert written.startswith(f"<{element.tag}".encode()) and written.endswith(b">")
        assert written.endswith((f"</{element.tag}>".encode(), b"/>"))
        assert data[element.inside - 1 : element.inside] == b">"
        inner = [child for child in element.children if isinstance(child, Element)]
        assert all(element.inside <= child.start < child.end <= element.end for child in inner)
    for character in read.characters:
        written = data[character.start : character.end].decode()
        if character.text == PICTURE:
            assert written.startswith("<img")
            continue
        assert written[:1] == "&" or written.translate({0x97: "—"}) == character.text


def test_the_text_is_that_of_the_body_without_blanks_accents_apart():
    read = read_document(document("<p>Caf&eacute; &amp; the\u0301\n</p> <p>x</p>"))
    assert read.text == "Cafe\u0301&the\u0301x"
    assert len(read.characters) == len(read.text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><p></html>", "not well-formed"),
        (b"<html/>", "no XHTML but 'html'"),
        ('<?xml version="1.0" encoding="utf-16"?><html/>'.encode("utf-16"), "not UTF-8"),
        (b'<?xml version="1.0" encoding="latin-1"?><html/>', "not UTF-8 but latin-1"),
        (b'<h:html xmlns:h="http://www.w3.org/1999/xhtml"/>', "with a prefix"),
    ],
)
def test_a_file_that_no_mark_can_be_put_into_is_refused_with_the_reason(data, reason):
    with pytest.raises(UnfitDocumentError, match=reason):
        read_document(data)
