"""Encodings of positions by their formulas."""

import math

import pytest
import torch

from tortoise_core.nn.positions import LearnedPositions, RotaryTable, SinusoidalPositions, inverse_frequencies


@pytest.mark.parametrize("dim", [2, 8, 32, 64])
def test_speeds_fall_from_1_towards_a_ten_thousandth(dim):
    speeds = inverse_frequencies(dim)
    assert speeds.dtype == torch.float32
    assert speeds.tolist() == pytest.approx([10_000 ** (-2 * j / dim) for j in range(dim // 2)], rel=1e-6)


def test_speeds_are_those_that_published_files_store_bit_for_bit():
    expected = 1 / 10_000 ** (torch.arange(0, 32, 2, dtype=torch.float32) / 32)
    assert torch.equal(inverse_frequencies(32), expected)


def test_a_pair_of_channels_is_turned_by_its_angle_and_the_rest_stays():
    x = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(1))
    positions = torch.tensor([[0, 1, 5, 9], [3, 3, 0, 2]])
    speeds = torch.tensor([1.0, 0.1])
    turned = RotaryTable.at(positions, speeds).rotate(x)
    assert torch.equal(turned[..., 4:], x[..., 4:])
    for row in range(2):
        for place in range(4):
            for pair, speed in enumerate((1.0, 0.1)):
                angle = float(positions[row, place]) * speed
                first, second = x[row, 1, place, [pair, pair + 2]].tolist()
                expected = (
                    first * math.cos(angle) - second * math.sin(angle),
                    second * math.cos(angle) + first * math.sin(angle),
                )
                assert turned[row, 1, place, [pair, pair + 2]].tolist() == pytest.approx(expected, abs=1e-5)
    assert RotaryTable.at(positions, speeds).rotate(x.bfloat16()).dtype == torch.bfloat16


def test_sines_come_before_cosines_and_both_have_their_size():
    table = SinusoidalPositions(8, 0.03)
    found = table(torch.tensor([[0, 7]])).detach()
    speeds = [10_000 ** (-2 * j / 8) for j in range(4)]
    expected = [0.03 * math.sin(7 * s) for s in speeds] + [0.03 * math.cos(7 * s) for s in speeds]
    assert found[0, 1].tolist() == pytest.approx(expected, abs=1e-6)
    assert table.limit is None and set(table.state_dict()) == {"scale"}


def test_learned_positions_are_looked_up_and_limited():
    table = LearnedPositions(5, 8)
    assert table.limit == 5
    assert torch.equal(table(torch.tensor([4, 0])), table.emb.weight[[4, 0]])
