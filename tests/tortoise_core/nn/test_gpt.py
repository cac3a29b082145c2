"""The transformer against an obvious rendering of GPT-2: one head, one position at a time."""

import math

import pytest
import torch

from tests.tortoise_core.nn.test_attention import randomised
from tortoise_core.nn.gpt import Gpt
from tortoise_core.nn.positions import RotaryTable, inverse_frequencies


def normed(x, state, name):
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (variance + 1e-5).sqrt() * state[f"{name}.weight"] + state[f"{name}.bias"]


def projected(x, state, name):
    return x @ state[f"{name}.weight"] + state[f"{name}.bias"]  # stored [in, out]


def run_slowly(gpt, x, heads, rotary=False):
    """Spec 3.1: causal, q, k and v in thirds, scale 1 / sqrt(width of a head), tanh form of GELU."""
    state = gpt.state_dict()
    length, width = x.shape
    size = width // heads
    for layer in range(len(gpt.h)):
        name = f"h.{layer}"
        thirds = projected(normed(x, state, f"{name}.ln_1"), state, f"{name}.attn.c_attn").split(width, dim=1)
        joined = torch.zeros(length, width)
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            q, k, v = (third[:, own] for third in thirds)
            if rotary:
                table = RotaryTable.at(torch.arange(length)[None], inverse_frequencies(size))
                q, k = (table.rotate(part[None, None])[0, 0] for part in (q, k))
            for i in range(length):
                weights = torch.stack([q[i] @ k[j] / math.sqrt(size) for j in range(i + 1)]).softmax(0)
                joined[i, own] = sum(weights[j] * v[j] for j in range(i + 1))
        x = x + projected(joined, state, f"{name}.attn.c_proj")
        h = projected(normed(x, state, f"{name}.ln_2"), state, f"{name}.mlp.c_fc")
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + projected(h, state, f"{name}.mlp.c_proj")
    return normed(x, state, "ln_f")


@pytest.mark.parametrize("rotary", [False, True])
@torch.no_grad()
def test_the_transformer_is_that_of_gpt_2(rotary):
    gpt = randomised(Gpt(layers=2, width=24, heads=3, dropout=0.5))
    for block in gpt.h:
        block.mlp.c_fc.weight.mul_(3)  # where the two forms of GELU differ
    x = 0.5 * torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(1))
    table = RotaryTable.at(torch.arange(7)[None], inverse_frequencies(8)) if rotary else None
    output = gpt(x, rotary=table, probe=(1, 2), keep_keys=True)
    for row in range(2):
        torch.testing.assert_close(output.hidden[row], run_slowly(gpt, x[row], 3, rotary), atol=2e-5, rtol=2e-5)
    assert output.keys.shape == output.values.shape == (2, 2, 3, 7, 8)
    assert torch.equal(output.probed_keys, output.keys[1][:, 2])
    assert output.queries.shape == (2, 7, 8) and not torch.equal(output.queries, output.probed_keys)
    plain = gpt(x, rotary=table)
    assert (plain.keys, plain.values, plain.queries, plain.probed_keys) == (None, None, None, None)


@torch.no_grad()
def test_a_variance_near_nothing_is_not_magnified():
    gpt = randomised(Gpt(layers=1, width=8, heads=1, dropout=0.0))
    small = 3e-3 * torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(gpt(small).hidden[0], run_slowly(gpt, small[0], 1), atol=1e-4, rtol=1e-3)


def test_dropout_is_for_training_alone():
    gpt = randomised(Gpt(layers=1, width=8, heads=2, dropout=0.5))
    x = torch.randn(1, 5, 8)
    assert torch.equal(gpt(x).hidden, gpt(x).hidden)
    gpt.train()
    assert not torch.equal(gpt(x).hidden, gpt(x).hidden)
