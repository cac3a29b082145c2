"""A selection such as `1-3,7` becomes chapter indices, or is refused in one line."""

import pytest

from flows.order.chapters import describe_chapters, select_chapters
from tasks.errors import BadInputError


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ("", (0, 1, 2, 3, 4, 5)),
        ("1", (0,)),
        ("1-3", (0, 1, 2)),
        ("1,4-5", (0, 3, 4)),
        (" 5 - 6 , 1 ", (0, 4, 5)),
        ("2,2,1-2", (0, 1)),
    ],
)
def test_a_selection_becomes_ascending_indices(selection, chosen):
    assert select_chapters(selection, 6) == chosen


@pytest.mark.parametrize(
    "selection", [",", "a", "1-", "-3", "3-1", "0", "0-2", "1;2", "1.5", "²", "7", "6-7", "99999999"]
)
def test_nonsense_is_refused_in_one_line_that_repeats_it(selection):
    with pytest.raises(BadInputError) as error:
        select_chapters(selection, 6)
    assert str(error.value).startswith(f"chapters {selection!r}")  # as an order file and a form call them
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("indices", "selection"), [((0,), "1"), ((0, 1, 2), "1-3"), ((0, 2, 3, 6), "1,3-4,7"), ((4, 5), "5-6"), ((), "")]
)
def test_indices_are_described_as_they_are_selected(indices, selection):
    assert describe_chapters(indices) == selection
    assert not selection or select_chapters(selection, 9) == indices
