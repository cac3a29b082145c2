"""Trains the diffusion decoder: on dVAE codes first, then on AR latents (the TorToise trick, spec 7.5).

Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.data.aligned import AlignedInput, DiffusionDataConfig, DiffusionSampler
from tortoise_core.training.data.latents import compute_latents
from tortoise_core.training.data.revoiced import compute_revoiced
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import Batch, LoopConfig, Phase
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class DiffusionLossConfig:
    """How the losses of the diffusion stage are put together."""

    unconditioned_share: float = 0.1  # rows trained without conditioning, for guidance
    first_share: float = 0.4  # rows trained at the timestep where a shallow run starts, from the estimate
    surrogate_alone: int = 0  # steps at the beginning that train only the surrogate: the denoiser waits for it
    absolute: float = 0.0  # weight of the surrogate's mean absolute error, beside the squared one


@dataclass(frozen=True)
class DiffusionStageConfig:
    """The parts of `[stages.diffusion_codes]` and `[stages.diffusion]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    pieces: DiffusionDataConfig = field(default_factory=DiffusionDataConfig)
    denoising: DiffusionLossConfig = field(default_factory=DiffusionLossConfig)


class DiffusionStage:
    """Noise prediction at a random timestep, plus the surrogate mel that the conditioning alone should give.

    A shallow inference starts from an estimate of the clean mel instead of from noise. For such a model only that part
    of the process is trained, and some rows are trained at its first timestep: there the network should lead from the
    estimate (the surrogate, or the dVAE's decoding of the codes in a decoder without one) to the recording.
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
        self.model = model
        self._process = process
        self._data = data
        self._dvae = dvae
        self._config = config
        self._steps = max(1, round(len(process.schedule) * shallow))
        self._first_share = config.first_share if shallow < 1 else 0.0
        self._uses_guess = shallow < 1 or model.config.guess
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """Makes `DiffusionSampler.batch`, and says whether this step trains only the surrogate."""
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
        """Computes the embedding that all timesteps share (B, C, S), the estimate that a shallow run starts from
        (B, mels, S), and the surrogate's loss ()."""
        model = self.model
        mel = normalize_mel(batch["mel"])
        guess = self._guess(batch["codes"]) if self._uses_guess else None
        voice = model.conditioning_latent(batch["voice_mel"])
        embedding = model.timestep_independent(batch["aligned"], voice, mel.shape[2], guess=guess)
        surrogate = model.surrogate_mel(embedding).float()
        error = surrogate - mel
        loss = error.square().mean() + self._config.absolute * error.abs().mean()
        estimate = surrogate.detach() if model.config.surrogate_blocks or guess is None else guess
        return embedding, estimate, loss

    def _terms(self, batch: Batch, i: Tensor, noise: Tensor, dropped: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """Computes the diffusion loss of each row (B,), and the surrogate's loss ().

        Rows in which `first` (B,) is true start at the estimate.
        """
        model = self.model
        process = self._process
        mel = normalize_mel(batch["mel"])
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
        """Measures, on held-out pieces, the diffusion loss at evenly spread timesteps, the surrogate's loss, and the
        squared error of the clean mel that the first step of inference estimates."""
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
        none = torch.zeros(rows, dtype=torch.bool, device=device)
        terms, surrogate = self._terms(batch, i, noise, none, none)
        figures = {"diffusion": round(float(terms.mean()), 5), "surrogate": round(float(surrogate), 5)}
        if self._first_share:
            last = torch.full_like(i, self._steps - 1)
            first, _ = self._terms(batch, last, noise, none, ~none)
            figures["first"] = round(float(first.mean()), 5)
        return figures


def latents_of(workspace: Workspace, corpus: Corpus, items: Sequence[TrainingItem]) -> np.ndarray:
    """Computes the AR latents of utterances, or reads them. Shape: (sum of code counts, D), float16."""
    model = AutoregressiveModel(workspace.recipe.networks["autoregressive"]).eval()
    checkpoint = workspace.checkpoint("autoregressive")
    model.load_state_dict(checkpoint.average)
    path = workspace.folder / f"latents-{checkpoint.step}.f16"  # other weights, other latents
    compute_latents(model, items, corpus, path, workspace.recipe.stages["diffusion"].pieces)
    return np.memmap(path, dtype=np.float16, mode="r").reshape(-1, model.config.width)


def _revoiced_of(workspace: Workspace, items: Sequence[TrainingItem]) -> np.ndarray:
    """Computes the codes of other readers, or reads them. Shape: (sum of code counts,), int16."""
    path = workspace.folder / "revoiced.i16"
    compute_revoiced(workspace.dvae(), items, path)
    return np.memmap(path, dtype=np.int16, mode="r")


def _build_from_codes(workspace: Workspace, config: DiffusionStageConfig) -> DiffusionStage:
    corpus, items = workspace.spoken()
    decoder = DiffusionDecoder(workspace.recipe.networks["diffusion"])
    return _stage(workspace, config, decoder, DiffusionSampler(corpus, AlignedInput(items), config.pieces))


def _build_from_latents(workspace: Workspace, config: DiffusionStageConfig) -> DiffusionStage:
    corpus, items = workspace.spoken()
    items = items[: config.pieces.latent_items]
    revoiced = _revoiced_of(workspace, items) if config.pieces.revoiced_share else None
    aligned = AlignedInput(items, latents_of(workspace, corpus, items), revoiced)
    decoder = DiffusionDecoder(workspace.recipe.networks["diffusion"])
    decoder.load_state_dict(workspace.weights("diffusion_codes"))
    return _stage(workspace, config, decoder, DiffusionSampler(corpus, aligned, config.pieces))


def _stage(
    workspace: Workspace, config: DiffusionStageConfig, decoder: DiffusionDecoder, data: DiffusionSampler
) -> DiffusionStage:
    speech = workspace.recipe.speech
    process = GaussianDiffusion(
        NoiseSchedule.linear(),
        prediction=speech.get("prediction", "epsilon"),
        learned_variance=decoder.config.learned_variance,
    )
    dvae = workspace.dvae().to(workspace.device)
    shallow = speech.get("shallow", 1.0)
    return DiffusionStage(decoder, process, data, dvae=dvae, config=config.denoising, shallow=shallow)


FROM_CODES = StageEntry(
    "diffusion_codes",
    "codes to mel frames",
    "diffusion",
    DiffusionDecoderConfig,
    DiffusionStageConfig,
    _build_from_codes,
    needs=("dvae",),
    exports=False,
)
FROM_LATENTS = StageEntry(
    "diffusion",
    "AR latents and codes to mel frames, from the weights of diffusion_codes",
    "diffusion",
    DiffusionDecoderConfig,
    DiffusionStageConfig,
    _build_from_latents,
    needs=("dvae", "autoregressive", "diffusion_codes"),
)
