"""Verse is known by what its elements declare and by the classes that programs write."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.html.verse import is_stanza, is_verse


def made(markup):
    return etree.fromstring(f'<x xmlns:epub="http://www.idpf.org/2007/ops">{markup}</x>')[0]


@pytest.mark.parametrize("word", ["poem", "verse", "song", "hymn", "lyrics"])
def test_what_a_book_calls_verse(word):
    assert is_verse(made(f'<section epub:type="z3998:{word}"/>'))
    assert not is_verse(made(f'<section epub:type="x:{word}"/>'))


@pytest.mark.parametrize("name", ["verse", "poem", "poetry", "stanza", "linegroup", "lg", "lyric", "lyrics", "Verse"])
def test_classes_of_verse(name):
    for written in (name, f"a {name}", f"{name}-1", f"x_{name}_y"):
        assert is_verse(made(f'<div class="{written}"/>')), written
    assert not is_verse(made(f'<div class="x{name}"/>')) and not is_verse(made(f'<div class="{name}x"/>'))


@pytest.mark.parametrize(
    ("markup", "is_one"),
    [
        ("<p/>", True),
        ("<pre/>", True),
        ("<div/>", False),
        ('<div class="stanza"/>', True),
        ('<div class="line-group linegroup"/>', True),
        ('<div class="lg"/>', True),
        ('<div class="verse"/>', False),
        ("<div><div>a</div><div>b</div></div>", True),  # its lines are blocks
        ("<div><div>a</div></div>", False),  # one alone
        ("<div><div>a<br/>b</div><div>c</div></div>", False),  # they have lines of their own
        ("<div><div><p>a</p></div><div>c</div></div>", False),
        ("<div><span>a</span><span>b</span></div>", False),
    ],
)
def test_a_stanza_is_a_paragraph_or_a_group_of_lines(markup, is_one):
    element = made(markup)
    assert is_stanza(element, etree.QName(element).localname) is is_one
