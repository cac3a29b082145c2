"""The diffusion process: predictions, guidance, variances and losses, against what they are by definition."""

import math

import pytest
import torch

from tortoise_core.diffusion import process as process_module
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError


def process(prediction="epsilon", learned_variance=False, steps=12):
    return GaussianDiffusion(
        NoiseSchedule.linear().evenly_respaced(steps), prediction=prediction, learned_variance=learned_variance
    )


@pytest.fixture
def signal():
    g = torch.Generator().manual_seed(1)
    return torch.rand(3, 4, 9, generator=g) * 2 - 1, torch.randn(3, 4, 9, generator=g), torch.tensor([0, 5, 11])


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_a_perfect_prediction_recovers_signal_and_noise(prediction, signal):
    x0, noise, i = signal
    diffusion = process(prediction)
    x = diffusion.q_sample(x0, i, noise)
    recovered = diffusion.x_start(x, i, diffusion.target(x0, i, noise))
    torch.testing.assert_close(recovered, x0, atol=2e-4, rtol=0)
    torch.testing.assert_close(diffusion.implied_noise(x, i, x0), noise, atol=2e-4, rtol=0)
    terms = diffusion.training_terms(diffusion.target(x0, i, noise), x0, i, noise)
    assert terms.loss.max() < 1e-10


def test_guidance_is_the_same_push_for_noise_and_for_v(signal):
    x0, noise, i = signal
    eps = process("epsilon")
    v = process("v")
    x = eps.q_sample(x0, i, noise)
    strength = torch.tensor([2.0, 1.0, 0.0])
    other = 0.3 * noise
    as_v = [v.target(eps.x_start(x, i, e), i, e) for e in (noise, other)]
    guided = eps.x_start(x, i, eps.guide(noise, other, i, strength))
    torch.testing.assert_close(v.x_start(x, i, v.guide(*as_v, i, strength)), guided, atol=1e-3, rtol=1e-4)


def test_guidance_ramps_up_and_leaves_the_variance_alone():
    diffusion = process(learned_variance=True, steps=10)
    output = torch.ones(2, 8, 3)
    bare = torch.zeros(2, 8, 3)
    guided = diffusion.guide(output, bare, torch.tensor([0, 9]), torch.full((2,), 2.0))
    torch.testing.assert_close(guided[:, 0, 0], torch.tensor([3.0, 1.2]))
    assert torch.equal(guided[:, 4:], output[:, 4:])
    level = diffusion.guide(output, bare, torch.tensor([0, 9]), torch.full((2,), 2.0), ramp=False)
    torch.testing.assert_close(level[:, 0, 0], torch.tensor([3.0, 3.0]))


@pytest.mark.parametrize("steps", [2, 30, 80])
@pytest.mark.parametrize("strength", [2.0, 1.3])
def test_guidance_is_the_published_formula_bit_for_bit(steps, strength):
    g = torch.Generator().manual_seed(4)
    output = torch.randn(1, 4, 50, generator=g)
    bare = torch.randn(1, 4, 50, generator=g)
    diffusion = process(steps=steps)
    given = float(torch.tensor(strength))  # a row's strength is float32
    for i in range(steps):
        k = given * (1 - i / steps)  # a Python number, as the published program has it
        guided = diffusion.guide(output, bare, torch.tensor([i]), torch.tensor([strength]))
        assert torch.equal(guided, (1 + k) * output - k * bare), i


def test_a_shallow_run_is_guided_like_the_end_of_a_full_one():
    schedule = NoiseSchedule.linear()
    full, shallow = (
        GaussianDiffusion(s, learned_variance=False) for s in (schedule, schedule.evenly_respaced(1000, 0.25))
    )
    one = torch.ones(1, 4, 3)
    zero = torch.zeros(1, 4, 3)
    strength = torch.tensor([2.0])
    i = torch.tensor([700])
    torch.testing.assert_close(full.guide(one, zero, i, strength), shallow.guide(one, zero, i, strength))


def test_learned_variance_spans_posterior_to_beta():
    diffusion = process(learned_variance=True)
    i = torch.tensor([4])
    x = torch.zeros(1, 2, 3)
    low = diffusion.estimate(torch.full((1, 4, 3), -1.0), x, i).variance
    high = diffusion.estimate(torch.full((1, 4, 3), 1.0), x, i).variance
    torch.testing.assert_close(low[0, 0, 0].double(), diffusion.schedule.posterior_variance[4], rtol=1e-5, atol=0)
    torch.testing.assert_close(high[0, 0, 0].double(), diffusion.schedule.betas[4], rtol=1e-5, atol=0)


def test_the_bound_trains_the_variance_only(signal):
    x0, noise, i = signal
    diffusion = process(learned_variance=True)
    output = torch.zeros(3, 8, 9, requires_grad=True)
    (gradient,) = torch.autograd.grad(diffusion.training_terms(output, x0, i, noise).vb.sum(), output)
    assert gradient[:, :4].abs().max() == 0
    assert gradient[:, 4:].abs().min() > 0


def test_the_bound_is_zero_for_the_true_posterior(signal):
    x0, noise, _ = signal
    i = torch.tensor([3, 5, 11])
    diffusion = process(learned_variance=True)
    perfect = torch.cat([noise, torch.full_like(noise, -1.0)], dim=1)
    assert diffusion.training_terms(perfect, x0, i, noise).vb.abs().max() < 1e-4


def test_the_first_step_scores_the_data_in_bins_of_one_255th():
    # Mean exact and spread known: the bin's probability is that of +-1/255 under the normal, in bits.
    diffusion = process(learned_variance=True)
    i = torch.tensor([0])
    x0 = torch.zeros(1, 1, 5)
    output = torch.cat([torch.zeros(1, 1, 5), torch.full((1, 1, 5), -1.0)], dim=1)
    sigma = math.sqrt(diffusion.schedule.posterior_variance[1])
    expected = -math.log2(math.erf(1 / 255 / sigma / math.sqrt(2)))
    assert diffusion.training_terms(output, x0, i, torch.zeros_like(x0)).vb.item() == pytest.approx(expected, rel=1e-2)


def test_masked_terms_equal_those_of_the_short_row(signal):
    x0, noise, i = signal
    diffusion = process(learned_variance=True)
    output = torch.randn(3, 8, 9, generator=torch.Generator().manual_seed(2))
    mask = (torch.arange(9) < 6).expand(3, 9)
    masked = diffusion.training_terms(output, x0, i, noise, mask)
    short = diffusion.training_terms(output[..., :6], x0[..., :6], i, noise[..., :6])
    torch.testing.assert_close(masked.mse, short.mse)
    torch.testing.assert_close(masked.vb, short.vb)


def test_the_divergence_adds_its_terms_in_the_published_order():
    # They nearly cancel where the estimate is good, so that the order of float32 additions shows in the loss.
    g = torch.Generator().manual_seed(5)
    mean1, mean2 = torch.randn(2, 1000, generator=g) / 100
    log1, log2 = torch.randn(2, 1000, generator=g) / 100 - 4
    expected = 0.5 * (-1.0 + log2 - log1 + torch.exp(log1 - log2) + ((mean1 - mean2) ** 2) * torch.exp(-log2))
    assert torch.equal(process_module._gaussian_kl(mean1, log1, mean2, log2), expected)


def test_unknown_prediction_is_refused():
    with pytest.raises(ConfigError, match="'x0'"):
        process("x0")
