"""What the settings ask of an engine, as far as it can be told without one."""

from pathlib import Path

import configs
from tasks.synthesize.engines import get_text_side, precision, sampling_settings

MINI = str(Path(configs.__file__).parent / "models" / "tortoise_mini")


def test_overrides_lie_on_top_of_the_preset(settings):
    chosen = settings.synthesize.model_copy(update={"model": MINI, "preset": "standard"})
    side = get_text_side(chosen)
    preset = side.settings("standard")
    assert sampling_settings(side, chosen) == preset
    changed = sampling_settings(side, chosen.model_copy(update={"sampler": "ancestral", "diffusion_steps": 12}))
    assert (changed.sampler, changed.diffusion_steps) == ("ancestral", 12)
    assert (preset.sampler, preset.diffusion_steps) != ("ancestral", 12)
    assert (changed.candidates, changed.temperature) == (preset.candidates, preset.temperature)


def test_the_precision_is_known_without_an_engine(settings):
    chosen = settings.synthesize.model_copy(update={"precision": "bfloat16", "device": "cpu"})
    assert precision(chosen) == "bfloat16"
    assert precision(chosen.model_copy(update={"precision": "float32"})) == "float32"
    assert precision(chosen.model_copy(update={"engine": "fake"})) == "float32"  # it makes the same tones everywhere
