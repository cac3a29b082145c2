"""Task runs stay few and slow enough for Prefect's server, whatever there is to do."""

import pytest

from flows.run.grain import LEAST_SECONDS, MOST_PIECES, Grain


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def work(grain, clock, pieces, seconds_each):
    """Does so many pieces one after another. Returns how many task runs it took, and the time of each one's end."""
    ends = []
    while pieces > 0:
        size = min(grain.pieces, pieces)
        grain.begin()
        clock.now += size * seconds_each
        grain.end()
        pieces -= size
        ends.append(clock.now)
    return ends


def test_a_short_book_has_a_task_run_for_each_piece():
    clock = Clock()
    assert len(work(Grain(120, clock), clock, 120, 5.0)) == 120


@pytest.mark.parametrize(("step", "pieces", "most"), [(120, 3720, 600), (50, 1550, 250), (120, 20_000, 960)])
def test_a_long_one_has_few_task_runs_all_the_same(step, pieces, most):
    clock = Clock()
    assert len(work(Grain(step, clock), clock, pieces, 5.0)) <= most


def test_fast_pieces_are_put_together_until_task_runs_are_slow_enough():
    clock = Clock()
    ends = work(Grain(120, clock), clock, 5000, 0.01)
    assert (ends[-1] - ends[20]) / len(ends[21:]) >= 0.8 * LEAST_SECONDS


def test_slow_pieces_that_follow_fast_ones_are_taken_one_by_one_again():
    clock = Clock()
    grain = Grain(1000, clock)
    work(grain, clock, 500, 0.01)
    assert 1 < grain.pieces <= MOST_PIECES
    work(grain, clock, 500, 3.0)
    assert grain.pieces == 1
