"""Linear layers of 8-bit numbers against their float32 originals."""

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.nn.eight_bit import EightBitLinear, eight_bit_where_wide
from tortoise_core.nn.packed import PackedLinear


def layer_of(biased=True):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(40, 48, generator=generator)
    weight[3] *= 100  # one large output must not cost the others their accuracy
    weight[4] = 0
    bias = torch.randn(40, generator=generator) if biased else torch.zeros(40)
    return weight, bias, EightBitLinear.from_linear(weight, bias if biased else None)


def inputs(*shape):
    x = torch.randn(*shape, 48, generator=torch.Generator().manual_seed(2))
    x[..., -1, :] *= 1000  # nor one large row
    return x


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1,), (2, 7), (200,)])
@pytest.mark.parametrize("biased", [True, False])
@torch.inference_mode()
def test_each_factor_is_off_by_half_a_step_of_its_own_row(shape, biased, dtype):
    weight, bias, layer = layer_of(biased)
    x = inputs(*shape).to(dtype)
    out = layer(x)
    assert out.dtype == torch.bfloat16 and out.shape == (*shape, 40)
    exact = x.float() @ weight.T + bias
    weight_step = weight.abs().amax(1) / 63  # without VNNI; half as much with it
    input_step = x.float().abs().amax(-1, keepdim=True) / 127
    worst = (x.float().abs().sum(-1, keepdim=True) * weight_step + weight.abs().sum(1) * input_step) / 2
    assert ((out.float() - exact).abs() <= 1.1 * worst + exact.abs() * 2**-6 + 0.02).all()
    off = (out.float() - exact)[..., 5:].square().mean(-1).sqrt()
    assert (off < 0.03 * exact[..., 5:].square().mean(-1).sqrt()).all(), off
    torch.testing.assert_close(layer.gelu(x), F.gelu(out, approximate="tanh"))


@torch.inference_mode()
def test_a_row_gets_the_same_whatever_stands_beside_it():
    _, _, layer = layer_of()
    x = inputs(70)
    together = layer(x)
    for row in (0, 13, 69):
        assert layer(x[row : row + 1]).equal(together[row : row + 1])


@torch.inference_mode()
def test_a_weight_may_lie_in_memory_as_it_likes():
    weight, bias, layer = layer_of()
    turned = EightBitLinear.from_linear(weight.T.contiguous().T, bias)
    assert turned(inputs(5)).equal(layer(inputs(5)))


@torch.inference_mode()
def test_zeros_give_the_bias_exactly():
    _, bias, layer = layer_of()
    assert layer(torch.zeros(3, 48)).equal(bias.bfloat16().expand(3, -1))


@pytest.mark.parametrize(("inputs", "kind"), [(511, PackedLinear), (512, EightBitLinear)])
def test_narrow_layers_stay_bfloat16(inputs, kind):
    assert type(eight_bit_where_wide(torch.ones(3, inputs), None)) is kind
