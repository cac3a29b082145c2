"""Turns recorded constructor arguments into our language models, and fills them with recorded weights."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import nn

from tests.parity.harness import Golden
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.clvp import ClvpConfig
from tortoise_core.models.cvvp import CvvpConfig
from tortoise_core.nn.positions import inverse_frequencies

ModelT = TypeVar("ModelT", bound=nn.Module)


def autoregressive_config(ctor: dict[str, Any], constants: dict[str, int] | None = None) -> AutoregressiveConfig:
    config = AutoregressiveConfig(
        layers=ctor["layers"],
        width=ctor["model_dim"],
        heads=ctor["heads"],
        text_tokens=ctor["number_text_tokens"] + 1,
        text_start=ctor["start_text_token"],
        max_text=ctor["max_text_tokens"],
        max_codes=ctor["max_mel_tokens"],
        max_conditioning=ctor["max_conditioning_inputs"],
    )
    published = {
        "number_mel_codes": config.code_tokens,
        "start_mel_token": config.code_start,
        "stop_mel_token": config.code_stop,
        "stop_text_token": config.text_stop,
        "mel_length_compression": config.samples_per_code,
    }
    assert published == (constants or published)
    return config


def clvp_config(ctor: dict[str, Any]) -> ClvpConfig:
    return ClvpConfig(
        text_tokens=ctor["num_text_tokens"],
        text_width=ctor["dim_text"],
        text_layers=ctor["text_enc_depth"],
        text_heads=ctor["text_heads"],
        code_tokens=ctor["num_speech_tokens"],
        speech_width=ctor["dim_speech"],
        speech_layers=ctor["speech_enc_depth"],
        speech_heads=ctor["speech_heads"],
        latent_width=ctor["dim_latent"],
    )


def cvvp_config(ctor: dict[str, Any]) -> CvvpConfig:
    return CvvpConfig(
        width=ctor["model_dim"],
        heads=ctor["transformer_heads"],
        conditioning_layers=ctor["conditioning_enc_depth"],
        speech_layers=ctor["speech_enc_depth"],
        dropout=ctor["dropout"],
        code_tokens=ctor["mel_codes"],
        latent_width=ctor["model_dim"] * ctor["latent_multiplier"],
    )


def small_model(golden: Golden, model: ModelT, weights: str) -> ModelT:
    model.load_state_dict(golden.weights(weights))
    return model.eval()


def official_model(golden: Golden, build: type[ModelT], config: object) -> ModelT:
    """The official-size model with formula weights, in memory once."""
    with torch.device("meta"):
        model = build(config)
    weights = golden.official_weights()
    weights |= {key: inverse_frequencies(32) for key in golden.kept_weights()}  # the only constants of these models
    model.load_state_dict(weights, assign=True)
    return model.eval()
