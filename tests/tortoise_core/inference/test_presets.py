"""Presets of the published model, and what overrides them."""

from dataclasses import asdict, replace

import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.inference import presets
from tortoise_core.inference.presets import (
    DEFAULT_PRESET,
    IMPLIED_TOP_K,
    PRESETS,
    TTS_DEFAULTS,
    SamplingSettings,
    own_settings,
    published_settings,
    tts_arguments,
)


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


@pytest.mark.parametrize(
    ("preset", "candidates", "steps", "guided", "work"),
    [
        ("ultra_fast", 16, 30, False, 46),
        ("fast", 96, 80, True, 256),
        ("standard", 256, 200, True, 656),
        ("high_quality", 256, 400, True, 1056),
    ],
)
def test_the_published_presets(preset, candidates, steps, guided, work):
    """Their numbers are in the keys of takes: other ones have every book spoken again."""
    chosen = published_settings(preset)
    assert asdict(chosen) == {
        "candidates": candidates,
        "temperature": 0.8,
        "top_k": 50,
        "top_p": 0.8,
        "repetition_penalty": 2.0,
        "max_codes": 500,
        "diffusion_steps": steps,
        "sampler": "ancestral",
        "cond_free": guided,
        "cond_free_k": 2.0,
        "diffusion_temperature": 1.0,
        "typical_mass": 0.0,
        "runaway_excess": 0.0,
        "cond_free_ramp": True,
        "cvvp_amount": 0.0,
    }
    assert chosen.work == work


def test_the_defaults_of_settings_are_those_of_fast_with_a_sampler_of_few_steps():
    assert SamplingSettings() == replace(published_settings("fast"), sampler="ddim")


def test_settings_are_changed_by_name():
    assert SamplingSettings().changed({"top_k": 7, "cond_free": False}) == SamplingSettings(top_k=7, cond_free=False)
    with pytest.raises(
        ConfigError, match=r"no sampling setting 'a': use one of candidates, temperature, .*cvvp_amount$"
    ):
        SamplingSettings().changed({"top_k": 7, "b": 1, "a": 2})


def test_settings_of_another_engine_are_refused():
    assert own_settings(SamplingSettings(top_k=7)) == SamplingSettings(top_k=7)
    with pytest.raises(ConfigError, match=r"are another engine's \(object\)"):
        own_settings(object())


def test_the_arguments_of_the_published_function():
    assert tts_arguments("Hi.", "ultra_fast", k=3) == {
        "text": "Hi.",
        "temperature": 0.8,
        "length_penalty": 1.0,
        "repetition_penalty": 2.0,
        "top_p": 0.8,
        "cond_free_k": 2.0,
        "diffusion_temperature": 1.0,
        "num_autoregressive_samples": 16,
        "diffusion_iterations": 30,
        "cond_free": False,
        "k": 3,
    }


def test_the_defaults_of_the_published_function():
    assert TTS_DEFAULTS == {
        "voice_samples": None,
        "conditioning_latents": None,
        "k": 1,
        "verbose": True,
        "use_deterministic_seed": None,
        "return_deterministic_state": False,
        "num_autoregressive_samples": 512,
        "temperature": 0.8,
        "length_penalty": 1,
        "repetition_penalty": 2.0,
        "top_p": 0.8,
        "max_mel_tokens": 500,
        "cvvp_amount": 0.0,
        "diffusion_iterations": 100,
        "cond_free": True,
        "cond_free_k": 2,
        "diffusion_temperature": 1.0,
    }


def test_each_argument_of_the_published_function_becomes_its_own_setting(monkeypatch):
    """Some have equal values."""
    own = {"temperature": 0.1, "repetition_penalty": 0.2, "top_p": 0.3, "cond_free_k": 0.4}
    own |= {"diffusion_temperature": 0.5, "max_mel_tokens": 7, "num_autoregressive_samples": 8}
    monkeypatch.setattr(presets, "PRESETS", {"own": {**own, "diffusion_iterations": 9, "cond_free": False}})
    chosen = published_settings("own")
    assert chosen == SamplingSettings(8, 0.1, 50, 0.3, 0.2, 7, 9, "ancestral", False, 0.4, 0.5)
