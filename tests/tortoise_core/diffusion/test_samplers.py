import itertools

import pytest
import torch

from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import Guidance, row_noise, sample_ancestral, sample_ddim, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule

SAMPLERS = pytest.mark.parametrize("sampler", [sample_ancestral, sample_ddim])


def oracle(process, x0):
    """A network that knows the answer: the noise that separates x from x0 at each step."""
    lookup = {int(t): i for i, t in enumerate(process.schedule.timestep_map)}

    def denoise(x, t):
        return process.implied_noise(x, torch.tensor([lookup[int(step)] for step in t]), x0)

    return denoise


def epsilon(steps=10, until=1.0):
    return GaussianDiffusion(NoiseSchedule.linear().evenly_respaced(steps, until), learned_variance=False)


def draws(*shape):
    g = torch.Generator().manual_seed(3)
    return (torch.randn(shape, generator=g) for _ in itertools.count())


@SAMPLERS
def test_a_perfect_network_is_followed_to_its_answer(sampler):
    process, x0 = epsilon(), torch.rand(2, 3, 7) * 1.8 - 0.9
    result = sampler(process, oracle(process, x0), torch.randn(2, 3, 7), draws(2, 3, 7))
    torch.testing.assert_close(result, x0, atol=1e-3, rtol=0)


@SAMPLERS
def test_shallow_diffusion_starts_from_a_guess(sampler):
    process, x0 = epsilon(6, until=0.3), torch.rand(1, 3, 7) * 1.8 - 0.9
    start = shallow_start(process, x0 + 0.05, torch.randn(1, 3, 7))
    result = sampler(process, oracle(process, x0), start, draws(1, 3, 7))
    torch.testing.assert_close(result, x0, atol=1e-3, rtol=0)


@SAMPLERS
def test_one_draw_is_taken_per_step(sampler):
    process, noise = epsilon(10), iter(range(100))
    tensors = (torch.full((1, 2, 3), float(n)) for n in noise)
    sampler(process, lambda x, t: torch.zeros_like(x), torch.zeros(1, 2, 3), tensors)
    assert next(noise) == 10


@SAMPLERS
def test_a_row_does_not_depend_on_its_batch_mates(sampler):
    process, lengths, seeds = epsilon(5), [7, 4], [11, 12]

    def run(rows):
        noise = row_noise([torch.Generator().manual_seed(seeds[r]) for r in rows], 3, [lengths[r] for r in rows])
        strength = torch.tensor([2.0, 0.5])[rows]
        guidance = Guidance(lambda x, t: 0.2 * x, strength)
        return sampler(process, lambda x, t: 0.5 * x.sin(), next(noise), noise, guidance=guidance)

    both = run([0, 1])
    for row in (0, 1):
        torch.testing.assert_close(both[row, :, : lengths[row]], run([row])[0])


@SAMPLERS
def test_guidance_of_strength_zero_changes_nothing(sampler):
    process, x = epsilon(4), torch.randn(1, 2, 5)
    denoise = torch.sin
    plain = sampler(process, lambda x, t: denoise(x), x, draws(1, 2, 5))
    guided = Guidance(lambda x, t: 9 * x, torch.zeros(1))
    assert torch.equal(sampler(process, lambda x, t: denoise(x), x, draws(1, 2, 5), guidance=guided), plain)


def test_ddim_without_eta_ignores_the_noise_and_with_eta_1_uses_it():
    process, x = epsilon(6), torch.randn(1, 2, 5)

    def run(eta, scale):
        noise = (scale * draw for draw in draws(1, 2, 5))
        return sample_ddim(process, lambda x, t: x.sin(), x, noise, eta=eta)

    assert torch.equal(run(0.0, 1.0), run(0.0, 5.0))
    assert (run(1.0, 1.0) - run(1.0, 2.0)).abs().max() > 1e-2


def test_ddim_with_eta_1_has_the_ancestral_variance():
    process = epsilon(6)
    x, x0 = torch.randn(1, 2, 5), torch.rand(1, 2, 5)
    ancestral = sample_ancestral(process, oracle(process, x0), x, draws(1, 2, 5))
    torch.testing.assert_close(
        sample_ddim(process, oracle(process, x0), x, draws(1, 2, 5), eta=1.0), ancestral, atol=1e-3, rtol=0
    )


@SAMPLERS
def test_every_step_is_observed(sampler):
    seen = []
    result = sampler(
        epsilon(4), lambda x, t: x, torch.randn(1, 2, 3), draws(1, 2, 3), observe=lambda x, x0: seen.append(x)
    )
    assert len(seen) == 4
    assert torch.equal(seen[-1], result)
