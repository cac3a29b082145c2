"""Doubts are what was learned says; a feature that was not learned is no silent zero."""

import math

import pytest

from tasks.errors import BadInputError
from tasks.qa.listeners import policy
from tasks.qa.listeners.policy import Policy, Weighing, policy_of

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
    learned = policy_of(kind)
    assert 0 < learned.threshold < 1 and set(learned.weighings) == {"word", "gap"}


def test_no_evidence_is_too_great():
    assert WEIGHING.doubt({"missing": -1e9, "last": 0.0}) == pytest.approx(0.0, abs=1e-20)
    assert WEIGHING.doubt({}) == pytest.approx(1 / (1 + math.exp(2)))


def test_what_was_learned_of_one_listener_says_nothing_of_another(monkeypatch):
    word = {"bias": -1.0, "weights": {"x": 2.0}}
    learned = {"a": {"threshold": 0.3, "weighings": {"word": word}}, "b": {"threshold": 1}}
    monkeypatch.setattr(policy, "_all", lambda: learned)
    assert policy_of("a") == Policy(0.3, {"word": Weighing(-1.0, {"x": 2.0})})
    assert policy_of("b") == Policy(1, {})
    with pytest.raises(BadInputError, match="nothing has been learned yet of how far 'c' is to be believed"):
        policy_of("c")
