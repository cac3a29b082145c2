"""What CLVP learns to tell from speech."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tortoise_core.training.stages.clvp import damage
from tortoise_core.training.stages.registry import STAGES


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


class Chosen:
    """Chance that a test has chosen: how large a piece is, as a share; where it begins; which fault it is."""

    def __init__(self, share, start, kind):
        self.share = share
        self.whole = [start, kind] * 2

    def uniform(self, low, high):
        return self.share

    def integers(self, below):
        return min(self.whole.pop(0), below - 1)


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (0, [1, 2, 3, 4, 5, 6, 7, 8]),  # its end is cut off
        (1, [1, 2, 3, 6, 7, 8, 9, 10]),  # a piece is lost
        (2, [1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 10]),  # repeated
        (3, [1, 2, 3, 6, 7, 8, 9, 10, 4, 5]),  # moved
        (4, [1, 2, 3, 24, 25, 6, 7, 8, 9, 10]),  # taken from the next row
    ],
)
def test_each_fault_of_a_damaged_row(kind, first):
    codes = torch.cat([torch.arange(1, 11), torch.zeros(4, dtype=torch.long), torch.arange(21, 35)]).view(2, 14)
    rows, lengths = damage(codes, torch.tensor([10, 14]), Chosen(0.2, 3, kind))
    assert rows[0, : lengths[0]].tolist() == first


@pytest.mark.parametrize("damaged", [True, False])
def test_damaged_copies_are_learned_from_where_the_recipe_wants_them(trained, damaged):
    config = trained.recipe.stages["clvp"]
    torch.manual_seed(0)
    stage = STAGES["clvp"].build(trained, replace(config, ranking=replace(config.ranking, damaged=damaged)))
    stage.model.eval()
    batch = stage.batch(0)
    assert ("wrong" in batch) == damaged
    pairs = batch["text"], batch["codes"], batch["text_length"], batch["code_length"]
    without = stage.model.loss(*pairs).item()
    assert (stage._loss(batch)[0].item() == pytest.approx(without)) != damaged
