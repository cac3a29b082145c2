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


def test_the_fall_is_a_half_cosine():
    config = replace(CONFIG, steps=45, warmup_steps=5, learning_rate=1.0, final_learning_rate=0.2)
    by_hand = {4: 1.0, 5: 1.0, 15: 0.2 + 0.8 * (0.5 + 0.5**1.5), 25: 0.6, 35: 0.2 + 0.8 * (0.5 - 0.5**1.5), 45: 0.2}
    assert {step: learning_rate(step, config) for step in by_hand} == pytest.approx(by_hand)
    assert learning_rate(1000, config) == pytest.approx(0.2)
    assert learning_rate(0, replace(config, warmup_steps=0)) == 1.0
    assert learning_rate(7, replace(config, steps=5)) == pytest.approx(0.2)  # the warm-up is all that there is


def test_both_optimisers_have_the_numbers_of_the_recipe():
    config = replace(CONFIG, muon=("",), betas=(0.8, 0.9), weight_decay=0.03)
    adamw, muon = make_optimizers((nn.Linear(3, 3),), config)
    assert (adamw.defaults["lr"], adamw.defaults["betas"]) == (0.1, (0.8, 0.9))
    assert [group["weight_decay"] for group in adamw.param_groups] == [0.03, 0.0]
    assert (muon.defaults["lr"], muon.defaults["weight_decay"]) == (0.1, 0.03)


def test_what_is_frozen_is_moved_by_nobody_and_a_kernel_without_a_gradient_stays():
    module = nn.Sequential(nn.Linear(3, 3), nn.Conv1d(2, 3, 5))
    module[0].requires_grad_(False)
    adamw, muon = make_optimizers((module,), replace(CONFIG, muon=("",)))
    assert [tuple(p.shape) for group in adamw.param_groups for p in group["params"]] == [(3,)]
    before = module[1].weight.detach().clone()
    muon.step()
    assert torch.equal(module[1].weight, before)
