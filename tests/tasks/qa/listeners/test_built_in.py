"""What the policy is given of each word, from made-up evidence."""

from dataclasses import replace

import pytest

from tasks.qa.listeners.built_in import word_features
from tasks.qa.listeners.sound import Opinion, Opinions
from tortoise_core.inference.evidence import Evidence, GapEvidence, WordEvidence

WELL = WordEvidence(0, 1, 0.0, 0.1, ("T", "AH1"), ("T", "AH0"), -20.0, -20.0, -20.0, -1e4, 0.5, (0.5, 0.5))
REST = ("unlike as the rest", "unlike in the rest")


def evidence(*unlike):
    """Evidence of words, each unlike its text by so many nats."""
    words = tuple(replace(WELL, unlike=nats, first_s=n / 5, last_s=n / 5 + 0.1) for n, nats in enumerate(unlike))
    gaps = tuple(GapEvidence(n / 5, n / 5, (), 0.0) for n in range(len(words) + 1))
    return Evidence(words, gaps, sum(unlike) / (2 * len(words)), 2.0)


def rest(found, n):
    opinions = Opinions((Opinion(),) * len(found.words), (Opinion(),) * len(found.gaps))
    features = word_features(found, opinions, n)
    return [features[name] for name in REST]


def test_a_word_is_compared_with_the_rest_of_its_take_and_not_with_itself():
    assert rest(evidence(0.0, 20.0, 0.0), 1) == [0.0, 0.0]
    assert rest(evidence(3.0, 20.0, 3.0), 1) == pytest.approx(rest(evidence(3.0, 1.0, 3.0), 1))
    assert min(rest(evidence(3.0, 0.0, 3.0), 1)) > 0


def test_a_word_that_is_its_whole_take_is_weighed_as_if_the_rest_were_said_well():
    assert rest(evidence(20.0), 0) == [0.0, 0.0]
