"""How the next code is drawn: defaults, limits, and the numbers that a seed gives."""

from dataclasses import fields

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference.logits import (
    UPSTREAM_CACHED,
    UPSTREAM_UNCACHED,
    DecodingSettings,
    UpstreamQuirks,
    draw_codes,
    keep_top,
    keep_typical,
    penalise_repetition,
    process_logits,
    uniform_draws,
)


def test_the_defaults_are_those_of_the_published_program_without_its_faults():
    chosen = {field.name: getattr(DecodingSettings(), field.name) for field in fields(DecodingSettings)}
    assert chosen == {
        "temperature": 0.8,
        "top_k": 50,
        "top_p": 0.8,
        "repetition_penalty": 2.0,
        "typical_mass": None,
        "runaway_excess": 0.0,
        "greedy": False,
        "max_codes": 500,
        "quirks": UpstreamQuirks(False, False, False),
    }
    assert UpstreamQuirks(True, True, False) == UPSTREAM_UNCACHED
    assert UpstreamQuirks(True, True, True) == UPSTREAM_CACHED


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("temperature", (0.01, 5.0), (0.0, -1.0)),
        ("top_k", (0, 1, 10_000), (-1,)),
        ("top_p", (0.01, 1.0), (0.0, -0.1, 1.01)),
        ("repetition_penalty", (0.01, 1.0, 9.0), (0.0, -1.0)),
        ("typical_mass", (0.01, 0.99, None), (0.0, 1.0, -0.1, 1.1)),
        ("max_codes", (1, 604), (0, -1)),
        ("runaway_excess", (0, 0.6, 9), (-0.1,)),
    ],
)
def test_a_setting_is_taken_up_to_its_limit(name, allowed, refused):
    for value in allowed:
        assert getattr(DecodingSettings(**{name: value}), name) == value
    for value in refused:
        with pytest.raises(ConfigError, match=name):
            DecodingSettings(**{name: value})


def test_a_seed_gives_the_same_draws_as_ever():
    """They decide every take: other ones would be other audio under the same key."""
    first, second = uniform_draws([7, 123_456_789_012_345_678], 3)
    assert first.dtype == torch.float64
    assert first.tolist() == DRAWS[0] and second.tolist() == DRAWS[1]


DRAWS = (
    [0.279380429906404, 0.27369371365176565, 0.8620929614176255],
    [0.6119422964567718, 0.6836648528640061, 0.7656705626565073],
)


def test_repetition_makes_a_code_less_likely_whatever_its_sign():
    scores = torch.tensor([[2.0, -2.0, 3.0, -3.0, 0.0]])
    spoken = torch.tensor([[True, True, False, False, True]])
    assert penalise_repetition(scores, spoken, 2.0).tolist() == [[1.0, -4.0, 3.0, -3.0, 0.0]]
    assert penalise_repetition(scores, spoken, 1.0) is scores


def test_the_rules_come_in_the_published_order():
    """Typical before temperature, and both before top-k and top-p."""
    logits = torch.tensor([[4.0, 3.0, 2.0, 1.0]])
    spoken = torch.tensor([[True, False, False, False]])
    settings = DecodingSettings(temperature=0.5, top_k=2, top_p=1.0, repetition_penalty=2.0)
    scores = process_logits(logits, spoken, settings)
    assert scores.tolist() == [[4.0, 6.0, 4.0, float("-inf")]]  # the two of equal score are kept together
    greedy = process_logits(logits, spoken, DecodingSettings(greedy=True))
    assert greedy.tolist() == [[2.0, 3.0, 2.0, 1.0]]


def test_top_p_keeps_the_smallest_set_that_reaches_it():
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for top_p, kept in ((0.4, 1), (0.51, 2), (0.79, 2), (0.81, 3), (0.96, 4), (1.0, 4)):
        assert int(keep_top(scores, 0, top_p).isfinite().sum()) == kept, top_p
    assert int(keep_top(scores, 2, 1.0).isfinite().sum()) == 2
    assert int(keep_top(scores, 9, 1.0).isfinite().sum()) == 4
    # The mass is that of what top-k left: 0.625 and 0.375.
    assert int(keep_top(scores, 2, 0.6).isfinite().sum()) == 1


def test_the_typical_filter_may_drop_the_likeliest():
    probabilities = torch.tensor([[0.4, 0.2, 0.2, 0.1, 0.1]])
    # The entropy is 1.47 nats: nearest are the codes of 0.2 (1.61), then 0.4 (0.92), then 0.1 (2.30).
    for mass, kept in ((0.3, [1, 2]), (0.5, [0, 1, 2]), (0.85, [0, 1, 2, 3, 4])):
        found = keep_typical(probabilities.log(), mass).isfinite()[0].nonzero()[:, 0].tolist()
        assert found == kept, mass


def test_a_draw_falls_where_its_share_lies_and_never_on_what_was_removed():
    scores = torch.tensor([[float("-inf"), 0.5, 0.25, float("-inf"), 0.25]]).clamp(min=0).log().expand(6, 5)
    draws = torch.tensor([0.0, 0.49, 0.51, 0.74, 0.76, 0.9999], dtype=torch.float64)
    assert draw_codes(scores, draws).tolist() == [1, 1, 2, 2, 4, 4]
