"""Turns the constructor arguments that a fixture's json records into our configurations."""

from __future__ import annotations

from typing import Any

from tortoise_core.models.classifier import ClassifierConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoderConfig
from tortoise_core.models.univnet import UnivNetConfig


def diffusion_config(ctor: dict[str, Any]) -> DiffusionDecoderConfig:
    return DiffusionDecoderConfig(
        model_channels=ctor["model_channels"],
        layers=ctor["num_layers"],
        in_channels=ctor["in_channels"],
        out_channels=ctor["out_channels"],
        in_latent_channels=ctor["in_latent_channels"],
        in_tokens=ctor["in_tokens"],
        heads=ctor["num_heads"],
        dropout=ctor["dropout"],
        layer_drop=ctor["layer_drop"],
    )


def univnet_config(ctor: dict[str, Any]) -> UnivNetConfig:
    names = {
        "noise_dim": "noise_channels",
        "channel_size": "channels",
        "dilations": "dilations",
        "strides": "strides",
        "lReLU_slope": "slope",
        "kpnet_conv_size": "predictor_kernel",
        "n_mel_channels": "mel_bands",
    }
    given = {
        names[key]: tuple(value) if isinstance(value, list) else value for key, value in ctor.items() if key in names
    }
    config = UnivNetConfig(**given)
    assert ctor.get("hop_length", config.hop) == config.hop
    assert set(ctor) <= {*names, "hop_length"}
    return config


def classifier_config(ctor: dict[str, Any]) -> ClassifierConfig:
    return ClassifierConfig(
        classes=ctor["classes"],
        in_channels=ctor["spec_dim"],
        channels=ctor["base_channels"],
        stages=ctor["depth"],
        res_blocks=ctor["resnet_blocks"],
        kernel=ctor["kernel_size"],
        downsample=ctor["downsample_factor"],
        embedding=ctor["embedding_dim"],
        attention_blocks=ctor["attn_blocks"],
        heads=ctor["num_attn_heads"],
        dropout=ctor["dropout"],
    )
