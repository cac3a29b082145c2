"""The one list of training stages, in the order in which they are trained. Knows nothing of how any of them works."""

from __future__ import annotations

from collections.abc import Mapping

from tortoise_core.training.stages import (
    autoregressive,
    clvp,
    diffusion,
    dvae,
    speller,
    vocoder,
    vocoder_decoded,
)
from tortoise_core.training.stages.entry import StageEntry

STAGES: Mapping[str, StageEntry] = {
    entry.name: entry
    for entry in (
        dvae.STAGE,
        vocoder.STAGE,
        autoregressive.STAGE,
        clvp.STAGE,
        speller.STAGE,
        diffusion.FROM_CODES,
        diffusion.FROM_LATENTS,
        vocoder_decoded.STAGE,
    )
}

# The networks of a model, by role: the configuration class of each.
NETWORKS: Mapping[str, type] = {entry.role: entry.sizes for entry in STAGES.values()}
