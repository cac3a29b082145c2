"""Training stage of the diffusion decoder: on dVAE codes first, then on AR latents (the TorToise trick, spec 7.5).

A stage says what a batch is and what the loss is; `loop.Trainer` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.audio.mel import normalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.errors import ConfigError
from tortoise_core.inference.logits import DecodingSettings, draw_codes, process_logits
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.acoustic_stages import VALIDATION_ITEMS, VALIDATION_SEED
from tortoise_core.training.corpus import Corpus, CorpusItem
from tortoise_core.training.loop import Batch, Phase, hash_seed
from tortoise_core.training.speech_data import SpokenItem


@dataclass(frozen=True)
class DiffusionDataConfig:
    """Pieces of one fixed length, because the CPU compiles a kernel for every new shape."""

    batch: int = 16
    codes: int = 32  # 128 frames, 1.4 s
    conditioning_frames: int = 192
    guessed_share: float = 0.7  # of the input codes, when latents are made: see `compute_latents`
    latent_items: int = 100_000  # utterances whose latents are made, the corpus's first ones
    codes_share: float = 0.0  # of the batches, when learning from latents: codes, so that the decoder still reads them
    revoiced_share: float = 0.0  # of the rows of those batches: codes of another reader, see `revoiced.py`
    seed: int = 0


@dataclass(frozen=True)
class DiffusionLossConfig:
    """How the losses of the diffusion stage are put together."""

    unconditioned_share: float = 0.1  # rows trained without conditioning, for guidance
    first_share: float = 0.4  # rows that stand where a shallow run starts
    surrogate_alone: int = 0  # steps at the beginning in which only the surrogate is learnt: the denoiser waits for it
    absolute: float = 0.0  # weight of the surrogate's mean absolute error, beside the squared one


@dataclass(frozen=True, eq=False)
class AlignedInput:
    """What the decoder is told of each utterance: its codes, or the AR model's latents for them."""

    items: Sequence[SpokenItem]
    latents: np.ndarray | None = None  # (sum of code counts, D) float16, utterance after utterance; None: codes
    revoiced: np.ndarray | None = None  # (sum of code counts,): codes of the same sentences read by other voices

    @cached_property
    def _offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum([len(spoken.codes) for spoken in self.items])])

    def piece(self, index: int, start: int, count: int) -> np.ndarray:
        """Shape: (count,) int64 codes, or (count, D) float32 latents."""
        if self.latents is None:
            return self.codes(index, start, count)
        first = int(self._offsets[index]) + start
        return self.latents[first : first + count].astype(np.float32)

    def codes(self, index: int, start: int, count: int, *, revoiced: bool = False) -> np.ndarray:
        """Codes of the recording, or of another voice in its timing. Shape: (count,) int64."""
        if revoiced and self.revoiced is not None:
            first = int(self._offsets[index]) + start
            return self.revoiced[first : first + count].astype(np.int64)
        return self.items[index].codes[start : start + count]


class DiffusionSampler:
    """Cuts aligned pieces of codes (or latents) and mel out of random utterances."""

    def __init__(self, corpus: Corpus, aligned: AlignedInput, config: DiffusionDataConfig) -> None:
        self.corpus, self.aligned, self.config = corpus, aligned, config
        items = aligned.items
        long_enough = [i for i, s in enumerate(items) if len(s.codes) >= config.codes]
        self._train = [i for i in long_enough if i < len(items) - VALIDATION_ITEMS]
        self._valid = [i for i in long_enough if i >= len(items) - VALIDATION_ITEMS]
        if not self._train or not self._valid:
            raise ConfigError(f"the corpus has too few utterances of {config.codes} codes for the diffusion stage")
        self._by_voice: dict[str, list[CorpusItem]] = {}
        for i in self._train:
            self._by_voice.setdefault(items[i].item.voice, []).append(items[i].item)

    def batch(self, step: int) -> dict[str, Tensor]:
        """Shape: codes (B, M), aligned (B, M) or (B, M, D), mel (B, mels, 4 M), voice_mel (B, mels, S)."""
        random = np.random.default_rng(hash_seed(self.config.seed, step))
        as_codes = bool(random.random() < self.config.codes_share)
        return self._cut(random, self._train, as_codes=as_codes, revoiced_share=self.config.revoiced_share)

    def validations(self) -> dict[str, dict[str, Tensor]]:
        """By a prefix of the figures' names: the same pieces of utterances that training never sees; told as they are
        read, and ("revoiced_") by codes of other readers where there are such."""
        batches = {"": self._cut(np.random.default_rng(VALIDATION_SEED), self._valid)}
        if self.aligned.revoiced is not None:
            random = np.random.default_rng(VALIDATION_SEED)
            batches["revoiced_"] = self._cut(random, self._valid, as_codes=True, revoiced_share=1.0)
        return batches

    def _cut(
        self, random: np.random.Generator, usable: list[int], *, as_codes: bool = False, revoiced_share: float = 0.0
    ) -> dict[str, Tensor]:
        codes, frames = self.config.codes, self.config.conditioning_frames
        rows, aligned, mels, voices = [], [], [], []
        for index in random.choice(usable, size=self.config.batch):
            item = self.aligned.items[index].item
            start = int(random.integers(len(self.aligned.items[index].codes) - codes + 1))
            revoiced = as_codes and bool(random.random() < revoiced_share)
            rows.append(self.aligned.codes(index, start, codes, revoiced=revoiced))
            aligned.append(rows[-1] if as_codes else self.aligned.piece(index, start, codes))
            first = start * FRAMES_PER_CODE
            mels.append(self.corpus.mel(item)[first : first + codes * FRAMES_PER_CODE].T)
            other = self._by_voice[item.voice][int(random.integers(len(self._by_voice[item.voice])))]
            cut = int(random.integers(max(1, other.frames - frames + 1)))
            clip = self.corpus.mel(other)[cut : cut + frames].T
            voices.append(np.pad(clip, ((0, 0), (0, frames - clip.shape[1])), mode="wrap"))
        return {
            "codes": torch.from_numpy(np.stack(rows)),
            "aligned": torch.from_numpy(np.stack(aligned)),
            "mel": torch.from_numpy(np.stack(mels)),
            "voice_mel": torch.from_numpy(np.stack(voices)),
        }


class DiffusionStage:
    """Noise prediction at a random timestep, plus the surrogate mel that the conditioning alone should give.

    Where inference starts shallow, from an estimate of the clean mel instead of from noise, only that part of the
    process is learnt, and some rows stand where inference starts: they are led from the estimate (the surrogate, or the
    dVAE's decoding of the codes where no surrogate was made for it) to the recording.
    """

    def __init__(
        self,
        model: DiffusionDecoder,
        process: GaussianDiffusion,
        data: DiffusionSampler,
        *,
        dvae: DiscreteVAE,
        config: DiffusionLossConfig,
        shallow: float = 1.0,
    ) -> None:
        self.model, self._process, self._data, self._dvae, self._config = model, process, data, dvae, config
        self._steps = max(1, round(len(process.schedule) * shallow))
        self._first_share = config.first_share if shallow < 1 else 0.0
        self._guesses = shallow < 1 or model.config.guess
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """See `DiffusionSampler.batch`; and whether only the surrogate is learnt in this step."""
        return self._data.batch(step) | {"alone": torch.tensor(step < self._config.surrogate_alone)}

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        if batch["alone"]:
            _, _, surrogate = self._embed(batch)
            return surrogate, {"surrogate": surrogate.detach()}
        rows = len(batch["mel"])
        device = batch["mel"].device
        dropped = torch.rand(rows, device=device) < self._config.unconditioned_share
        i = torch.randint(self._steps, (rows,), device=device)
        first = torch.rand(rows, device=device) < self._first_share
        noise = torch.randn_like(batch["mel"])
        terms, surrogate = self._terms(batch, torch.where(first, self._steps - 1, i), noise, dropped, first)
        return terms.mean() + surrogate, {"diffusion": terms.detach().mean(), "surrogate": surrogate.detach()}

    def _embed(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """What all steps share (B, C, S), the estimate that a shallow run starts from (B, mels, S), and the surrogate's
        loss ()."""
        model, mel = self.model, normalize_mel(batch["mel"])
        guess = self._guess(batch["codes"]) if self._guesses else None
        voice = model.conditioning_latent(batch["voice_mel"])
        embedding = model.timestep_independent(batch["aligned"], voice, mel.shape[2], guess=guess)
        surrogate = model.surrogate_mel(embedding).float()
        error = surrogate - mel
        loss = error.square().mean() + self._config.absolute * error.abs().mean()
        return embedding, surrogate.detach() if model.config.surrogate_blocks or guess is None else guess, loss

    def _terms(self, batch: Batch, i: Tensor, noise: Tensor, dropped: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """Diffusion loss per row (B,), and the surrogate's loss (). `first` (B,) rows start at the estimate."""
        model, process, mel = self.model, self._process, normalize_mel(batch["mel"])
        embedding, estimate, surrogate = self._embed(batch)
        unconditioned = model.unconditioned(*mel.shape[::2]).to(embedding.dtype)
        embedding = torch.where(dropped[:, None, None], unconditioned, embedding)
        x = process.q_sample(torch.where(first[:, None, None], estimate, mel), i, noise)
        output = model(x, process.timesteps(i), embedding)
        # Whatever x was made of, the network should say what leads from it to the recording.
        noise = torch.where(first[:, None, None], process.implied_noise(x, i, mel), noise)
        return process.training_terms(output, mel, i, noise).loss, surrogate

    @torch.no_grad()
    def _guess(self, codes: Tensor) -> Tensor:
        return normalize_mel(self._dvae.decode(codes).float())

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """On held-out pieces: diffusion loss at evenly spread timesteps, the surrogate's loss, and the squared error
        of the clean mel that the first step of inference estimates."""
        figures: dict[str, float] = {}
        for prefix, batch in self._data.validations().items():
            figures |= {prefix + name: value for name, value in self._validate(batch).items()}
        return figures

    def _validate(self, batch: dict[str, Tensor]) -> dict[str, float]:
        device = next(self.model.parameters()).device
        batch = {name: value.to(device) for name, value in batch.items()}
        rows = len(batch["mel"])
        i = torch.linspace(0, self._steps - 1, rows, device=device).long()
        noise = torch.randn(batch["mel"].shape, generator=torch.Generator().manual_seed(0)).to(device)
        no, yes = torch.zeros(rows, dtype=torch.bool, device=device), torch.ones(rows, dtype=torch.bool, device=device)
        terms, surrogate = self._terms(batch, i, noise, no, no)
        figures = {"diffusion": round(float(terms.mean()), 5), "surrogate": round(float(surrogate), 5)}
        if self._first_share:
            last = torch.full_like(i, self._steps - 1)
            first, _ = self._terms(batch, last, noise, no, yes)
            figures["first"] = round(float(first.mean()), 5)
        return figures


@torch.inference_mode()
def compute_latents(
    model: AutoregressiveModel, items: Sequence[SpokenItem], corpus: Corpus, path: Path, data: DiffusionDataConfig
) -> None:
    """AR latents of utterances, one voice clip each; float16, written to `path`.

    The decoder will be fed what the AR model sampled, mistakes included, so that is what it learns from: most codes are
    replaced by the model's own guess at that place given the true codes before it. The timing stays that of the
    recording, which the decoder's target is.

    Continues a file that was begun. Shape on disk: (sum of code counts, D).
    """
    width = model.config.width
    lengths = np.array([len(s.codes) for s in items])
    done_rows = path.stat().st_size // (2 * width) if path.exists() else 0
    done = int(np.searchsorted(np.cumsum(lengths), done_rows, side="right"))
    with path.open("ab") as file:
        file.truncate(int(lengths[:done].sum()) * 2 * width)
        for number, spoken in enumerate(items[done:], start=done):
            generator = torch.Generator().manual_seed(hash_seed(data.seed, number))
            mel = corpus.mel(spoken.item)[: data.conditioning_frames].T
            mel = np.pad(mel, ((0, 0), (0, data.conditioning_frames - mel.shape[1])), mode="wrap")
            cond = model.conditioning(normalize_mel(torch.from_numpy(mel)[None]))
            tokens, codes = torch.from_numpy(spoken.tokens)[None], torch.from_numpy(spoken.codes)[None]
            guessed = _guess_codes(model, model.latents(cond, tokens, codes), generator)
            replaced = torch.rand(codes.shape, generator=generator) < data.guessed_share
            latents = model.latents(cond, tokens, torch.where(replaced, guessed, codes))[0]
            file.write(np.ascontiguousarray(latents.numpy().astype(np.float16)).tobytes())


def _guess_codes(model: AutoregressiveModel, latents: Tensor, generator: torch.Generator) -> Tensor:
    """A draw of each code from what its latent says, as inference draws them. Shape: (1, M, D) to (1, M)."""
    logits = model.mel_head(latents)[0, :, : model.config.code_start]
    spoken = torch.zeros(logits.shape[0], logits.shape[1], dtype=torch.bool)
    settings = DecodingSettings(temperature=0.7, top_k=50, top_p=0.8, repetition_penalty=1.0)
    scores = process_logits(logits, spoken, settings)
    return draw_codes(scores, torch.rand(len(scores), generator=generator))[None]
