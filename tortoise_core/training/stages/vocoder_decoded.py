"""Trains the vocoder further, on mels that the diffusion decoder makes. Knows nothing of text.

A vocoder that was trained on recordings' mels alone renders a decoder's smoother mels as they are; one that has seen
these too adds what the decoder cannot foresee (fine-tuning on predicted mels: HiFi-GAN, arXiv 2010.05646, section 4.4).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.description import read_config
from tortoise_core.inference.audio_stage import AudioStage
from tortoise_core.inference.front_end import SpeechFormat
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.training.data.aligned import AlignedInput
from tortoise_core.training.data.crops import CropConfig, DecodedMels
from tortoise_core.training.data.decoded_mels import DecodedConfig, compute_decoded
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import LoopConfig
from tortoise_core.training.stages.diffusion import latents_of
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.stages.vocoder import VocoderLossConfig, VocoderStage
from tortoise_core.training.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VocoderDecodedStageConfig:
    """The parts of `[stages.vocoder_decoded]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    losses: VocoderLossConfig = field(default_factory=VocoderLossConfig)
    decoded: DecodedConfig = field(default_factory=DecodedConfig)


def _build(workspace: Workspace, config: VocoderDecodedStageConfig) -> VocoderStage:
    corpus, spoken = workspace.spoken()
    spoken = spoken[: workspace.recipe.stages["diffusion"].pieces.latent_items]
    frames = _decoded_of(workspace, corpus, spoken, config.decoded)
    decoded = DecodedMels([one.item for one in spoken], frames, config.decoded.share)
    model = FrameVocoder(workspace.recipe.networks["vocoder"])
    stage = VocoderStage(model, corpus, config.crops, config.losses, decoded)
    before = workspace.checkpoint("vocoder")
    stage.model.load_state_dict(before.average)
    if before.modules is None:
        log.info("the discriminators begin anew: the vocoder comes from a model, and a model has none")
    else:
        stage.discriminator.load_state_dict(before.modules["discriminator"][0])
    return stage


def _decoded_of(
    workspace: Workspace, corpus: Corpus, items: Sequence[TrainingItem], config: DecodedConfig
) -> np.ndarray:
    """Computes the decoder's mels of utterances, or reads them. Shape: (sum of frames, mels), float16."""
    recipe = workspace.recipe
    checkpoint = workspace.checkpoint("diffusion")
    decoder = DiffusionDecoder(recipe.networks["diffusion"]).eval()
    decoder.load_state_dict(checkpoint.average)
    aligned = AlignedInput(items, latents_of(workspace, corpus, items))
    speech: SpeechFormat = read_config(SpeechFormat, recipe.speech, "speech")
    settings: SamplingSettings = read_config(SamplingSettings, recipe.presets[config.preset], config.preset)
    vocoder = FrameVocoder(recipe.networks["vocoder"])  # the audio stage has one; only its mels are used here
    dvae = workspace.dvae().to(workspace.device)
    audio = AudioStage(decoder.to(workspace.device), vocoder, dvae, speech)
    path = workspace.folder / f"decoded-{checkpoint.step}.f16"  # other weights, other mels
    compute_decoded(audio, corpus, aligned, settings, config, path)
    return np.memmap(path, dtype=np.float16, mode="r").reshape(-1, decoder.config.in_channels)


STAGE = StageEntry(
    "vocoder_decoded",
    "the diffusion decoder's mel frames to waveforms, from the weights of vocoder",
    "vocoder",
    FrameVocoderConfig,
    VocoderDecodedStageConfig,
    _build,
    needs=("dvae", "autoregressive", "diffusion", "vocoder"),
)
