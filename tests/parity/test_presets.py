"""Published presets and defaults against the recorded ones."""

import pytest

from tortoise_core.diffusion import schedule
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.errors import ConfigError
from tortoise_core.inference.presets import PRESETS, TTS_DEFAULTS, published_settings, tts_arguments

pytestmark = pytest.mark.golden("presets")


def test_arguments_of_every_preset(golden):
    text = golden.meta["default_preset_kwargs"]["text"]
    for index, case in enumerate(golden.meta["cases"]):
        arguments = tts_arguments(text, case["preset"], **case["overrides"])
        golden.check(arguments, "cases", index, "tts_kwargs")
    golden.check(tts_arguments(text), "default_preset_kwargs")
    golden.check(dict(TTS_DEFAULTS), "tts_defaults")
    assert {case["preset"] for case in golden.meta["cases"]} == set(PRESETS)


def test_settings_say_the_same_as_the_recorded_arguments(golden):
    for case in golden.meta["cases"]:
        if not case["overrides"]:
            recorded = {**golden.meta["tts_defaults"], **case["tts_kwargs"]}
            settings = published_settings(case["preset"])
            assert settings.candidates == recorded["num_autoregressive_samples"]
            assert settings.diffusion_steps == recorded["diffusion_iterations"]
            assert settings.max_codes == recorded["max_mel_tokens"]
            for name in (
                "temperature",
                "top_p",
                "repetition_penalty",
                "cond_free",
                "cond_free_k",
                "diffusion_temperature",
            ):
                assert getattr(settings, name) == recorded[name]


def test_unknown_preset_raises(golden):
    with pytest.raises(ConfigError) as caught:
        tts_arguments("hi", "warp_speed")
    golden.check(type(caught.value.__cause__).__name__, "unknown_preset_raises")


def test_diffusion_process_is_of_the_recorded_kind(golden):
    # Step count and guidance are recorded, too; here they have no default: every preset gives them.
    process = GaussianDiffusion(schedule.NoiseSchedule.linear())
    golden.check(len(process.schedule), "diffuser_defaults", "trained_diffusion_steps")
    golden.check(process.prediction, "diffuser_defaults", "model_mean_type")
    golden.check("learned_range" if process.learned_variance else "fixed", "diffuser_defaults", "model_var_type")
