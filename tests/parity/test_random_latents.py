"""The random latent generators against the recorded ones, small and at the published sizes."""

import pytest

from tests.parity.published_language_models import official_model, small_model
from tortoise_core.models.random_latents import RandomLatentGenerator


@pytest.mark.golden("rlg")
def test_random_latents(golden):
    (weights,) = golden.meta["weights_files"]
    model = small_model(golden, RandomLatentGenerator(golden.config["channels"]), weights)
    one, three = golden.noises()
    golden.compare("one", model(one))
    golden.compare("three", model(three))


@pytest.mark.golden("official_rlg_auto", "official_rlg_diffuser")
def test_random_latents_of_published_size(golden):
    model = official_model(golden, RandomLatentGenerator, golden.config["ctor"])
    (noise,) = golden.noises()
    golden.compare("latent", model(noise))
