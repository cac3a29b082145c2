"""Budgets of what the engine asks of a GPU, at the published sizes: kernels cost the host more than the card.

Whoever adds an operation to one of these loops sees it here. What the counts are worth is in docs/numbers.md.
"""

import pytest
import torch

from tests.bench.launches import DECODING, DENOISING, RANKING, SEATING, VOCODING
from tests.tortoise_core.inference.launches import counted_launches, on_cuda
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.diffusion.samplers.loop import Guidance, row_noise
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.inference import memory
from tortoise_core.inference.flight import Flight, Keep, Prompt, Seat
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.vocoding import WindowedVocoder
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.diffusion_steps import DenoisingSteps
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

ROWS = 64
STEPS = 4
FRAMES = [480 + 2 * (row * 37 % ROWS) for row in range(ROWS)]  # of utterances of 5 to 6.5 s, all unequal


@pytest.fixture
def launches():
    with counted_launches() as launches:
        yield launches


def generators():
    return [torch.Generator() for _ in range(ROWS)]


def decoding(launches):
    model = on_cuda(AutoregressiveModel)
    model.pack()
    flight = Flight(model, DecodingSettings(), Keep(), ROWS, 100)
    prompts = [Prompt(torch.zeros(1024), torch.zeros(60 + 9 * owner, dtype=torch.long)) for owner in range(4)]
    draws = torch.zeros(500, dtype=torch.float64)
    launches.clear()
    flight.admit(range(ROWS), [Seat(row, row // 16, prompts[row // 16], draws) for row in range(ROWS)])
    return flight


def test_steps_of_decoding_are_few_and_alike(launches):
    """Alike, so that a step can be captured as a graph, until the longest row outgrows the slots in view."""
    flight = decoding(launches)
    logs = []
    for _ in range(8):
        launches.clear()
        flight.step()
        logs.append(list(launches.log))
        assert launches.syncs.total() == 0, launches.syncs
    assert launches.operations <= DECODING.operations, launches.by_name()
    assert all(log == logs[0] for log in logs)
    launches.clear()
    assert not flight.retire()
    assert launches.syncs.total() == 1, launches.syncs


def test_rows_are_seated_together(launches):
    decoding(launches)
    assert launches.operations <= SEATING.operations, launches.by_name()
    assert launches.syncs.total() == 0, launches.syncs


def test_ranking_candidates(launches):
    clvp = on_cuda(Clvp)
    clvp.pack()
    texts = clvp.encode_texts(torch.zeros(4, 90, dtype=torch.long, device="cuda"))
    codes = torch.zeros(256, 140, dtype=torch.long, device="cuda")
    launches.clear()
    clvp.score_codes(texts.repeat_interleave(64, 0), codes, torch.full((256,), 100, device="cuda"))
    assert launches.operations <= RANKING.operations, launches.by_name()
    assert launches.syncs.total() <= RANKING.waits, launches.syncs


@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpmpp"])
def test_a_guided_evaluation_of_unequal_utterances(launches, sampler):
    config = DiffusionDecoderConfig()
    steps = DenoisingSteps(on_cuda(lambda: DiffusionDecoder(config)), torch.bfloat16)
    chosen = sampler_named(sampler)
    process = chosen.process(GaussianDiffusion(NoiseSchedule.linear()), STEPS)
    embedding = torch.zeros(ROWS, config.model_channels, max(FRAMES), device="cuda")
    denoise = steps.begin(embedding, FRAMES, process.schedule.timestep_map, guided=True)
    noise = row_noise(generators(), config.in_channels, FRAMES)
    start = next(noise).to("cuda")
    guidance = Guidance(torch.full((ROWS,), 2.0, device="cuda"))
    launches.clear()
    chosen.loop(process, denoise, start, noise, guidance=guidance)
    assert launches.operations <= DENOISING.operations * STEPS, launches.by_name()
    assert launches.syncs.total() == 0, launches.syncs


def test_vocoding_a_batch(launches):
    vocoder = WindowedVocoder(
        on_cuda(lambda: UnivNet(UnivNetConfig())), batch_frames=memory.MOST_VOCODED_FRAMES["cuda"]
    )
    mels = [torch.zeros(100, frames, device="cuda") for frames in FRAMES]
    launches.clear()
    vocoder.vocode(mels, generators())
    assert launches.operations <= VOCODING.operations, launches.by_name()
    assert launches.syncs.total() <= VOCODING.waits, launches.syncs  # the waveforms of two batches
