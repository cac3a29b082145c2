"""The text of one block: single blanks, its own line breaks, and markup that keeps to its words."""

from __future__ import annotations

import pytest

from storage.records import Markup, MarkupKind
from tasks.ingest.html.inline import InlineText

V = MarkupKind.VOICE


def line(*parts):
    """A text of these parts: None is a line's end, 1 a space that somebody asks for."""
    text = InlineText()
    for part in parts:
        if part is None:
            text.line_break()
        elif part == 1:
            text.space()
        else:
            text.add(part)
    return text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a ", " b"), "a b"),
        (("a", "b"), "ab"),
        ((" \n a\t b ",), "a b"),
        (("a", None, "b"), "a\nb"),
        (("a ", None, " b"), "a\nb"),  # a line's end outlasts blanks
        ((None, "a", None), "a"),
        (("a", None, None, "b"), "a\nb"),
        (("a", 1, "b"), "a b"),
        ((1, "a", 1), "a"),
        (("a", "", "b"), "ab"),
        (("a", " ", "b"), "a b"),
        (("ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ",), "ff fi fl ffi ffl st st"),
        (("e", "\u0301"), "é"),
        (("e\u0301",), "é"),
    ],
)
def test_blanks_are_single_and_lines_are_those_that_were_asked_for(parts, text):
    assert line(*parts).take()[0] == text


def test_lines_of_a_listing_stay():
    text = InlineText()
    text.add("a\n  b\n\nc", keep_lines=True)
    assert text.take()[0] == "a\nb\nc"


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        (("the wor", "d"), "word"),
        (("word ",), ""),
        ((), ""),
        (("one", None, "two"), "two"),
        (("x" * 50,), "x" * 40),
        (("a", None), ""),
    ],
)
def test_the_word_before_is_what_stands_behind_the_last_blank(parts, word):
    assert line(*parts).word_before() == word


def test_a_block_taken_leaves_nothing_behind():
    text = line("one", None)
    text.close(text.open(MarkupKind.PAUSE, "1"))
    assert text.take()[:2] == ("one", (Markup(3, 3, MarkupKind.PAUSE, "1"),))
    text.add("two")
    assert text.take()[:2] == ("two", ())


@pytest.mark.parametrize("kind", MarkupKind)
def test_markup_over_two_blocks_is_of_both_where_it_is_said_of_each_word(kind):
    text = InlineText()
    span = text.open(kind, "x")
    text.add("one")
    first = text.take()[1]
    text.add("two ")
    text.close(span)
    text.add("three")
    second = text.take()[1]
    of_each = kind in (MarkupKind.LANGUAGE, MarkupKind.VOICE, MarkupKind.DIRECTION, MarkupKind.SAY_AS)
    if kind == MarkupKind.PAUSE:
        assert (first, second) == ((), (Markup(3, 3, kind, "x"),))
    elif of_each:
        assert (first, second) == ((Markup(0, 3, kind, "x"),), (Markup(0, 3, kind, "x"),))
    else:
        assert (first, second) == ((), ())


def test_markup_is_in_order_and_moves_with_letters_that_find_their_accent():
    text = InlineText()
    outer = text.open(V, "outer")
    text.add("cafe")
    text.add("\u0301 ")
    inner = text.open(V, "inner")
    text.add("noir")
    text.close(inner)
    text.close(outer)
    found, markup, _ = text.take()
    assert found == "café noir"
    assert markup == (Markup(0, 9, V, "outer"), Markup(5, 9, V, "inner"))


def test_markup_without_text_is_none_and_a_pause_is_a_place():
    text = line("one")
    for kind in (V, MarkupKind.PAUSE):
        text.close(text.open(kind, "x"))
    assert text.take()[1] == (Markup(3, 3, MarkupKind.PAUSE, "x"),)
