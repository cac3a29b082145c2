"""What an engine and the rest of the world tell one another: settings by name, and voices that fit."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.inference.interface import ADDED_LATER, SpeechRequest, SpeechResult, check_voice, sampling_values
from tortoise_core.inference.presets import SamplingSettings


@dataclass(frozen=True)
class Settings:
    """Of some engine."""

    speed: float = 1.0
    warm: bool = field(default=False, metadata=ADDED_LATER)
    breath: int = field(default=3, metadata=ADDED_LATER)


def test_what_was_added_later_is_in_no_key_while_it_has_its_default():
    assert sampling_values(Settings()) == {"speed": 1.0}
    assert sampling_values(Settings(speed=2.0, breath=0)) == {"speed": 2.0, "breath": 0}
    assert sampling_values(Settings(warm=True)) == {"speed": 1.0, "warm": True}


def test_the_settings_that_the_first_keys_were_made_of():
    """A name that came or went would have every book spoken again."""
    first = {
        "candidates": 96,
        "temperature": 0.8,
        "top_k": 50,
        "top_p": 0.8,
        "repetition_penalty": 2.0,
        "max_codes": 500,
        "diffusion_steps": 80,
        "sampler": "ddim",
        "cond_free": True,
        "cond_free_k": 2.0,
        "diffusion_temperature": 1.0,
    }
    assert sampling_values(SamplingSettings()) == first
    later = {"typical_mass": 0.2, "runaway_excess": 0.6, "cond_free_ramp": False, "cvvp_amount": 0.5}
    for name, value in later.items():
        assert sampling_values(replace(SamplingSettings(), **{name: value})) == {**first, name: value}


WIDTHS = {"auto": 4, "diffusion": 8}


def voice(**shapes):
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def test_a_voice_needs_the_arrays_of_its_engine_and_may_have_more():
    check_voice(voice(auto=(1, 4), diffusion=(1, 8)), WIDTHS)
    check_voice(voice(auto=(1, 4), diffusion=(1, 8), cvvp=(1, 2)), WIDTHS)
    check_voice({}, {})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "none"),
        ({"auto": (1, 4)}, "auto 1 x 4"),
        ({"diffusion": (1, 8)}, "diffusion 1 x 8"),
        ({"auto": (1, 8), "diffusion": (1, 8)}, "auto 1 x 8, diffusion 1 x 8"),
        ({"diffusion": (1, 4), "auto": (1, 4)}, "auto 1 x 4, diffusion 1 x 4"),
        ({"auto": (2, 4), "diffusion": (1, 8)}, "auto 2 x 4, diffusion 1 x 8"),
        ({"auto": (4,), "diffusion": (1, 8)}, "auto 4, diffusion 1 x 8"),
    ],
)
def test_a_voice_of_another_model_is_refused_with_both_shapes(wrong, told):
    message = rf"another model \(latents {told}, this one needs auto 1 x 4, diffusion 1 x 8\): make it again"
    with pytest.raises(ConfigError, match=message):
        check_voice(voice(**wrong), WIDTHS)


def test_one_candidate_is_kept_unless_more_are_asked_for():
    assert SpeechRequest("Yes.", {}, SamplingSettings(), 7).keep == 1
    result = SpeechResult(np.zeros(3, np.float32), 24_000)
    assert (result.hit_length_cap, result.rank, result.spelled, result.others) == (False, 0.0, None, ())
