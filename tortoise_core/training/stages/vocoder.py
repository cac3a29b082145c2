"""Trains the vocoder: mel frames to waveforms. Knows nothing of text or codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.audio.constants import HOP_SAMPLES as HOP
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.training.data.crops import CropConfig, CropSampler, DecodedMels
from tortoise_core.training.discriminators import VocoderDiscriminator
from tortoise_core.training.loop import Batch, LoopConfig, Phase, hash_seed
from tortoise_core.training.losses import discriminator_loss, feature_loss, generator_loss, multi_resolution_stft_loss
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class VocoderLossConfig:
    """Weights of the vocoder's losses, and when the discriminators join."""

    adversarial_from: int = 4_000  # step; before it only the spectral loss
    adversarial: float = 0.2
    feature: float = 0.4
    mel: float = 0.0  # of the log-mel's absolute error (arXiv 2010.05646): without it the waveform may be too quiet
    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    resolutions: tuple[tuple[int, int], ...] = ((1024, 256), (512, 128), (256, 64))
    width: int = 16
    discriminators_per_step: int = 8  # fewer are drawn anew for each step: the same gradient on average, for less work
    context: int = 0  # frames at either end of a piece that no loss sees: see `VocoderStage`


@dataclass(frozen=True)
class VocoderStageConfig:
    """The parts of `[stages.vocoder]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    losses: VocoderLossConfig = field(default_factory=VocoderLossConfig)


class VocoderStage:
    """Mel to waveform: multi-resolution spectral loss first, least-squares GAN with feature matching later.

    The two phases of a step share one pass of the generator and one of the discriminators over the real audio: its
    features are one update old when the generator meets them, which is the price of a third less work.

    Beyond the ends of a piece a convolution sees zeros. A vocoder whose loss includes the ends learns to rely on those
    zeros, and is 3 dB too quiet in the middle of an utterance, where there are none; so `context` should be as long as
    what the vocoder sees to either side.
    """

    def __init__(
        self,
        model: nn.Module,
        corpus: Corpus,
        crops: CropConfig,
        config: VocoderLossConfig,
        decoded: DecodedMels | None = None,
    ) -> None:
        """Args: `decoded`: mels to train on besides those of the recordings; validation uses the recordings' alone."""
        self.model = model
        self._config = config
        self._crops = CropSampler(corpus, crops, decoded)
        self.discriminator = VocoderDiscriminator(config.periods, config.resolutions, config.width)
        self._to_mel = MelSpectrogram24k()
        self._fake: Tensor | None = None
        self._real: list[Tensor] = []
        self.phases = (
            Phase("discriminator", (self.discriminator,), self._discriminator_loss, first_step=config.adversarial_from),
            Phase("loss", (model,), self._generator_loss),
        )

    def batch(self, step: int) -> Batch:
        """Cuts aligned mel and waveform pieces, and chooses the discriminators that are active in this step."""
        random = np.random.default_rng(hash_seed(step, len(self.discriminator.discriminators)))
        count = min(self._config.discriminators_per_step, len(self.discriminator.discriminators))
        active = np.sort(random.choice(len(self.discriminator.discriminators), size=count, replace=False))
        return self._crops.batch(step) | {
            "adversarial": torch.tensor(step >= self._config.adversarial_from),
            "active": torch.from_numpy(active),
        }

    def _discriminator_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        self._fake = self._inner(self.model(batch["mel"]))
        active = batch["active"].tolist()
        real = self.discriminator(self._inner(batch["wav"]), active)
        fake = self.discriminator(self._fake.detach(), active)
        self._real = [feature.detach() for feature in real.features]
        return discriminator_loss(real.scores, fake.scores), {}

    def _generator_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        wav = self._inner(self.model(batch["mel"])) if self._fake is None else self._fake
        self._fake = None
        with torch.autocast(wav.device.type, enabled=False):
            target = self._inner(batch["wav"])
            spectral = multi_resolution_stft_loss(wav, target)
            mel = self._mel_error(wav, target).abs().mean()
        loss = spectral + self._config.mel * mel
        parts = {"spectral": spectral.detach(), "mel": mel.detach()}
        if not batch["adversarial"]:
            return loss, parts
        fake = self.discriminator(wav, batch["active"].tolist())
        adversarial = generator_loss(fake.scores)
        features = feature_loss(self._real, fake.features)
        loss = loss + self._config.adversarial * adversarial + self._config.feature * features
        return loss, parts | {"adversarial": adversarial.detach(), "features": features.detach()}

    def _inner(self, wav: Tensor) -> Tensor:
        """Cuts off the ends that no loss sees. Shape: (B, 256 S) to (B, 256 (S - 2 context))."""
        cut = self._config.context * HOP
        return wav[:, cut : wav.shape[1] - cut]

    def _mel_error(self, wav: Tensor, target: Tensor) -> Tensor:
        """Computes the difference of two waveforms' log-mels, in nats. Shape: (B, L) each, to (B, mels, S)."""
        to_mel = self._to_mel.to(wav.device)
        return to_mel(wav) - to_mel(target)

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Measures spectral loss, absolute log-mel error, level and L1 of the energy's envelope on held-out pieces."""
        device = next(self.model.parameters()).device
        batch = {name: value.to(device) for name, value in self._crops.validation().items()}
        wav = self._inner(self.model(batch["mel"]))
        target = self._inner(batch["wav"])
        error = self._mel_error(wav, target)
        return {
            "spectral": round(float(multi_resolution_stft_loss(wav, target)), 5),
            "mel": round(float(error.abs().mean()), 5),
            "level_db": round(float(10 * torch.log10(wav.square().sum() / target.square().sum())), 3),
            "envelope": round(float(F.l1_loss(_envelope(wav), _envelope(target))), 5),
        }


def _envelope(wav: Tensor) -> Tensor:
    """Computes the root mean square of each hop. Shape: (B, L) to (B, L / 256)."""
    return wav.unfold(1, HOP, HOP).square().mean(2).clamp_min(1e-10).sqrt()


def _build(workspace: Workspace, config: VocoderStageConfig) -> VocoderStage:
    model = FrameVocoder(workspace.recipe.networks["vocoder"])
    return VocoderStage(model, workspace.corpus(), config.crops, config.losses)


STAGE = StageEntry(
    "vocoder",
    "mel frames to waveforms",
    "vocoder",
    FrameVocoderConfig,
    VocoderStageConfig,
    _build,
    exports=False,
)
