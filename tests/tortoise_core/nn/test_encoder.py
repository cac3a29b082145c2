"""The rotary encoder against an obvious rendering of the specification, and its padding guarantee."""

import pytest
import torch

from tests.tortoise_core.nn.test_attention import randomised
from tortoise_core.nn.encoder import Encoder


def encode_slowly(encoder: Encoder, x: torch.Tensor) -> torch.Tensor:
    """Spec 3.0, one position and one head at a time."""
    state = encoder.state_dict()
    frequency = 10_000.0 ** (-torch.arange(0, 32, 2) / 32)

    def rotate(vector, position):
        angle = position * frequency
        first = vector[:16]
        second = vector[16:32]
        rest = vector[32:]
        turned = (first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin(), rest)
        return torch.cat(turned)

    def normed(key, row):
        return row / (row.norm() * row.numel() ** -0.5).clamp(min=1e-8) * state[f"{key}.0.0.g"]

    depth = len(encoder.attn_layers.layers) // 2
    for layer in range(depth):
        key = f"attn_layers.layers.{2 * layer}"
        rows = [normed(key, row) for row in x]
        heads = state[f"{key}.1.to_q.weight"].shape[0] // 64
        out = []
        for i in range(len(x)):
            joined = []
            for head in range(heads):
                q, k, v = (state[f"{key}.1.to_{name}.weight"][64 * head : 64 * head + 64] for name in "qkv")
                query = rotate(q @ rows[i], i)
                weights = torch.stack([query @ rotate(k @ row, j) / 8 for j, row in enumerate(rows)]).softmax(0)
                joined.append(sum(w * rotate(v @ row, j) for j, (w, row) in enumerate(zip(weights, rows, strict=True))))
            out.append(state[f"{key}.1.to_out.weight"] @ torch.cat(joined) + state[f"{key}.1.to_out.bias"])
        x = x + torch.stack(out)
        key = f"attn_layers.layers.{2 * layer + 1}"
        projected = torch.stack([normed(key, row) for row in x]) @ state[f"{key}.1.net.0.proj.weight"].T
        value, gate = (projected + state[f"{key}.1.net.0.proj.bias"]).chunk(2, dim=-1)
        gated = value * (gate * (1 + torch.erf(gate / 2**0.5)) / 2)
        x = x + gated @ state[f"{key}.1.net.3.weight"].T + state[f"{key}.1.net.3.bias"]
    return torch.nn.functional.layer_norm(x, x.shape[-1:], state["norm.weight"], state["norm.bias"])


@pytest.mark.parametrize(("dim", "depth", "heads", "positions"), [(24, 2, 3, 11), (80, 1, 5, 7), (20, 1, 1, 1)])
@torch.no_grad()
def test_encoder_equals_obvious_loop(dim, depth, heads, positions):
    encoder = randomised(Encoder(dim, depth, heads, ff_mult=2))
    x = torch.randn(positions, dim, generator=torch.Generator().manual_seed(1))
    difference = (encoder(x[None])[0] - encode_slowly(encoder, x)).abs().max()
    assert difference < 1e-5, difference


@torch.no_grad()
def test_masked_positions_change_nothing():
    encoder = randomised(Encoder(24, 2, 3, ff_mult=2))
    x = torch.randn(2, 11, 24, generator=torch.Generator().manual_seed(2))
    mask = torch.arange(11).expand(2, 11) < torch.tensor([[11], [6]])
    difference = (encoder(x, mask)[1, :6] - encoder(x[1:, :6])[0]).abs().max()
    assert difference < 1e-5, difference
