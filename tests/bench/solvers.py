"""How few network evaluations each diffusion sampler needs on the embedded model: `python -m tests.bench.solvers`.

All samplers start from the same noise. A figure is the mean distance of two log-mels, in nepers: from what ancestral
sampling says after 80 evaluations, and from where the deterministic samplers go in the limit (DDIM, 400 evaluations).
"Other noise" is how far two ancestral runs of 80 evaluations are from each other: less than that is no difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from configs.settings import load_settings
from flows.actions.bench import SENTENCES
from flows.services import Services
from tasks.voices.catalogue import read_latents
from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.diffusion.samplers import SAMPLERS
from tortoise_core.inference.audio_stage import AudioStage
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.engine import TorToiseEngine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import own_settings

EVALUATIONS = (4, 8, 12, 16, 30)
MODEL = Path("configs/models/tortoise_mini")


class Comparison:
    """Some sentences' codes, sampled once, and their mels by any sampler."""

    def __init__(self, count: int) -> None:
        services = Services(load_settings())
        self._settings = own_settings(services.sampling)
        engine = TorToiseEngine(read_manifest(MODEL), torch.device("cpu"))
        self._audio: AudioStage = engine._audio
        voice = read_latents(services.voice(), services.store)
        texts = itertools.islice(itertools.cycle(SENTENCES), count)
        self._requests = [SpeechRequest(text, voice, self._settings, seed) for seed, text in enumerate(texts)]
        with torch.inference_mode():
            self._chosen: list[Chosen] = engine._codes.choose(self._requests)

    @torch.inference_mode()
    def mels(self, sampler: str, evaluations: int, noise: int = 0) -> list[Tensor]:
        """The sentences' log-mels."""
        settings = replace(self._settings, sampler=sampler, diffusion_steps=evaluations)
        requests = [replace(request, settings=settings) for request in self._requests]
        generators = [torch.Generator().manual_seed(1000 * noise + n) for n in range(len(requests))]
        return self._audio.mels(requests, self._chosen, generators)


def distance(mels: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """Mean absolute difference over all values of all sentences."""
    differences = [(one - other).abs().flatten() for one, other in zip(mels, others, strict=True)]
    return float(torch.cat(differences).mean())


def measure(count: int = 2) -> Iterator[tuple[str, dict[str, float]]]:
    """Distances by sampler and number of evaluations, one row after another."""
    comparison = Comparison(count)
    ancestral = comparison.mels("ancestral", 80)
    limit = comparison.mels("ddim", 400)
    yield "other noise", {"ancestral 80": distance(comparison.mels("ancestral", 80, noise=1), ancestral)}
    yield "ddim 400", {"ancestral 80": distance(limit, ancestral)}
    for evaluations, sampler in itertools.product(EVALUATIONS, SAMPLERS):
        mels = comparison.mels(sampler, evaluations)
        row = {"ancestral 80": distance(mels, ancestral), "ddim 400": distance(mels, limit)}
        yield f"{sampler} {evaluations}", row


if __name__ == "__main__":
    for name, row in measure():
        print(f"{name:14}", "  ".join(f"from {other}: {value:.4f}" for other, value in row.items()), flush=True)
