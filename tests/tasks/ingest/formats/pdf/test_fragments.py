"""Characters of a page become fragments of lines: their letters, their places, what is close enough to go on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tasks.ingest.formats.pdf import fragments
from tasks.ingest.formats.pdf.fragments import _Character, _fragment, _letter, _runs, _upright


@pytest.mark.parametrize(
    ("code", "letter"),
    [
        (0x61, "a"),
        (0x2, "-"),
        (0xFFFE, "-"),
        (0, "\ufffd"),
        (0xFFFF, "\ufffd"),
        (0xD800, "\ufffd"),
        (0xDFFF, "\ufffd"),
        (0xE000, "\ufffd"),
        (0x378, "\ufffd"),
        (0x1, "\ufffd"),
        (0x20, " "),
        (0xA0, " "),
        (0x9, " "),
        (0xFB01, "fi"),
        (0xFB03, "ffi"),
        (0x1F600, "\U0001f600"),
        (0xAD, "\xad"),
    ],
)
def test_a_code_means_its_letters(code, letter):
    assert _letter(code) == letter


@pytest.mark.parametrize(
    ("rotation", "box"), [(0, (1, 2, 3, 4)), (90, (3, 4, -2, -1)), (180, (-2, -1, -4, -3)), (270, (-4, -3, 1, 2))]
)
def test_a_page_that_is_shown_turned_is_upright(rotation, box):
    assert _upright(SimpleNamespace(left=1, right=2, bottom=3, top=4), rotation) == box


def characters(*placed):
    """Characters of (text, left, bottom, size), five points wide."""
    return [
        None if one is None else _Character(one[0], one[1], one[1] + 5, one[2], one[2] + one[3], at)
        for at, one in enumerate(placed)
    ]


@pytest.mark.parametrize(
    ("second", "runs"),
    [
        (("b", 5, 0, 10), ["ab"]),
        (("b", 20.9, 0, 10), ["ab"]),
        (("b", 21, 0, 10), ["a", "b"]),  # a gap between columns
        (("b", -4.9, 0, 10), ["ab"]),
        (("b", -5, 0, 10), ["a", "b"]),  # it begins another line
        (("b", 5, 4.9, 10), ["ab"]),
        (("b", 5, 5, 10), ["a", "b"]),
        (("b", 5, 7.4, 5), ["ab"]),  # half of the smaller one
        (("b", 5, 7.5, 5), ["a", "b"]),
    ],
)
def test_what_stands_close_behind_in_the_same_row_goes_on(second, runs):
    found = list(_runs(iter(characters(("a", 0, 0, 10), second))))
    assert ["".join(one.text for one in run) for run in found] == runs


def test_lines_ends_and_blanks_at_the_beginning_are_no_characters():
    found = list(
        _runs(iter(characters(None, (" ", 0, 0, 10), ("a", 5, 0, 10), None, (" ", 10, 0, 10), ("b", 15, 0, 10))))
    )
    assert ["".join(one.text for one in run) for run in found] == ["a b"]
    assert list(_runs(iter([]))) == []


@pytest.fixture
def fragment_of(monkeypatch):
    """A function that makes a fragment of placed characters whose letters have a weight."""

    def made(*placed, weight=400):
        monkeypatch.setattr(fragments.pdfium, "FPDFText_GetFontWeight", lambda raw, index: weight)
        return _fragment(characters(*placed), None)

    return made


@pytest.mark.parametrize(
    ("size", "bottom", "raised"),
    [(8.1, 1.1, [(1, 2)]), (8.2, 1.1, []), (8.1, 1.0, []), (5, 0, [])],
)
def test_a_small_character_above_the_line_is_raised(fragment_of, size, bottom, raised):
    found = fragment_of(("a", 0, 0, 10), ("1", 5, bottom, size), ("b", 10, 0, 10))
    assert (found.text, found.raised) == ("a1b", raised)


def test_raised_characters_beside_each_other_are_one_stretch(fragment_of):
    row = [("a", 0, 0, 10), ("b", 5, 0, 10), ("1", 10, 4, 5), ("2", 15, 4, 5), ("c", 20, 0, 10), ("3", 25, 4, 5)]
    assert fragment_of(*row, ("d", 30, 0, 10)).raised == [(2, 4), (5, 6)]


def test_a_fragment_has_the_usual_height_single_blanks_and_all_its_width(fragment_of):
    found = fragment_of(
        ("O", 0, -20, 40), ("n", 7, 0, 10), (" ", 12, 0, 10), (" ", 14, 0, 10), ("e", 20, 0, 10), (" ", 25, 0, 9)
    )
    assert (found.text, found.left, found.right, found.bottom, found.top, found.size) == ("On e", 0, 25, 0, 10, 10)


@pytest.mark.parametrize(("weight", "bold"), [(600, True), (599, False), (-1, False)])
def test_heavy_letters_are_bold(fragment_of, weight, bold):
    assert fragment_of(("a", 0, 0, 10), weight=weight).bold is bold
