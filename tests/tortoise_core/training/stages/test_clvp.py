"""What CLVP learns to tell from speech."""

import numpy as np
import torch

from tortoise_core.training.stages.clvp import damage


def test_damaged_rows_are_the_rows_with_one_fault():
    codes = torch.arange(1, 41).view(2, 20)
    lengths = torch.tensor([20, 12])
    kinds = set()
    for seed in range(40):
        rows, now = damage(codes, lengths, np.random.default_rng(seed))
        assert rows.shape == codes.shape
        for row, length, original, was in zip(rows, now.tolist(), codes, lengths.tolist(), strict=True):
            assert (row[length:] == 0).all()
            assert row[:length].tolist() != original[:was].tolist()
            kinds.add((length > was) - (length < was))
    assert kinds == {-1, 0, 1}
