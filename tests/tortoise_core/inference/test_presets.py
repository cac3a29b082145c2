"""Presets of the published model, and what overrides them."""

import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.inference.presets import DEFAULT_PRESET, IMPLIED_TOP_K, PRESETS, published_settings, tts_arguments


def test_each_preset_costs_at_least_as_much_as_the_one_before():
    costs = [(chosen.candidates, chosen.diffusion_steps) for chosen in map(published_settings, PRESETS)]
    assert costs == sorted(costs)
    assert costs[0] == (16, 30)


def test_only_the_fastest_goes_without_guidance():
    assert [name for name in PRESETS if not published_settings(name).cond_free] == ["ultra_fast"]


def test_settings_follow_the_published_sampler():
    chosen = published_settings()
    assert chosen == published_settings(DEFAULT_PRESET)
    assert (chosen.sampler, chosen.top_k, chosen.max_codes) == ("ancestral", IMPLIED_TOP_K, 500)


def test_overrides_win():
    assert tts_arguments("hi", "fast", temperature=0.1, k=2)["temperature"] == 0.1


def test_unknown_preset_names_the_choice():
    with pytest.raises(ConfigError, match="ultra_fast, fast, standard, high_quality"):
        published_settings("best")
