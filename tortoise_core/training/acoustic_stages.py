"""Training stages that need mel frames and waveforms alone: the dVAE and the vocoder.

A stage says what a batch is and what the loss is; `loop.Trainer` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchaudio.functional import resample

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.audio.constants import HOP_SAMPLES as HOP
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.corpus import Corpus, CorpusItem
from tortoise_core.training.discriminators import VocoderDiscriminator
from tortoise_core.training.loop import Batch, Phase, hash_seed
from tortoise_core.training.losses import (
    discriminator_loss,
    feature_loss,
    generator_loss,
    multi_resolution_stft_loss,
)
from tortoise_core.training.teachers import PAUSE, PHONES, SAMPLE_RATE

VALIDATION_SEED = 987_654_321  # validation crops: the same ones each time
VALIDATION_ITEMS = 64  # the last utterances of the corpus are never trained on


# Played at new / old speed, pitch with it: about three semitones either way.
SPEEDS = ((6, 5), (8, 7), (11, 10), (17, 16), (16, 17), (10, 11), (7, 8), (5, 6))
MARGIN = 4  # frames of context on either side of a varied crop, so that its edge frames are those of the whole clip


@dataclass(frozen=True)
class CropConfig:
    """Random pieces of utterances of one fixed length, because the CPU compiles a kernel for every new shape."""

    batch: int = 64
    frames: int = 128
    seed: int = 0
    varied_share: float = 0.0  # of the pieces: played faster or slower, so that more voices are heard than recorded
    quieter_db: float = 0.0  # varied pieces are made quieter by up to this much


@dataclass(frozen=True, eq=False)
class DecodedMels:
    """What the diffusion decoder makes of utterances' codes, in time with the recordings: see `decoded_mels.py`."""

    items: Sequence[CorpusItem]
    frames: np.ndarray  # (sum of frames, mels) float16, utterance after utterance
    share: float  # of the pieces are cut from these

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum([item.frames // FRAMES_PER_CODE * FRAMES_PER_CODE for item in self.items])

    def mel(self, number: int) -> np.ndarray:
        """Log-mel frames of one of the items. Shape: (frames, mels), float32."""
        first = self._ends[number - 1] if number else 0
        return self.frames[first : self._ends[number]].astype(np.float32)


class CropSampler:
    """Cuts aligned pieces of mel and audio out of random utterances."""

    def __init__(self, corpus: Corpus, config: CropConfig, decoded: DecodedMels | None = None) -> None:
        self.corpus, self.config, self._decoded = corpus, config, decoded
        self._train = corpus.items[:-VALIDATION_ITEMS]
        self._valid = corpus.items[-VALIDATION_ITEMS:]
        self._to_mel = MelSpectrogram24k()

    def batch(self, step: int) -> dict[str, Tensor]:
        """Shape: mel (B, mels, S), wav (B, 256 S), phones (B, S / 2): indices into `PHONES`, -1 where unknown."""
        random = np.random.default_rng(hash_seed(self.config.seed, step))
        varied = random.random(self.config.batch) < self.config.varied_share
        return self._cut(random, self._train, varied)

    def validation(self) -> dict[str, Tensor]:
        """The same pieces of utterances that training never sees, as they were recorded."""
        own = CropSampler(self.corpus, self.config)
        return own._cut(np.random.default_rng(VALIDATION_SEED), self._valid, np.zeros(self.config.batch, dtype=bool))

    def _cut(self, random: np.random.Generator, items: list[CorpusItem], varied: np.ndarray) -> dict[str, Tensor]:
        pieces = []
        for index, vary in zip(random.integers(len(items), size=self.config.batch), varied, strict=True):
            if vary:
                pieces.append(self._varied(items[index], random))
            elif self._decoded is not None and random.random() < self._decoded.share:
                number = int(random.integers(len(self._decoded.items)))
                pieces.append(self._plain(self._decoded.items[number], self._decoded.mel(number), random))
            else:
                pieces.append(self._plain(items[index], self.corpus.mel(items[index]), random))
        mels, wavs, phones = zip(*pieces, strict=True)
        return {"mel": torch.stack(mels), "wav": torch.stack(wavs), "phones": torch.stack(phones)}

    def _plain(self, item: CorpusItem, whole: np.ndarray, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A piece of a recording with its place in a mel (S, mels) of it."""
        frames = self.config.frames
        start = int(random.integers(max(1, len(whole) - frames + 1)))
        mel = whole[start : start + frames].T
        wav = self.corpus.audio(item)[start * HOP : (start + frames) * HOP]
        mel = np.pad(mel, ((0, 0), (0, frames - mel.shape[1])), constant_values=np.log(1e-5))
        wav = np.pad(wav, (0, frames * HOP - len(wav)))
        phones = phones_at(item, (start * HOP + (np.arange(frames // 2) + 0.5) * 2 * HOP) / SAMPLE_RATE)
        return torch.from_numpy(mel), torch.from_numpy(wav), torch.from_numpy(phones)

    def _varied(self, item: CorpusItem, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        new, old = SPEEDS[int(random.integers(len(SPEEDS)))]
        gain = 10 ** (-random.uniform(0, self.config.quieter_db) / 20)
        wanted = (self.config.frames + 2 * MARGIN) * HOP
        source = -(-wanted * new // old)
        wav = self.corpus.audio(item)
        start = int(random.integers(max(1, len(wav) - source + 1)))
        piece = wav[start : start + source]
        piece = np.pad(piece, (0, source - len(piece))).astype(np.float32) * np.float32(gain)
        played = resample(torch.from_numpy(piece)[None], new, old)[:, :wanted]
        mel = self._to_mel(played)[0, :, MARGIN : MARGIN + self.config.frames]
        unknown = torch.full((self.config.frames // 2,), -1)
        return mel, played[0, MARGIN * HOP : (MARGIN + self.config.frames) * HOP], unknown


def phones_at(item: CorpusItem, times_s: np.ndarray) -> np.ndarray:
    """What sounds at some times of an utterance: indices into `PHONES`, (n,) int64; -1 where that is not known."""
    if not item.phones:
        return np.full(len(times_s), -1)
    ids = np.array([PHONES.index(phone.name) if phone.name in PHONES else -1 for phone in item.phones])
    at = np.searchsorted([phone.end_s for phone in item.phones], times_s)
    return np.append(ids, PHONES.index(PAUSE))[at]  # behind the last phone there is silence


@dataclass(frozen=True)
class CodecLossConfig:
    """What the dVAE learns besides the squared error of the mel, and how its codebook is kept in use."""

    absolute: float = 0.0  # weight of the mean absolute error: quiet consonants count more in it
    phone: float = 0.0  # weight of telling the teacher's phones from the codes: see `PhoneHead`
    revive_every: int = 100  # steps
    revive_until: int = 1_000_000_000  # step; the last part of a training is better without newcomers


class PhoneHead(nn.Module):
    """Tells from code vectors which phone sounds in each half of a code. Trained along with the dVAE, then dropped.

    A mel's squared error hardly notices what makes a consonant; so codes that serve it alone are hard to understand.
    Shape: (B, M, D) to logits (B, phones, 2 M).
    """

    def __init__(self, dim: int, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(dim, hidden, 3, padding=1), nn.GELU(), nn.Conv1d(hidden, 2 * len(PHONES), 1))

    def forward(self, quantized: Tensor) -> Tensor:
        """Logits of both halves, in order."""
        halves = self.net(quantized.transpose(1, 2)).unflatten(1, (2, len(PHONES)))
        return halves.permute(0, 2, 3, 1).flatten(2)


class DiscreteVAEStage:
    """Reconstruction plus commitment loss; the codebook moves by itself, unused codes are re-seeded (spec 7.3)."""

    def __init__(self, model: DiscreteVAE, corpus: Corpus, crops: CropConfig, config: CodecLossConfig) -> None:
        self.model, self._crops, self._config = model, CropSampler(corpus, crops), config
        self._head = PhoneHead(model.config.code_dim)
        trained = (model, self._head) if config.phone else (model,)
        self.phases = (Phase("loss", trained, self._loss),)

    def batch(self, step: int) -> Batch:
        """Mel pieces, and whether unused codes are re-seeded in this step."""
        revive = step % self._config.revive_every == 0 and step < self._config.revive_until
        return self._crops.batch(step) | {"revive": torch.tensor(revive)}

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        if batch["revive"] and self.model.training:
            with torch.no_grad():
                self.model.codebook.revive(self.model.encode_vectors(batch["mel"]).flatten(0, 1), threshold=0.1)
        out = self.model(batch["mel"])
        loss = out.reconstruction_loss + out.commitment_loss
        if self._config.absolute:
            error = F.l1_loss(out.reconstruction, batch["mel"]) / self.model.config.mel_scale
            loss = loss + self._config.absolute * error
        parts = {"mse": out.reconstruction_loss.detach(), "used": torch.tensor(out.codes.unique().numel())}
        if self._config.phone:
            told = self._phone_loss(out.quantized, batch["phones"])
            loss, parts = loss + self._config.phone * told, {**parts, "phone": told.detach()}
        return loss, parts

    def _phone_loss(self, quantized: Tensor, phones: Tensor) -> Tensor:
        logits = self._head(quantized).float()
        total = F.cross_entropy(logits, phones, ignore_index=-1, reduction="sum")
        return total / (phones >= 0).sum().clamp_min(1)  # of a batch without known phones: 0

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Mel error in normalised units, how many codes the held-out pieces use, and (with the trained head, whose
        weights are not averaged) the cross-entropy of their phones in nats."""
        device = next(self.model.parameters()).device
        batch = {name: value.to(device) for name, value in self._crops.validation().items()}
        out = self.model(batch["mel"])
        figures = {"mse": round(float(out.reconstruction_loss), 5), "used": float(out.codes.unique().numel())}
        if self._config.phone:
            figures["phone"] = round(float(self._phone_loss(out.quantized, batch["phones"])), 4)
        return figures


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
