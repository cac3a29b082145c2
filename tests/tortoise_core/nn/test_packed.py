"""Linear layers with bfloat16 weights against their float32 originals."""

import typing

import pytest
import torch
from torch import nn

from tortoise_core.nn.gpt import Projection
from tortoise_core.nn.int8 import FbgemmInt8Linear, OneDnnInt8Linear
from tortoise_core.nn.packed import LinearLayer, PackedLinear, pack_linears

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def rounded(x: torch.Tensor) -> torch.Tensor:
    return x.bfloat16().float()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(1, 48), (5, 48), (2, 7, 48), (200, 48)])
@pytest.mark.parametrize("biased", [True, False])
@torch.inference_mode()
def test_equals_a_product_of_rounded_numbers(device, shape, biased):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(40, 48, generator=generator)
    bias = torch.randn(40, generator=generator)
    x = torch.randn(shape, generator=generator)
    layer = PackedLinear.from_linear(weight.to(device), bias.to(device) if biased else None)
    out = layer(x.to(device))
    expected = rounded(x) @ rounded(weight).T + (rounded(bias) if biased else 0.0)
    assert out.dtype == torch.bfloat16 and out.shape == (*shape[:-1], 40)
    torch.testing.assert_close(out.float().cpu(), expected, rtol=2**-8, atol=1e-4)
    gelu = torch.nn.functional.gelu(expected, approximate="tanh")
    torch.testing.assert_close(layer.gelu(x.to(device)).float().cpu(), gelu, rtol=2**-6, atol=0.01)


@pytest.mark.parametrize("kind", [PackedLinear, FbgemmInt8Linear, OneDnnInt8Linear])
def test_nothing_of_it_is_trained_or_saved(kind):
    layer = kind.from_linear(torch.ones(4, 4), torch.ones(4))
    assert not list(layer.parameters()) and not layer.state_dict()


@pytest.mark.parametrize("kind", [PackedLinear, FbgemmInt8Linear, OneDnnInt8Linear])
@torch.inference_mode()
def test_packs_every_linear_layer_but_the_kept(kind):
    torch.manual_seed(2)
    inner = nn.Sequential(nn.LayerNorm(8), Projection(8, 16), nn.GELU(), nn.Linear(16, 8))
    kept = nn.Linear(8, 3)
    network = nn.Sequential(inner, nn.LayerNorm(8), kept)
    x = torch.randn(4, 8)
    before = network(x)
    pack_linears(network, [kept], kind)
    assert [type(m) for m in inner] == [nn.LayerNorm, kind, nn.GELU, kind]
    assert network[2] is kept
    assert inner[0].weight.dtype == torch.float32
    after = kept(network[1](inner[3](inner[2](inner[1](inner[0](x)))).float()))
    torch.testing.assert_close(after, before, rtol=0.05, atol=0.05)
    assert not after.equal(before)


def test_a_layer_of_its_own_storage_is_told_by_methods_alone():
    """From Python 3.12 on `isinstance` asks no `__getattr__`, by which a module has its parameters."""
    assert not typing.get_type_hints(LinearLayer)
    assert isinstance(Projection(2, 3), LinearLayer)
