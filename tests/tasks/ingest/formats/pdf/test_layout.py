"""The order of a page's lines: columns, rows, and what stands at the edges of pages. Lengths in points."""

from __future__ import annotations

import pytest

from tasks.ingest.formats.pdf.fragments import Fragment, Page
from tasks.ingest.formats.pdf.layout import (
    Line,
    body_size,
    edge_rules,
    is_undecided,
    page_lines,
    usual_gap,
    usual_gutter,
)

WORDS = "the miller went down to it"


def fragment(text, left, bottom, right=None, size=10.0, **more):
    return Fragment(text, left, left + 4 * len(text) if right is None else right, bottom, bottom + size, **more)


def page(*fragments, number=0):
    return Page(number, 400, 600, tuple(fragments), "")


def columns(left=40, right=220, count=6, width=140, top=500):
    """Two columns of lines, the left one first."""
    return [
        fragment(f"{WORDS} {side}{at}", x, top - 14 * at, x + width)
        for side, x in (("l", left), ("r", right))
        for at in range(count)
    ]


def texts(*fragments, **options):
    return [line.text for line in page_lines(page(*fragments), **options)]


def test_two_columns_are_read_one_after_the_other_whatever_their_order_in_the_file():
    ordered = [one.text for one in columns()]
    assert texts(*columns()) == texts(*reversed(columns())) == ordered
    assert [line.column for line in page_lines(page(*columns()))] == [0] * 6 + [1] * 6


def test_what_runs_across_stands_between_what_is_above_and_below_it():
    across = fragment("A title that runs across both of the columns", 40, 600, 360)
    middle = fragment("Another one across", 100, 400, 300)
    found = texts(*columns(), across, middle, *columns(top=380))
    assert (found[0], found[13], len(found)) == (across.text, middle.text, 26)


@pytest.mark.parametrize(
    ("changes", "are"),
    [({}, True), ({"count": 4}, True), ({"count": 3}, False), ({"right": 190}, True), ({"right": 184}, False)],
)
def test_columns_need_four_lines_and_a_gutter(changes, are):
    found = {line.column for line in page_lines(page(*columns(**changes)))}
    assert found == ({0, 1} if are else {0})


def test_cells_of_a_table_are_no_columns():
    cells = [fragment(f"cell {at}", x, 500 - 14 * at) for x in (40, 220) for at in range(6)]
    assert texts(*cells)[0] == "cell 0 cell 0"


@pytest.mark.parametrize(("crossing", "are"), [(1, True), (3, False)])
def test_a_quarter_of_the_lines_may_run_across(crossing, are):
    across = [fragment("x" * 60, 40, 520 + 14 * at, 360) for at in range(crossing)]
    assert (usual_gutter([page(*columns(), *across)]) is not None) is are


def test_columns_one_above_the_other_are_none():
    upper = [fragment(WORDS, 40, 500 - 14 * at, 180) for at in range(6)]
    lower = [fragment(WORDS, 220, 300 - 14 * at, 360) for at in range(6)]
    assert usual_gutter([page(*upper, *lower)]) is None


def test_the_gutter_of_most_pages_counts_where_half_of_them_have_one():
    short = page(*columns(count=2))
    two = page(*columns())
    plain = page(fragment(WORDS, 40, 500))
    gutter = usual_gutter([two, plain])
    assert gutter is not None and 180 < gutter < 220
    assert usual_gutter([two, plain, plain]) is None and usual_gutter([]) is None
    ordered = [one.text for one in columns(count=2)]
    assert [line.text for line in page_lines(short, gutter)] == ordered
    assert [line.text for line in page_lines(short)] != ordered
    one = page(*columns(count=1))
    assert [line.column for line in page_lines(one, gutter)] == [0]  # a line side by side may be anything


@pytest.mark.parametrize(("rows", "found"), [(3, True), (2, False)])
def test_a_page_of_texts_side_by_side_without_columns_is_not_sure(rows, found):
    beside = [fragment(WORDS, x, 500 - 14 * at, x + 100) for x in (40, 200) for at in range(rows)]
    assert is_undecided(page(*beside)) is found
    assert not is_undecided(page(*columns()))
    cells = [fragment("cell", x, 500 - 14 * at, x + 100) for x in (40, 200) for at in range(5)]
    assert not is_undecided(page(*cells))
    near = [fragment(WORDS, x, 500 - 14 * at, x + 100) for x in (40, 149) for at in range(3)]
    assert not is_undecided(page(*near))


def test_fragments_at_one_height_are_a_line_with_all_that_is_known_of_it():
    row = [
        fragment("and more", 100, 502, 150, raised=[(0, 3)], bold=True),
        fragment("a longer text", 40, 500, 90, size=12.0, raised=[(2, 4)]),
        fragment("below", 40, 488, 60),
    ]
    first, second = page_lines(page(*row, number=3))
    assert (first.text, first.left, first.right) == ("a longer text and more", 40, 150)
    assert (first.bottom, first.top, first.size, first.bold, first.page) == (500, 512, 12, False, 3)
    assert first.raised == [(2, 4), (14, 17)]
    assert (first.gap, second.gap) == (0, 500 - 498)
    assert (second.left_edge, second.right_edge) == (40, 150)


def test_the_margins_are_where_most_lines_begin_and_full_ones_end():
    lines = [fragment("x", left, 500 - 14 * at, right) for at, (left, right) in enumerate(
        [(60, 300), (40, 310), (40, 310), (40, 120), (39.8, 310), (30, 310), (60, 305)])]  # fmt: skip
    assert {(line.left_edge, line.right_edge) for line in page_lines(page(*lines))} == {(40.0, 310)}
    assert {line.left_edge for line in page_lines(page(*lines[:2]))} == {40}  # the leftmost of few
    assert page_lines(page()) == []


def test_the_usual_gap_and_the_size_of_most_letters():
    assert [usual_gap(gaps) for gaps in ([], [3], [5, 2, -1], [2, 4, 4, 9, 9, 9])] == [0, 3, 2, 4]
    assert body_size([]) == 0
    sizes = [Line("x" * count, 0, 9, 0, 9, size, False, 0) for count, size in ((5, 9.2), (6, 9.3), (9, 12))]
    assert body_size(sizes) == 12 and body_size(sizes[:2]) == 9.5


def line(text, bottom, number, size=10.0, left=40.0, right=300.0):
    return Line(text, left, right, bottom, bottom + size, size, False, number)


def edges(*pages, size=10.0):
    """The rules of the pages' lines; each page is head, foot, and the size of its letters, over three lines of text."""
    made = []
    for number, (head, foot) in enumerate(pages):
        lines = [line(head, 560, number, size)] if head else []
        lines += [line(f"{WORDS} {number} {at} and more", 500 - 14 * at, number) for at in range(9)]
        lines += [line(foot, 40, number)] if foot else []
        made.append(lines)
    return {made[at][index].text: str(rule) for (at, index), rule in edge_rules(made).items()}


@pytest.mark.parametrize(
    "shape", ["{}", "- {} -", "[{}]", "({})", "| {} |", "page {}", "Page {} of 90", "{}/90", "— {} —"]
)
def test_numbers_that_count_the_pages(shape):
    numbers = [shape.format(at) for at in (7, 8, 9)]
    assert edges(*(("", number) for number in numbers)) == dict.fromkeys(numbers, "page-number")
    assert edges(*((number, "") for number in numbers)) == dict.fromkeys(numbers, "page-number")
    assert "page-number" not in edges(*(("", shape.format(at)) for at in (7, 9, 30))).values()


def test_pages_before_the_first_are_counted_in_letters():
    found = edges(*(("", number) for number in ("i", "ii", "3", "4", "5")))
    assert found == dict.fromkeys(("i", "ii", "3", "4", "5"), "page-number")


def test_a_number_that_does_not_count_stays():
    assert "1815" not in edges(("", "1"), ("", "2"), ("1815", "3"), ("", "4"))


@pytest.mark.parametrize(
    ("heads", "found"),
    [
        (["THE MILL"] * 3, {"THE MILL"}),
        (["THE MILL 1", "THE MILL 2", "THE MILL 3"], {"THE MILL 1", "THE MILL 2", "THE MILL 3"}),
        (["THE MILL", "One", "THE MILL", "Two", "THE MILL"], {"THE MILL", "One", "Two"}),  # as most at that height
        (["One", "Two", "Three", "Four"], set()),
        (["THE MILL", "THE MILL"], {"THE MILL"}),  # on both of two pages
        (["THE MILL", "One", "Two", "Three", "THE MILL"], set()),
        (["Chapter 1", "Chapter 2", "Chapter 3"], set()),  # heads of chapters
        (["Chapter 1", "Chapter 1", "Chapter 1"], {"Chapter 1"}),
    ],
)
def test_lines_that_come_again_at_one_height(heads, found):
    assert {text for text, rule in edges(*((head, "") for head in heads)).items()} == found
    assert set(edges(*(("", head) for head in heads[:3])).values()) <= {"running-head", "page-number"}


@pytest.mark.parametrize(("size", "found"), [(10.9, True), (11.0, False)])
def test_large_letters_are_a_heading_whatever_comes_again(size, found):
    assert bool(edges(*[("THE MILL", "")] * 3, size=size)) is found


@pytest.mark.parametrize(("size", "found"), [(9.1, True), (9.3, False)])
def test_in_a_short_file_small_letters_that_come_twice_are_no_text(size, found):
    heads = ["THE MILL", "One", "Two", "THE MILL"]
    assert ("THE MILL" in edges(*((head, "") for head in heads), size=size)) is found


def test_a_line_that_no_gap_parts_from_the_text_comes_again_word_for_word():
    pages = []
    for number in range(4):
        rows = ["THE MILL", *(f"{WORDS} {number} {at}" for at in range(9))]
        pages.append([line(text, 500 - 14 * at, number) for at, text in enumerate(rows)])
    assert {pages[at][index].text for at, index in edge_rules(pages)} == {"THE MILL"}
