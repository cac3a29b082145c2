"""Owns the table of network types: the class behind each name in a manifest. Must not know files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from tortoise_core.errors import CheckpointError
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.models.classifier import ClassifierConfig, TortoiseClassifier
from tortoise_core.models.clvp import Clvp, ClvpConfig
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.cvvp import Cvvp, CvvpConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.models.hifi_decoder import HifiDecoder, HifiDecoderConfig
from tortoise_core.models.random_latents import RandomLatentGenerator
from tortoise_core.models.univnet import UnivNet, UnivNetConfig


@dataclass(frozen=True)
class RandomLatentConfig:
    """Size of a random latent generator."""

    channels: int


@dataclass(frozen=True)
class NetworkType:
    """A kind of network: the dataclass of its sizes, and the function that builds the network from them."""

    config: type
    build: Callable[[Any], nn.Module]


NETWORK_TYPES: dict[str, NetworkType] = {
    "autoregressive": NetworkType(AutoregressiveConfig, AutoregressiveModel),
    "classifier": NetworkType(ClassifierConfig, TortoiseClassifier),
    "clvp": NetworkType(ClvpConfig, Clvp),
    "code_speller": NetworkType(CodeSpellerConfig, CodeSpeller),
    "cvvp": NetworkType(CvvpConfig, Cvvp),
    "diffusion_decoder": NetworkType(DiffusionDecoderConfig, DiffusionDecoder),
    "dvae": NetworkType(DiscreteVAEConfig, DiscreteVAE),
    "frame_vocoder": NetworkType(FrameVocoderConfig, FrameVocoder),
    "hifi_decoder": NetworkType(HifiDecoderConfig, HifiDecoder),
    "random_latents": NetworkType(RandomLatentConfig, lambda config: RandomLatentGenerator(config.channels)),
    "univnet": NetworkType(UnivNetConfig, UnivNet),
}


def network_type(name: str) -> NetworkType:
    """Looks up a network type by name. Raises `CheckpointError` for an unknown one."""
    try:
        return NETWORK_TYPES[name]
    except KeyError:
        raise CheckpointError(f"unknown network type {name!r}: use one of {', '.join(NETWORK_TYPES)}") from None


def type_name(config: object) -> str:
    """Finds the name of the network type of a configuration. Raises `CheckpointError` where there is none."""
    for name, kind in NETWORK_TYPES.items():
        if type(config) is kind.config:
            return name
    raise CheckpointError(
        f"{type(config).__name__} is not the configuration of a known network: add it to NETWORK_TYPES"
    )
