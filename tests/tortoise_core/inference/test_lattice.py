"""Every way to say a text, counted one by one, against the two passes of a lattice."""

from itertools import groupby, product

import numpy as np
import pytest

from tortoise_core.inference.lattice import IMPOSSIBLE, Lattice

BLANK = 3


def predictions(steps, seed=0):
    logits = np.random.default_rng(seed).normal(size=(steps, BLANK + 1))
    return logits - np.logaddexp.reduce(logits, 1, keepdims=True)


def ways(predicted, ids):
    """Yields the ways to say these ids in all steps, a label a step, with their log-likelihoods."""
    for way in product(range(BLANK + 1), repeat=len(predicted)):
        if [label for label, _ in groupby(way) if label != BLANK] == list(ids):
            yield way, sum(predicted[step, label] for step, label in enumerate(way))


def likelihood(predicted, ids, accepts=lambda way: True):
    found = [nats for way, nats in ways(predicted, ids) if accepts(way)]
    return np.logaddexp.reduce(found) if found else -np.inf


def ends_with_a_phone(way):
    return way[-1:] != (BLANK,)


def begins_with_a_phone(way):
    return way[:1] != (BLANK,)


@pytest.mark.parametrize("ids", [[], [1], [0, 1], [1, 1], [0, 2, 0]])
def test_the_whole_is_the_sum_of_all_ways(ids):
    predicted = predictions(5)
    assert Lattice(predicted, ids, BLANK).whole == pytest.approx(likelihood(predicted, ids))


@pytest.mark.parametrize("ids", [[0, 1], [1, 1], [0, 2, 0]])
def test_anything_stands_between_what_comes_before_and_after(ids):
    predicted = predictions(5, seed=1)
    lattice = Lattice(predicted, ids, BLANK)
    steps = len(predicted)
    for first in range(len(ids) + 1):
        for last in range(first, len(ids) + 1):
            # Before: the last phone ends with its stretch. After: the first one begins with its.
            before = [likelihood(predicted[:t], ids[:first], ends_with_a_phone) for t in range(steps + 1)]
            after = [likelihood(predicted[t:], ids[last:], begins_with_a_phone) for t in range(steps + 1)]
            best = max(before[i] + after[j] for i in range(steps + 1) for j in range(i, steps + 1))
            found = lattice.replaced(first, last)
            assert found.nats == pytest.approx(best - lattice.whole)
            assert before[found.first] + after[found.last] == pytest.approx(best)


def test_a_stretch_that_is_something_else_is_found_with_its_place():
    said = [0, BLANK, 2, BLANK, 0]
    predicted = np.full((5, BLANK + 1), np.log(0.01))
    predicted[range(5), said] = np.log(0.97)
    other = Lattice(predicted, [0, 1, 0], BLANK)
    assert other.replaced(1, 2).nats > 4 and other.replaced(1, 2)[1:] == (1, 4)
    assert Lattice(predicted, [0, 2, 0], BLANK).replaced(1, 2).nats < 0.5
    assert Lattice(predicted, [0, 0], BLANK).replaced(1, 1).nats > 4  # said too much


def test_a_text_that_is_too_long_is_impossible():
    assert Lattice(predictions(2), [0, 1, 2], BLANK).whole < IMPOSSIBLE / 2
