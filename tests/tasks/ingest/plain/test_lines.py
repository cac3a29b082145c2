"""Lines of a text file become paragraphs by the habits of their writers, and paragraphs have a shape."""

from __future__ import annotations

import pytest

from tasks.ingest.plain.lines import (
    Paragraph,
    is_indented,
    is_verse,
    keeps_lines,
    list_items,
    page_width,
    paragraphs,
    table_rows,
    without_line_numbers,
)


def group(*lines, blank=1):
    return Paragraph(lines, blank)


def texts(text):
    return [found.text for found in paragraphs(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\nb\n\nc\n\n\nd\n", ["a\nb", "c", "d"]),
        ("One went.\fThen more.", ["One went.", "Then more."]),
        ("One went\fon and on.", ["One went\non and on."]),
        ("One went,\n\n\f\non and on.", ["One went,\non and on."]),
        *((f"One went{end}\f\non and on.", [f"One went{end}", "on and on."]) for end in '.!?:;…"”’)'),
        ("One went\fThen more.", ["One went", "Then more."]),
        ("\fone", ["one"]),
        *((f"a{end}b\n\nc", ["a\nb", "c"]) for end in "\v\x1c\x1d\x1e\x85\u2028"),
        ("One went.\u2029Then more.", ["One went.", "Then more."]),
        ("a\n*** START OF THE PROJECT GUTENBERG X ***\nb", ["a", "*** START OF THE PROJECT GUTENBERG X ***", "b"]),
        ("a\n *** end of it\nand x *** \nb", ["a", "*** end of it\nand x ***", "b"]),
        ("", []),
    ],
)
def test_paragraphs_end_at_blank_lines_pages_and_marks(text, found):
    assert texts(text) == found


def test_blank_lines_above_are_counted():
    assert [found.blank_before for found in paragraphs("\n\na\nb\n\nc\n\n\n\nd")] == [2, 1, 3]


@pytest.mark.parametrize(("length", "count"), [(110, 1), (111, 3)])
def test_without_blank_lines_long_lines_are_a_paragraph_each(length, count):
    assert len(texts("\n".join(["x" * length] * 3))) == count


@pytest.mark.parametrize(("indent", "count"), [(1, 1), (2, 3), (12, 3), (13, 1)])
def test_without_blank_lines_a_line_that_stands_in_begins_a_paragraph(indent, count):
    lines = "\n".join(["x" * 50 + "\n" + "y" * 50 + "\n" + " " * indent + "z" * 40] * 2 + ["w" * 50])
    assert len(texts(lines)) == count


def double(lines, blanks="\n\n"):
    return blanks.join(lines)


OPEN = "the miller went down to the river and looked for"  # a line of a wrapped text, without a stop


def test_a_blank_line_behind_every_line_makes_no_paragraphs():
    paragraph = [OPEN, OPEN, "the end of it."]
    assert texts(double(paragraph * 8)) == ["\n".join(paragraph)] * 8
    assert len(texts(double(paragraph * 6))) == 18  # too few lines to say
    assert len(texts(double(["  " + OPEN, OPEN] * 10))) == 10  # indented ones begin a paragraph
    assert len(texts(double([OPEN] * 12) + "\n\n\n" + double([OPEN] * 12))) == 2  # and two blank lines do
    assert len(texts(double([OPEN + "."] * 24))) == 24  # lines with stops are paragraphs


@pytest.mark.parametrize(("width", "found"), [(39, 0), (40, 40), (110, 110), (111, 0)])
def test_the_width_of_a_page_is_that_of_wrapped_lines(width, found):
    assert page_width([group("x" * width, "y")] * 10) == found
    assert page_width([group("x")]) == 0


W = 60


@pytest.mark.parametrize(
    ("lines", "width", "verse"),
    [
        (("Rain on the tin", "And tin on the shed"), W, True),
        (("Rain on the tin",), W, False),
        (("Rain on the tin", "and tin", "and shed", "And hens"), W, False),  # half begin small
        (("Rain", "And tin", "“and” shed", "and hens"), W, True),
        (("X" * 43, "Y"), W, True),
        (("X" * 44, "Y"), W, False),
        (("  " + "X" * 53, "  Y"), W, True),
        (("  " + "X" * 54, "  Y"), W, False),
        (("X" * 39, "y" * 20), 0, False),
        (("X" * 39, "Y" * 20), 0, True),
        (("X" * 40, "Y" * 20), 0, False),
        (("X" * 50, "Y" * 50, "Z."), W, True),  # so many capitals no prose has
        (("X" * 49 + ".", "Y" * 49 + ".", "Z."), W, False),
        (("X" * 50, "Y" * 50), W, False),
        (("X" * 72, "Y" * 50, "Z"), 90, False),
    ],
)
def test_what_is_verse(lines, width, verse):
    assert is_verse(group(*lines), width) is verse


def test_lines_that_nobody_wrapped_are_verse_where_words_had_room():
    assert is_verse(group("rain on the tin", "tin", "and the hens put in"), 0)
    assert not is_verse(group("rain on the tin of", "the shed and the i", "hens put in it"), 0)


@pytest.mark.parametrize(
    ("lines", "width", "keeps"),
    [
        ((" " * 22 + "Baker Street,", " " * 22 + "London"), W, True),
        ((" " * 21 + "Baker Street and some more of it", " " * 21 + "x" * 32), W, False),
        (("Dear sir and", "madam,"), W, True),
        (("x" * 29, "and"), W, True),
        (("x" * 30, "and"), W, False),
        (("Dear sir and", "madam,"), 0, False),
        (("Dear sir",), W, False),
    ],
)
def test_addresses_and_signatures_keep_their_lines(lines, width, keeps):
    assert keeps_lines(group(*lines), width) is keeps


def test_a_quotation_stands_in():
    assert is_indented(group("  a", "   b"), W) and not is_indented(group(" a", "  b"), W)
    assert not is_indented(group("  a", "  b"), 0) and not is_indented(group("  a"), W)


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (("a   b", "c   d"), [("a", "b"), ("c", "d")]),
        (("a\tb", "c \t d e"), [("a", "b"), ("c", "d e")]),
        (("a | b", "c | d"), [("a", "b"), ("c", "d")]),
        (("a  b", "c  d"), []),
        (("a   b",), []),
        (("a   b", "c"), []),
    ],
)
def test_lines_in_columns_are_rows(lines, rows):
    assert table_rows(group(*lines)) == rows


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        *((tuple(f"{mark} {letter}" for letter in "ab"), [(f"{mark} a",), (f"{mark} b",)])
          for mark in ("-", "*", "•", "◦", "▪", "‣", "1.", "23)", "a.", "b)")),
        (("- a", "  more", "- b"), [("- a", "more"), ("- b",)]),
        (("- a", "b"), []),
        (("a", "- b", "- c"), []),
        (("To do:", "- a", "- b"), [("To do:",), ("- a",), ("- b",)]),
        (("To do:", "a", "b", "c"), [("To do:",), ("a",), ("b",), ("c",)]),
        (("To do:", "a", "b"), []),
        (("To do", "a", "b", "c"), []),
        (("To do:", "a", "b", "x" * 39), [("To do:",), ("a",), ("b",), ("x" * 39,)]),
        (("To do:", "a", "b", "x" * 40), []),
        *((("To do:", "a", "b", f"c{end}"), []) for end in ".,;:!?-"),
        (("1234. a", "1235. b"), []),
        (("-a", "-b"), []),
    ],
)  # fmt: skip
def test_the_items_of_a_list(lines, items):
    assert list_items(group(*lines)) == items


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (("a", "b", "c", "d", "e   5"), ["5"]),
        (("a   10", "b", "c", "d\t15"), ["10", "15"]),
        (("a   10", "b", "c   15"), []),  # too many
        (("a   7", "b"), []),
        (("a  10", "b"), []),
        (("a   0", "b"), []),
        (("a   10 b", "c"), []),
    ],
)
def test_numbers_beside_a_stanza(lines, numbers):
    bare, found = without_line_numbers(group(*lines))
    assert found == numbers
    assert bare.lines == (tuple("abcde"[: len(lines)]) if numbers else lines)
