"""Trains the diffusion decoder: codes or AR latents to mel frames. Knows nothing of text."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.data.aligned import DiffusionSampler
from tortoise_core.training.loop import Batch, Phase


@dataclass(frozen=True)
class DiffusionLossConfig:
    """How the losses of the diffusion stage are put together."""

    unconditioned_share: float = 0.1  # rows trained without conditioning, for guidance
    first_share: float = 0.4  # rows that stand where a shallow run starts
    surrogate_alone: int = 0  # steps at the beginning in which only the surrogate is learnt: the denoiser waits for it
    absolute: float = 0.0  # weight of the surrogate's mean absolute error, beside the squared one


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
