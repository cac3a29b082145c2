"""Doubts are what was learned says; a feature that was not learned is no silent zero."""

import math

import pytest

from tasks.qa.listeners.policy import Weighing, policy_of

WEIGHING = Weighing(-2.0, {"missing": 4.0, "last": -1.0})


def test_features_are_weighed():
    assert WEIGHING.doubt({"missing": 0.0, "last": 0.0}) == pytest.approx(1 / (1 + math.exp(2)))
    assert WEIGHING.doubt({"missing": 1.0, "last": 1.0}) == pytest.approx(1 / (1 + math.exp(-1)))
    assert WEIGHING.doubt({"missing": 1e9, "last": 0.0}) == pytest.approx(1.0)


def test_an_unknown_feature_is_an_error():
    with pytest.raises(KeyError):
        WEIGHING.doubt({"loudness": 1.0})


@pytest.mark.parametrize("kind", ["built-in", "light"])
def test_something_was_learned(kind):
    policy = policy_of(kind)
    assert 0 < policy.threshold < 1 and set(policy.weighings) == {"word", "gap"}
