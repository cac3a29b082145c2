"""Linear layers of 8-bit numbers against their float32 originals."""

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.nn.int8 import FbgemmInt8Linear, OneDnnInt8Linear, int8_for_few_rows, int8_for_many_rows
from tortoise_core.nn.packed import PackedLinear

pytestmark = pytest.mark.parametrize("kind", [OneDnnInt8Linear, FbgemmInt8Linear])


def layer_of(kind, biased=True):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(40, 48, generator=generator)
    weight[3] *= 100  # one large output must not cost the others their accuracy
    weight[4] = 0
    bias = torch.randn(40, generator=generator) if biased else torch.zeros(40)
    return weight, bias, kind.from_linear(weight, bias if biased else None)


def inputs(*shape):
    x = torch.randn(*shape, 48, generator=torch.Generator().manual_seed(2))
    x[..., -1, :] *= 1000  # nor one large row
    return x


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1,), (2, 7), (200,)])
@pytest.mark.parametrize("biased", [True, False])
@torch.inference_mode()
def test_each_factor_is_off_by_half_a_step_of_its_own_row(kind, shape, biased, dtype):
    weight, bias, layer = layer_of(kind, biased)
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
    gelu = F.gelu(out.float(), approximate="tanh")
    torch.testing.assert_close(layer.gelu(x).float(), gelu, rtol=2**-6, atol=0.01)


@torch.inference_mode()
def test_a_row_gets_the_same_whatever_stands_beside_it(kind):
    _, _, layer = layer_of(kind)
    x = inputs(70)
    together = layer(x)
    for row in (0, 13, 69):
        assert layer(x[row : row + 1]).equal(together[row : row + 1])


@torch.inference_mode()
def test_a_weight_may_lie_in_memory_as_it_likes(kind):
    weight, bias, layer = layer_of(kind)
    turned = kind.from_linear(weight.T.contiguous().T, bias)
    assert turned(inputs(5)).equal(layer(inputs(5)))


@torch.inference_mode()
def test_zeros_give_the_bias_exactly(kind):
    _, bias, layer = layer_of(kind)
    assert layer(torch.zeros(3, 48)).equal(bias.bfloat16().expand(3, -1))


def test_narrow_layers_stay_bfloat16(kind):
    make = {OneDnnInt8Linear: int8_for_many_rows, FbgemmInt8Linear: int8_for_few_rows}[kind]
    assert [type(make(torch.ones(3, inputs), None)) for inputs in (511, 512)] == [PackedLinear, kind]


@pytest.mark.parametrize(("vnni", "steps"), [(True, 127), (False, 63)])
def test_the_largest_weight_of_each_output_takes_all_the_steps(kind, vnni, steps, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: vnni)
    weight = torch.randn(5, 16, generator=torch.Generator().manual_seed(1))
    layer = kind.from_linear(weight)
    if kind is OneDnnInt8Linear:
        scales = layer._scales
    else:
        kept, _ = torch.ops.quantized.linear_unpack(layer._packed)
        assert kept.int_repr().abs().amax(1).tolist() == [steps] * 5
        scales = kept.q_per_channel_scales()
    assert scales.tolist() == pytest.approx((weight.abs().amax(1) / steps).tolist())
