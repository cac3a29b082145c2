"""Chapters of long books share files, none of which is too long."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.package.parts import Parts

MAX_CHAPTERS = 255


def numbers(hours, max_hours=23.0):
    parts = Parts(max_hours, MAX_CHAPTERS)
    return [parts.next(3600 * length) for length in hours]


def test_a_part_is_full_when_the_next_chapter_would_make_it_too_long():
    assert numbers([10, 10, 3, 0.01, 22.98, 0.02]) == [0, 0, 0, 1, 1, 2]
    assert numbers([30, 1, 30]) == [0, 1, 2]  # a chapter is never cut
    assert numbers([1, 1, 1], max_hours=2) == [0, 0, 1]


def test_a_part_has_no_more_chapters_than_players_can_list():
    assert numbers([0.01] * (2 * MAX_CHAPTERS + 1)) == [0] * MAX_CHAPTERS + [1] * MAX_CHAPTERS + [2]


@given(st.lists(st.floats(0.001, 30), max_size=50))
def test_parts_follow_each_other_and_hold_the_limit(hours):
    parts = numbers(hours)
    assert parts == sorted(parts) and set(parts) == set(range(len(set(parts))))
    for part in set(parts):
        lengths = [length for length, number in zip(hours, parts, strict=True) if number == part]
        assert len(lengths) == 1 or sum(lengths) <= 23.0 + 1e-9
