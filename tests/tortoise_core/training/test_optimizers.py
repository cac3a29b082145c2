"""Which optimiser moves what, and how fast."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from tortoise_core.training.loop import LoopConfig
from tortoise_core.training.optimizers import Muon, learning_rate, make_optimizers

CONFIG = LoopConfig(steps=60, learning_rate=0.1, warmup_steps=5)


def test_decay_spares_biases_norms_and_embeddings():
    module = nn.Sequential(nn.Embedding(4, 3), nn.Linear(3, 3), nn.LayerNorm(3))
    (adamw,) = make_optimizers((module,), CONFIG)
    decayed, plain = adamw.param_groups
    assert [p.shape for p in decayed["params"]] == [torch.Size([3, 3])]
    assert len(plain["params"]) == 4
    assert plain["weight_decay"] == 0 and decayed["weight_decay"] == CONFIG.weight_decay > 0


def test_muon_gets_the_matrices_that_are_named_and_nothing_else():
    depthwise = nn.Conv1d(3, 3, 5, groups=3)
    inner = nn.ModuleDict(
        {"linear": nn.Linear(3, 3), "table": nn.Embedding(4, 3), "conv": nn.Conv1d(2, 3, 5), "depthwise": depthwise}
    )
    module = nn.ModuleDict({"inner": inner, "head": nn.Linear(3, 4)})
    adamw, muon = make_optimizers((module,), replace(CONFIG, muon=("inner.",)))
    shapes = [tuple(p.shape) for group in muon.param_groups for p in group["params"]]
    assert shapes == [(3, 3), (3, 10)]
    assert sum(len(group["params"]) for group in adamw.param_groups) == 7


def test_muon_moves_a_kernel_as_it_would_move_the_matrix():
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.randn(3, 2, 5))
    gradient = torch.randn(3, 2, 5)
    matrix = nn.Parameter(kernel.detach().flatten(1).clone())
    kernel.grad = gradient
    matrix.grad = gradient.flatten(1)
    Muon([kernel], CONFIG).step()
    before = matrix.detach().clone()
    torch.optim.Muon(
        [matrix], lr=CONFIG.learning_rate, weight_decay=CONFIG.weight_decay, adjust_lr_fn="match_rms_adamw"
    ).step()
    assert torch.equal(kernel.detach().flatten(1), matrix) and not torch.equal(before, matrix)


def test_learning_rate_warms_up_and_falls():
    rates = [learning_rate(step, CONFIG) for step in range(CONFIG.steps + 1)]
    assert rates[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert all(a >= b for a, b in pairwise(rates[5:]))
    assert rates[-1] == pytest.approx(CONFIG.final_learning_rate)
