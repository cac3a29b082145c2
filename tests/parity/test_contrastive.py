"""CLVP and CVVP against the recorded ones, small and at the published size."""

import gc

import pytest
import torch
from torch.nn.functional import normalize

from tests.parity.published_language_models import clvp_config, cvvp_config, official_model, small_model
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.nn.positions import inverse_frequencies


def compare_clvp(golden, model, prefix=""):
    text = golden[f"{prefix}text"]
    speech = golden[f"{prefix}speech"]
    golden.compare(f"{prefix}scores", model.scores(text, speech))
    golden.compare(f"{prefix}loss", model.loss(text, speech))
    for side, latents in (("text", model.text_latents(text)), ("speech", model.speech_latents(speech))):
        golden.compare(f"{prefix}{side}_latents_unnormalised", latents)
        golden.compare(f"{prefix}{side}_latents", normalize(latents, dim=-1))


def compare_cvvp(golden, model, prefix=""):
    mel = golden[f"{prefix}mel"]
    codes = golden[f"{prefix}codes"]
    golden.compare(f"{prefix}scores", model.scores(mel, codes))
    golden.compare(f"{prefix}loss", model.loss(mel, codes))
    for side, latents in (("cond", model.conditioning_latents(mel)), ("speech", model.speech_latents(codes))):
        golden.compare(f"{prefix}{side}_latents_unnormalised", latents)
        golden.compare(f"{prefix}{side}_latents", normalize(latents, dim=-1))


def cases(golden):
    return sorted({name.removeprefix("in.").split(".")[0] for name in golden.tensors if name.startswith("in.")})


@pytest.mark.golden("clvp")
def test_clvp(golden):
    model = small_model(golden, Clvp(clvp_config(golden.config["ctor"])), "clvp")
    for case in cases(golden):
        compare_clvp(golden, model, f"{case}.")


@pytest.mark.golden("clvp")
def test_rotary_speeds_are_the_published_ones_bit_for_bit(golden):
    speeds = [value for key, value in golden.weights("clvp").items() if key.endswith("inv_freq")]
    assert speeds
    assert all(torch.equal(value, inverse_frequencies(2 * len(value))) for value in speeds)


@pytest.mark.golden("cvvp")
def test_cvvp(golden):
    model = small_model(golden, Cvvp(cvvp_config(golden.config["ctor"])), "cvvp")
    for case in cases(golden):
        compare_cvvp(golden, model, f"{case}.")


@pytest.mark.golden("official_clvp")
def test_clvp_of_published_size(golden):
    model = official_model(golden, Clvp, clvp_config(golden.config["ctor"]))
    compare_clvp(golden, model)
    del model
    gc.collect()


@pytest.mark.golden("official_cvvp")
def test_cvvp_of_published_size(golden):
    model = official_model(golden, Cvvp, cvvp_config(golden.config["ctor"]))
    compare_cvvp(golden, model)
    del model
    gc.collect()
