"""How fast chosen codes become sound at the published size: `python -m tests.bench official`.

The work is that of one utterance of 100 codes, 4.64 s of audio: the 30 network evaluations without guidance of the
preset `ultra_fast`, the eight of the multistep solver, and UnivNet. Weights are random: speed does not depend on
them.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.bench.autoregressive import FLOPS_PER_S, random_network
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.vocoding import WindowedVocoder
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.diffusion_steps import DenoisingSteps
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

CODES = 100
EVALUATIONS = 30  # of `ultra_fast`
SOLVER_EVALUATIONS = 8  # of "dpmpp": docs/quality.md, "Samplers", has how near to its limit they come


def step_flops(config: DiffusionDecoderConfig, frames: int) -> float:
    """Floating-point operations of one network evaluation without guidance, a multiplication and an addition as two."""
    width = config.model_channels
    block = 4 * width**2  # a 1-tap and a 3-tap convolution
    attention = 4 * width**2 + 2 * frames * width
    layers = config.layers + config.integrator_layers
    ends = 3 * width * (config.in_channels + config.out_channels) + 2 * width**2
    feed_forward = 3 * config.ff_mult * width**2
    per_frame = layers * (block + attention + feed_forward) + config.final_res_blocks * block + ends
    return 2.0 * frames * per_frame


class Decoding:
    """One utterance's way through the audio half, with random weights."""

    def __init__(self, precision: Precision, device: str) -> None:
        self.device = torch.device(device)
        self.precision = precision
        decoder = random_network(lambda: DiffusionDecoder(DiffusionDecoderConfig()), self.device)
        assert isinstance(decoder, DiffusionDecoder)
        self.config = decoder.config
        self.frames = self.config.frames(CODES)
        dtype = torch.float32 if precision == "float32" else torch.bfloat16
        self.steps = DenoisingSteps(decoder, dtype, eight_bit=precision == "w8a8")
        decoder.drop_steps()
        self.decoder = decoder
        self.vocoder = WindowedVocoder(random_network(lambda: UnivNet(UnivNetConfig()), self.device))
        generator = torch.Generator().manual_seed(0)
        self.latents = torch.randn(1, CODES, self.config.in_latent_channels, generator=generator).to(self.device)
        self.voice = torch.randn(1, 2 * self.config.model_channels, generator=generator).to(self.device)
        self.start = torch.randn(1, self.config.in_channels, self.frames, generator=generator).to(self.device)

    def denoise(self, sampler: str, evaluations: int) -> torch.Tensor:
        """The whole diffusion of the utterance, what all steps share included."""
        chosen = sampler_named(sampler)
        process = chosen.process(GaussianDiffusion(NoiseSchedule.linear()), evaluations)
        embedding = self.decoder.timestep_independent(self.latents, self.voice, self.frames)
        denoise = self.steps.begin(embedding, [self.frames], process.schedule.timestep_map)
        return chosen.loop(process, denoise, self.start, itertools.repeat(torch.zeros_like(self.start)))

    def vocode(self) -> torch.Tensor:
        """UnivNet on the utterance."""
        return self.vocoder.vocode([self.start[0] - 5], [torch.Generator().manual_seed(1)])[0]

    def seconds(self, work: Callable[[], object]) -> float:
        """How long some work takes."""
        begin = time.perf_counter()
        with torch.inference_mode():
            work()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - begin


def measure(precision: Precision, device: str = "cpu", repeats: int = 5) -> dict[str, float]:
    """All figures of the second half of an utterance, medians over repeats."""
    work = Decoding(precision, device)
    work.seconds(lambda: work.denoise("dpmpp", 2))  # kernels are compiled once per shape
    work.seconds(work.vocode)
    runs = [
        (
            work.seconds(lambda: work.denoise("ancestral", EVALUATIONS)),
            work.seconds(lambda: work.denoise("dpmpp", SOLVER_EVALUATIONS)),
            work.seconds(work.vocode),
        )
        for _ in range(repeats)
    ]
    diffusion, solver, vocoder = (statistics.median(times) for times in zip(*runs, strict=True))
    least = EVALUATIONS * step_flops(work.config, work.frames) / FLOPS_PER_S[precision]
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        work.vocode()
    return {
        "diffusion_s": diffusion,
        "diffusion_step_s": diffusion / EVALUATIONS,
        "diffusion_share_of_ceiling": least / diffusion,
        "solver_s": solver,
        "vocoder_s": vocoder,
        "vocoder_share_of_ceiling": counter.get_total_flops() / FLOPS_PER_S["float32"] / vocoder,
        "total_s": diffusion + vocoder,
        "solver_total_s": solver + vocoder,
    }
