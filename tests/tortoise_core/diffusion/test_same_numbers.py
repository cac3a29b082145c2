"""Samplers and losses give the same numbers as ever for a network that is written down: same key, same audio.

Written down when the published process agreed with the recordings of `tests/parity`.
"""

import itertools
import math

import pytest
import torch

from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import SAMPLERS, sampler_named
from tortoise_core.diffusion.samplers.loop import Guidance, row_noise, shallow_start
from tortoise_core.diffusion.schedule import TRAINED_STEPS, NoiseSchedule, linear_betas


def wave(*shape, speed=0.7):
    return torch.sin(speed * torch.arange(math.prod(shape), dtype=torch.float64) + 1).float().view(shape)


def condensed(output):
    flat = output.double().flatten()
    return [
        float(flat.abs().mean()),
        float(flat @ torch.cos(1.1 * torch.arange(len(flat)).double())) / len(flat) ** 0.5,
    ]


def network(x, t):
    """Noise and variance as some network might say them, and other ones for other times."""
    bent = torch.tanh(0.8 * x) + 0.1 * torch.cos(t[:, None, None] / 500)
    return torch.cat([bent, 0.5 * torch.sin(3 * x)], dim=1)


def bare(x, t):
    return 0.5 * network(x, t)


def run(name, steps, *, guidance=None, until=1.0, prediction="epsilon"):
    trained = GaussianDiffusion(NoiseSchedule.linear(), prediction=prediction)
    process = sampler_named(name).process(trained, steps, until)
    noise = (wave(2, 3, 5, speed=0.3 + n) for n in itertools.count())
    start = wave(2, 3, 5) if until == 1 else shallow_start(process, 0.5 * wave(2, 3, 5), wave(2, 3, 5, speed=1.3))
    return sampler_named(name).loop(process, network, start, noise, guidance=guidance)


GUIDED = Guidance(torch.tensor([2.0, 0.7]), bare)
LEVEL = Guidance(torch.tensor([2.0, 0.7]), bare, ramp=False)
RUNS = {
    **{f"{name} {steps}": (name, steps, {}) for name in SAMPLERS for steps in (2, 9)},
    **{f"{name} guided": (name, 7, {"guidance": GUIDED}) for name in SAMPLERS},
    **{f"{name} guided alike": (name, 7, {"guidance": LEVEL}) for name in SAMPLERS},
    **{f"{name} shallow": (name, 6, {"guidance": GUIDED, "until": 0.25, "prediction": "v"}) for name in SAMPLERS},
}
EXPECTED = {
    "ancestral 2": [0.97214, -0.21279],
    "ancestral 9": [0.29462, 0.32878],
    "ddim 2": [0.99922, -0.18481],
    "ddim 9": [0.74748, -0.0078813],
    "dpmpp 2": [0.99922, -0.18481],
    "dpmpp 9": [0.73733, -0.030899],
    "ancestral guided": [0.23667, 0.10753],
    "ddim guided": [0.34234, -0.016125],
    "dpmpp guided": [0.38267, -0.029543],
    "ancestral guided alike": [0.19093, 0.022539],
    "ddim guided alike": [0.17322, -0.039964],
    "dpmpp guided alike": [0.3932, -0.025744],
    "ancestral shallow": [0.17902, -0.057221],
    "ddim shallow": [0.16034, -0.079498],
    "dpmpp shallow": [0.18649, -0.068257],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_sampler_ends_where_it_always_did(name):
    sampler, steps, options = RUNS[name]
    assert condensed(run(sampler, steps, **options)) == pytest.approx(EXPECTED[name], rel=1e-3, abs=2e-4)


def test_losses_are_what_they_always_were():
    process = GaussianDiffusion(NoiseSchedule.linear())
    i = torch.tensor([0, 700, 3999])
    x0 = wave(3, 2, 9).clamp(-1, 1)
    x0[0, 0, :2] = torch.tensor([-1.0, 1.0])  # the outermost bins have no end
    terms = process.training_terms(wave(3, 4, 9, speed=1.7), x0, i, wave(3, 2, 9, speed=2.1))
    assert terms.mse.tolist() == pytest.approx(MSE, rel=1e-3)
    assert terms.vb.tolist() == pytest.approx(VB, rel=1e-3)
    torch.testing.assert_close(terms.loss, terms.mse + terms.vb)
    assert condensed(terms.x_start) == pytest.approx(X_START, rel=1e-3)


MSE = [0.875, 1.0354, 1.1354]
VB = [1.28, 0.0024307, 0.0041158]
X_START = [43.937, 36.128]


def test_a_rows_noise_is_drawn_from_its_generator_step_by_step():
    noise = row_noise([torch.Generator().manual_seed(seed) for seed in (7, 8)], 3, [5, 2])
    again = [torch.Generator().manual_seed(seed) for seed in (7, 8)]
    for _ in range(3):
        drawn = next(noise)
        assert drawn.shape == (2, 3, 5) and not drawn[1, :, 2:].any()
        assert torch.equal(drawn[0], torch.randn(3, 5, generator=again[0]))
        assert torch.equal(drawn[1, :, :2], torch.randn(3, 2, generator=again[1]))


def test_the_published_schedule():
    assert TRAINED_STEPS == len(NoiseSchedule.linear()) == 4000
    betas = linear_betas(1000)
    assert (betas[0].item(), betas[-1].item(), betas.dtype) == (1e-4, 2e-2, torch.float64)
    shallow = NoiseSchedule.linear().evenly_respaced(5, 0.25)
    assert shallow.position.tolist() == pytest.approx([0.05 * n for n in range(5)])
    assert NoiseSchedule.linear().log_snr_respaced(6).timestep_map.tolist() == KEPT


KEPT = [0, 33, 366, 1751, 3067, 3999]


def test_what_a_process_is_unless_told():
    process = GaussianDiffusion(NoiseSchedule.linear())
    assert (process.prediction, process.learned_variance) == ("epsilon", True)
    assert Guidance(torch.ones(1)).ramp and Guidance(torch.ones(1)).unconditioned is None
