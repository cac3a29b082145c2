"""What the settings ask of an engine, as far as it is known without one."""

import shutil
from dataclasses import fields
from pathlib import Path

import pytest

import configs
from tasks.models.catalogue import how_to_mend
from tasks.synthesize.engines import get_engine, get_front_end, precision, sampling_settings
from tortoise_core.errors import ConfigError, DamagedWeightsError
from tortoise_core.inference.presets import SamplingSettings

MINI = str(Path(configs.__file__).parent / "models" / "tortoise_mini")


def test_overrides_lie_on_top_of_the_preset(settings):
    chosen = settings.synthesize.model_copy(update={"model": MINI, "preset": "standard"})
    front_end = get_front_end(chosen)
    preset = front_end.settings("standard")
    assert sampling_settings(front_end, chosen) == preset
    overridden = chosen.model_copy(update={"sampler": "ancestral", "diffusion_steps": 12})
    changed = sampling_settings(front_end, overridden)
    assert (changed.sampler, changed.diffusion_steps) == ("ancestral", 12)
    assert (preset.sampler, preset.diffusion_steps) != ("ancestral", 12)
    assert (changed.candidates, changed.temperature) == (preset.candidates, preset.temperature)


def test_the_precision_is_known_without_an_engine(settings):
    chosen = settings.synthesize.model_copy(update={"precision": "bfloat16", "device": "cpu"})
    assert precision(chosen) == "bfloat16"
    assert precision(chosen.model_copy(update={"precision": "float32"})) == "float32"
    assert precision(chosen.model_copy(update={"engine": "fake"})) == "float32"  # it makes the same tones everywhere


def test_an_engine_with_changed_weights_is_refused_with_what_mends_it(settings, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    weights = folder / "vocoder.safetensors"
    data = bytearray(weights.read_bytes())
    data[-3] ^= 64
    weights.write_bytes(data)
    with pytest.raises(DamagedWeightsError, match=r"vocoder\.safetensors has changed") as refused:
        get_engine(settings.synthesize.model_copy(update={"engine": "tortoise", "model": str(folder)}))
    assert f"`rm -r {folder}`, then `talepress model pull --name mine`" in str(refused.value)
    assert "`git checkout -- configs/models/tortoise_mini`" in how_to_mend(Path(MINI))


def test_changes_lie_on_top_of_overrides(settings):
    chosen = settings.synthesize.model_copy(update={"model": MINI, "diffusion_steps": 12})
    changed = sampling_settings(get_front_end(chosen), chosen, diffusion_steps=3, candidates=5)
    assert (changed.diffusion_steps, changed.candidates) == (3, 5)


def test_every_setting_of_the_section_is_one_of_tortoises(settings):
    chosen = settings.synthesize.model_copy(update={"model": MINI})
    section = chosen.sampling.model_copy(update={"temperature": 0.7, "cond_free_ramp": False})
    changed = sampling_settings(get_front_end(chosen), chosen.model_copy(update={"sampling": section}))
    assert (changed.temperature, changed.cond_free_ramp) == (0.7, False)
    elsewhere = {"sampler", "diffusion_steps"}  # settings of `synthesize` itself
    assert set(type(section).model_fields) | elsewhere == {field.name for field in fields(SamplingSettings)}


def test_an_opinion_of_a_network_that_is_not_there_is_refused(settings):
    chosen = settings.synthesize.model_copy(update={"model": MINI})
    with pytest.raises(ConfigError, match=r"no CVVP network .* leave cvvp_amount at 0"):
        sampling_settings(get_front_end(chosen), chosen, cvvp_amount=0.5)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"engine": "parrot"}, "no engine 'parrot': set synthesize.engine to one of tortoise, fake"),
        ({"preset": "slow"}, "no preset 'slow': use one of ultra_fast, fast, standard, high_quality"),
        ({"sampler": "euler"}, "unknown sampler 'euler': use one of ancestral, ddim, dpmpp"),
    ],
)
def test_what_an_engine_does_not_have_is_refused_in_words(settings, update, message):
    chosen = settings.synthesize.model_copy(update={"model": MINI, **update})
    with pytest.raises(ConfigError, match=message):
        sampling_settings(get_front_end(chosen), chosen)
