"""Which elements begin a block, and which are headings."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.html.elements import BLOCKS, is_heading, local_name
from tests.tasks.ingest.html.test_walker import blocks

SPOKEN_BLOCKS = (
    "p div section article aside main header footer address blockquote ul ol dl li dt dd table thead tbody tfoot tr td "
    "th caption figure figcaption pre form fieldset legend details summary center switch default"
)


@pytest.mark.parametrize("tag", SPOKEN_BLOCKS.split())
def test_a_block_parts_the_words_before_it_from_its_own_and_those_from_what_follows(tag):
    lines = [text for _, text in blocks(f"<div>one<{tag}>two</{tag}>three</div>")]
    assert lines == ["one", "two", "three"]


@pytest.mark.parametrize("tag", ["span", "b", "i", "em", "a", "small", "label", "code", "q"])
def test_an_element_of_a_line_parts_no_word(tag):
    assert blocks(f"<p>one<{tag}>two</{tag}>three</p>") == [("paragraph", "onetwothree")]


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_of_every_level(level):
    assert blocks(f"<h{level}>One</h{level}><p>Two</p>") == [("heading", "One"), ("paragraph", "Two")]
    assert f"h{level}" in BLOCKS


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ('role="heading"', True),
        *((f'class="{first}{link}{last}"', True) for first in ("chap", "chapter", "part") for link in ("", "-", "_")
          for last in ("title", "num", "number", "head", "heading")),
        ('class="a Chapter-Title b"', True),
        ('class="chapters"', False),
        ('class="chapter-titles"', False),
        ('class="my-chapter-title"', False),
        ('role="group"', False),
    ],
)  # fmt: skip
def test_a_paragraph_is_a_heading_by_its_role_or_the_class_that_programs_give_to_heads(attributes, found):
    assert is_heading(etree.fromstring(f"<p {attributes}/>"), "p") is found


def test_names_are_without_namespace_and_in_lower_case():
    element = etree.fromstring('<A:Svg xmlns:A="urn:x"><!-- x --><?pi x?></A:Svg>')
    assert [local_name(inner) for inner in element.iter()] == ["svg", "", ""]
