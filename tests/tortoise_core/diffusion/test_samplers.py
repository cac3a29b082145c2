"""Each sampler reaches the answer of a perfect network, with the order and the draws that it promises."""

import itertools
import pkgutil
import subprocess
import sys

import pytest
import torch

from tortoise_core.diffusion import samplers
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import SAMPLERS, sampler_named
from tortoise_core.diffusion.samplers.ancestral import sample_ancestral
from tortoise_core.diffusion.samplers.ddim import sample_ddim
from tortoise_core.diffusion.samplers.dpmpp import sample_dpmpp
from tortoise_core.diffusion.samplers.loop import Guidance, row_noise, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError

EVERY_SAMPLER = pytest.mark.parametrize("sampler", [sample_ancestral, sample_ddim, sample_dpmpp])


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


@EVERY_SAMPLER
def test_a_perfect_network_is_followed_to_its_answer(sampler):
    process = epsilon()
    x0 = torch.rand(2, 3, 7) * 1.8 - 0.9
    result = sampler(process, oracle(process, x0), torch.randn(2, 3, 7), draws(2, 3, 7))
    torch.testing.assert_close(result, x0, atol=1e-3, rtol=0)


@EVERY_SAMPLER
def test_shallow_diffusion_starts_from_a_guess(sampler):
    process = epsilon(6, until=0.3)
    x0 = torch.rand(1, 3, 7) * 1.8 - 0.9
    start = shallow_start(process, x0 + 0.05, torch.randn(1, 3, 7))
    result = sampler(process, oracle(process, x0), start, draws(1, 3, 7))
    torch.testing.assert_close(result, x0, atol=1e-3, rtol=0)


@EVERY_SAMPLER
def test_one_draw_is_taken_per_step(sampler):
    process = epsilon(10)
    noise = iter(range(100))
    tensors = (torch.full((1, 2, 3), float(n)) for n in noise)
    sampler(process, lambda x, t: torch.zeros_like(x), torch.zeros(1, 2, 3), tensors)
    assert next(noise) == 10


@EVERY_SAMPLER
def test_a_row_does_not_depend_on_its_batch_mates(sampler):
    process = epsilon(5)
    lengths = [7, 4]
    seeds = [11, 12]

    def run(rows):
        noise = row_noise([torch.Generator().manual_seed(seeds[r]) for r in rows], 3, [lengths[r] for r in rows])
        strength = torch.tensor([2.0, 0.5])[rows]
        guidance = Guidance(strength, lambda x, t: 0.2 * x)
        return sampler(process, lambda x, t: 0.5 * x.sin(), next(noise), noise, guidance=guidance)

    both = run([0, 1])
    for row in (0, 1):
        torch.testing.assert_close(both[row, :, : lengths[row]], run([row])[0])


@EVERY_SAMPLER
def test_a_denoiser_may_answer_for_both_halves_of_guidance(sampler):
    process = epsilon(4)
    x = torch.randn(2, 2, 5)
    strength = torch.tensor([2.0, 0.7])

    def run(denoise, unconditioned=None):
        return sampler(process, denoise, x, draws(2, 2, 5), guidance=Guidance(strength, unconditioned))

    apart = run(lambda x, t: x.sin(), lambda x, t: x.cos())
    assert torch.equal(run(lambda x, t: torch.cat([x.sin(), x.cos()])), apart)


@EVERY_SAMPLER
def test_guidance_of_strength_zero_changes_nothing(sampler):
    process = epsilon(4)
    x = torch.randn(1, 2, 5)
    denoise = torch.sin
    plain = sampler(process, lambda x, t: denoise(x), x, draws(1, 2, 5))
    guided = Guidance(torch.zeros(1), lambda x, t: 9 * x)
    assert torch.equal(sampler(process, lambda x, t: denoise(x), x, draws(1, 2, 5), guidance=guided), plain)


def test_ddim_without_eta_ignores_the_noise_and_with_eta_1_uses_it():
    process = epsilon(6)
    x = torch.randn(1, 2, 5)

    def run(eta, scale):
        noise = (scale * draw for draw in draws(1, 2, 5))
        return sample_ddim(process, lambda x, t: x.sin(), x, noise, eta=eta)

    assert torch.equal(run(0.0, 1.0), run(0.0, 5.0))
    assert (run(1.0, 1.0) - run(1.0, 2.0)).abs().max() > 1e-2


def test_ddim_with_eta_1_takes_the_ancestral_path():
    process = epsilon(6)
    x = torch.randn(1, 2, 5)

    def path(sampler, **options):
        seen = []
        sampler(process, lambda x, t: x.sin(), x, draws(1, 2, 5), observe=lambda x, _: seen.append(x), **options)
        return torch.stack(seen)

    torch.testing.assert_close(path(sample_ddim, eta=1.0), path(sample_ancestral), atol=1e-3, rtol=0)


@EVERY_SAMPLER
def test_every_step_is_observed(sampler):
    seen = []
    result = sampler(
        epsilon(4), lambda x, t: x, torch.randn(1, 2, 3), draws(1, 2, 3), observe=lambda x, x0: seen.append(x)
    )
    assert len(seen) == 4
    assert torch.equal(seen[-1], result)


MEAN = torch.linspace(-0.3, 0.3, 5)[None, :, None]
DEVIATION = torch.linspace(0.02, 0.2, 5)[None, :, None]


def along_the_flow(alpha, z):
    """Where data of that mean and deviation, started at z, is when alpha of its power is left: exactly."""
    return alpha.sqrt() * MEAN + (alpha * DEVIATION**2 + 1 - alpha).sqrt() * z


def gaussian_error(name, steps, prediction="epsilon", until=1.0):
    """How far a sampler is from the exact flow of Gaussian data at the first step of training."""
    trained = GaussianDiffusion(NoiseSchedule.linear(), prediction=prediction, learned_variance=False)
    process = sampler_named(name).process(trained, steps, until)
    alphas = trained.schedule.alphas_cumprod
    z = torch.randn(2, 5, 50, generator=torch.Generator().manual_seed(6)).clamp(-2.5, 2.5).double()
    seen = []

    def denoise(x, t):
        alpha = alphas[t][:, None, None]
        gain = DEVIATION**2 * alpha.sqrt() / (alpha * DEVIATION**2 + 1 - alpha)
        x_start = MEAN + gain * (x - alpha.sqrt() * MEAN)
        return trained.target(x_start, t, (x - alpha.sqrt() * x_start) / (1 - alpha).sqrt())

    start = along_the_flow(process.schedule.alphas_cumprod[-1], z)
    noise = itertools.repeat(torch.zeros(2, 5, 50))
    sampler_named(name).loop(process, denoise, start, noise, observe=lambda x, x_start: seen.append(x))
    return float((seen[-2] - along_the_flow(alphas[0], z)).abs().max())


def test_dpmpp_takes_a_clean_signal_that_moves_with_log_snr_from_the_middle_of_each_step_however_long_it_is():
    """What the second order promises: such a signal's average over a step is its value half way."""
    process = GaussianDiffusion(NoiseSchedule.linear().respaced([0, 40, 90, 400, 3000, 3200]), learned_variance=False)
    alphas = process.schedule.alphas_cumprod
    log_snr = 0.5 * (alphas / (1 - alphas)).log()
    signal = 0.05 * log_snr
    lookup = {int(t): i for i, t in enumerate(process.schedule.timestep_map)}

    def denoise(x, t):
        i = torch.tensor([lookup[int(step)] for step in t])
        return process.implied_noise(x, i, signal[i][:, None, None].expand_as(x))

    x = torch.full((1, 1, 2), 0.7, dtype=torch.float64)
    seen = []
    sample_dpmpp(
        process, denoise, x, itertools.repeat(torch.zeros(1)), observe=lambda x, _: seen.append(float(x[0, 0, 0]))
    )
    expected = [0.7]
    for step in range(5, 0, -1):
        h = log_snr[step - 1] - log_snr[step]
        halfway = signal[step] if step == 5 else (signal[step] + signal[step - 1]) / 2
        shrink = ((1 - alphas[step - 1]) / (1 - alphas[step])).sqrt()
        expected.append(float(shrink * expected[-1] - alphas[step - 1].sqrt() * torch.expm1(-h) * halfway))
    assert seen == pytest.approx([*expected[1:], float(signal[0])], abs=1e-5)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_dpmpp_converges_with_order_two(prediction):
    errors = [gaussian_error("dpmpp", steps, prediction) for steps in (15, 30, 60)]
    assert errors[0] / errors[1] > 3, errors
    assert errors[1] / errors[2] > 3, errors
    assert gaussian_error("dpmpp", 200, prediction) < 5e-4


@pytest.mark.parametrize("steps", [8, 12, 16, 30])
@pytest.mark.parametrize("until", [1.0, 0.1])
def test_dpmpp_beats_ddim_at_equal_evaluations(steps, until):
    assert gaussian_error("dpmpp", steps, until=until) < 0.5 * gaussian_error("ddim", steps, until=until)


def test_every_sampler_takes_as_many_steps_as_it_is_told():
    trained = GaussianDiffusion(NoiseSchedule.linear(), prediction="v", learned_variance=False)
    for name in SAMPLERS:
        process = sampler_named(name).process(trained, 7, 0.25)
        assert process.schedule.timestep_map[[0, -1]].tolist() == [0, 999], name
        assert (len(process.schedule), process.prediction, process.learned_variance) == (7, "v", False)


def test_every_module_of_a_sampler_has_its_line_in_the_table():
    modules = {module.name for module in pkgutil.iter_modules(samplers.__path__)} - {"loop"}
    assert modules == set(SAMPLERS)


def test_the_table_is_read_without_pytorch():
    program = "import sys, tortoise_core.diffusion.samplers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_unknown_sampler_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="ancestral, ddim, dpmpp"):
        sampler_named("euler")
