"""The names of networks in manifests, which model folders of every version hold."""

import pytest

from tortoise_core.checkpoints.registry import NETWORK_TYPES, RandomLatentConfig, network_type, type_name
from tortoise_core.errors import CheckpointError

BUILT = {
    "autoregressive": "AutoregressiveModel",
    "classifier": "TortoiseClassifier",
    "clvp": "Clvp",
    "code_speller": "CodeSpeller",
    "cvvp": "Cvvp",
    "diffusion_decoder": "DiffusionDecoder",
    "dvae": "DiscreteVAE",
    "frame_vocoder": "FrameVocoder",
    "hifi_decoder": "HifiDecoder",
    "random_latents": "RandomLatentGenerator",
    "univnet": "UnivNet",
}


def test_every_kind_of_network_has_its_name():
    kinds = {name: getattr(kind.build, "__name__", "") for name, kind in NETWORK_TYPES.items()}
    assert {**kinds, "random_latents": "RandomLatentGenerator"} == BUILT
    assert type(network_type("random_latents").build(RandomLatentConfig(8))).__name__ == "RandomLatentGenerator"
    for name in NETWORK_TYPES:
        config = RandomLatentConfig(8) if name == "random_latents" else network_type(name).config()
        assert type_name(config) == name


def test_what_is_no_network_is_refused():
    with pytest.raises(CheckpointError, match=r"unknown network type 'gan': use one of autoregressive, .*univ"):
        network_type("gan")
    with pytest.raises(CheckpointError, match="int is not the configuration of a known network"):
        type_name(3)
