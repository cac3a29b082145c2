"""Networks that hear one recording compute the same in another way, and no other network is touched."""

import copy

import pytest
import torch
from torch import nn

from tortoise_core.nn.products import ProductConv1d, compute_by_products


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(1, 1, 0), (3, 1, 1), (3, 2, 1), (5, 3, 2), (3, 1, 0)])
@torch.no_grad()
def test_a_product_is_the_convolution(kernel, stride, padding, bias):
    torch.manual_seed(0)
    conv = nn.Conv1d(6, 4, kernel, stride=stride, padding=padding, bias=bias)
    for frames in (5, 8, 31):
        x = torch.randn(2, 6, frames)
        torch.testing.assert_close(ProductConv1d(conv)(x), conv(x), atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_every_layer_that_can_be_is_computed_so_and_the_others_stay():
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv1d(6, 6, 3, padding=1), nn.ReLU())
    network = nn.Sequential(inner, nn.Conv1d(6, 6, 3, padding=1, groups=6), nn.Linear(9, 5))
    before = copy.deepcopy(network)
    compute_by_products(network)
    assert [type(layer) for layer in network.modules() if not list(layer.children())] == [
        *(ProductConv1d, nn.ReLU, nn.Conv1d, nn.Linear)
    ]
    assert network[2].weight.T.is_contiguous() and torch.equal(network[2].weight, before[2].weight)
    x = torch.randn(1, 6, 9)
    torch.testing.assert_close(network(x), before(x), atol=1e-6, rtol=1e-5)
