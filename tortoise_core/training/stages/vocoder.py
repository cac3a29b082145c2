"""Trains the vocoder: mel frames to waveforms. Knows nothing of text or codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.audio.constants import HOP_SAMPLES as HOP
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.training.data.crops import CropConfig, CropSampler, DecodedMels
from tortoise_core.training.discriminators import VocoderDiscriminator
from tortoise_core.training.loop import Batch, Phase, hash_seed
from tortoise_core.training.losses import discriminator_loss, feature_loss, generator_loss, multi_resolution_stft_loss


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
    judges_per_step: int = 8  # fewer are drawn anew for each step: the same gradient on average, for less work
    context: int = 0  # frames at either end of a piece that the vocoder hears and nothing judges: see `VocoderStage`


class VocoderStage:
    """Mel to waveform: multi-resolution spectral loss first, least-squares GAN with feature matching later.

    The two phases of a step share one pass of the generator and one of the discriminators over the real audio: its
    features are one update old when the generator meets them, which is the price of a third less work.

    The ends of a piece are zeros to a convolution. A vocoder judged there learns to take its bearings from them, and
    loses 3 dB in the middle of an utterance, where there are none; so `context` should be all that it can see.
    """

    def __init__(
        self,
        model: nn.Module,
        corpus: Corpus,
        crops: CropConfig,
        config: VocoderLossConfig,
        decoded: DecodedMels | None = None,
    ) -> None:
        """`decoded`: mels to learn from besides the recordings' own. Validated on the recordings' own alone."""
        self.model, self._config = model, config
        self._crops = CropSampler(corpus, crops, decoded)
        self.judge = VocoderDiscriminator(config.periods, config.resolutions, config.width)
        self._to_mel = MelSpectrogram24k()
        self._fake: Tensor | None = None
        self._real: list[Tensor] = []
        self.phases = (
            Phase("judge", (self.judge,), self._judge_loss, first_step=config.adversarial_from),
            Phase("loss", (model,), self._generator_loss),
        )

    def batch(self, step: int) -> Batch:
        """Aligned mel and waveform pieces, and which discriminators are asked."""
        random = np.random.default_rng(hash_seed(step, len(self.judge.judges)))
        count = min(self._config.judges_per_step, len(self.judge.judges))
        asked = np.sort(random.choice(len(self.judge.judges), size=count, replace=False))
        return self._crops.batch(step) | {
            "adversarial": torch.tensor(step >= self._config.adversarial_from),
            "asked": torch.from_numpy(asked),
        }

    def _judge_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        self._fake = self._inner(self.model(batch["mel"]))
        asked = batch["asked"].tolist()
        real, fake = self.judge(self._inner(batch["wav"]), asked), self.judge(self._fake.detach(), asked)
        self._real = [feature.detach() for feature in real.features]
        return discriminator_loss(real.scores, fake.scores), {}

    def _generator_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        wav = self._inner(self.model(batch["mel"])) if self._fake is None else self._fake
        self._fake = None
        with torch.autocast(wav.device.type, enabled=False):
            target = self._inner(batch["wav"])
            spectral = multi_resolution_stft_loss(wav, target)
            mel = self._mel_error(wav, target).abs().mean()
        loss, parts = spectral + self._config.mel * mel, {"spectral": spectral.detach(), "mel": mel.detach()}
        if not batch["adversarial"]:
            return loss, parts
        fake = self.judge(wav, batch["asked"].tolist())
        adversarial, features = generator_loss(fake.scores), feature_loss(self._real, fake.features)
        loss = loss + self._config.adversarial * adversarial + self._config.feature * features
        return loss, parts | {"adversarial": adversarial.detach(), "features": features.detach()}

    def _inner(self, wav: Tensor) -> Tensor:
        """What of a piece is judged. Shape: (B, 256 S) to (B, 256 (S - 2 context))."""
        cut = self._config.context * HOP
        return wav[:, cut : wav.shape[1] - cut]

    def _mel_error(self, wav: Tensor, target: Tensor) -> Tensor:
        """Difference of two waveforms' log-mels, in nats. Shape: (B, L) each, to (B, mels, S)."""
        to_mel = self._to_mel.to(wav.device)
        return to_mel(wav) - to_mel(target)

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """On held-out pieces: spectral loss, absolute error of the log-mel, level, L1 of the energy's envelope."""
        device = next(self.model.parameters()).device
        batch = {name: value.to(device) for name, value in self._crops.validation().items()}
        wav, target = self._inner(self.model(batch["mel"])), self._inner(batch["wav"])
        error = self._mel_error(wav, target)
        return {
            "spectral": round(float(multi_resolution_stft_loss(wav, target)), 5),
            "mel": round(float(error.abs().mean()), 5),
            "level_db": round(float(10 * torch.log10(wav.square().sum() / target.square().sum())), 3),
            "envelope": round(float(F.l1_loss(_envelope(wav), _envelope(target))), 5),
        }


def _envelope(wav: Tensor) -> Tensor:
    """Root mean square of each hop. Shape: (B, L) to (B, L / 256)."""
    return wav.unfold(1, HOP, HOP).square().mean(2).clamp_min(1e-10).sqrt()
