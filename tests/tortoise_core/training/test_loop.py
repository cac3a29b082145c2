"""The loop: what it optimises, what it keeps, and that an interruption changes nothing."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.training.loop import CHECKPOINT, LoopConfig, Phase, Trainer, hash_seed


class LineStage:
    """Fits y = 3 x - 1 with noise; a stage of two lines."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(1, 1)
        self.phases = (Phase("loss", (self.model,), self._loss),)

    def batch(self, step):
        x = torch.randn(16, 1, generator=torch.Generator().manual_seed(step))
        return {"x": x, "y": 3 * x - 1}

    def _loss(self, batch):
        noise = 0.01 * torch.randn_like(batch["y"])  # seeded by the step, so that resuming repeats it
        return (self.model(batch["x"]) - batch["y"] + noise).square().mean(), {}

    def validate(self):
        return {"weight": float(self.model.weight.detach())}


CONFIG = LoopConfig(
    steps=60, learning_rate=0.1, warmup_steps=5, ema_decay=0.9, bf16=False, validate_every=60, checkpoint_every=7
)


def test_learns_and_logs(tmp_path):
    state = Trainer(LineStage(), CONFIG, tmp_path).run()
    assert state.step == 60
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert records[-1]["valid_weight"] == pytest.approx(3.0, abs=0.2)
    assert records[0] == {"step": 0, "valid_weight": pytest.approx(LineStage().model.weight.item())}
    assert records[1]["loss"] > 10 * records[-2]["loss"]


@pytest.mark.parametrize("muon", [(), ("weight",)])
def test_stopping_and_going_on_equals_one_run(tmp_path, muon):
    config = replace(CONFIG, muon=muon)
    Trainer(LineStage(), config, tmp_path / "whole").run()
    for _ in range(100):
        trainer = Trainer(LineStage(), config, tmp_path / "pieces")
        if trainer.state.step == CONFIG.steps:
            break
        trainer.run(minutes=0.002)
    whole, pieces = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("whole", "pieces"))
    assert whole["step"] == pieces["step"] == CONFIG.steps
    for name, value in whole["average"].items():
        assert torch.equal(value, pieces["average"][name]), name


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.tortoise_core.training.test_loop import CONFIG, LineStage
from tortoise_core.training.loop import Trainer
stage = LineStage()
batch = stage.batch
stage.batch = lambda step: (time.sleep(0.02), batch(step))[1]
Trainer(stage, CONFIG, Path({folder!r})).run()
"""


def test_a_kill_loses_only_the_steps_since_the_last_checkpoint(tmp_path):
    root = Path(__file__).parents[3]
    script = KILLED.format(root=str(root), folder=str(tmp_path / "killed"))
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "OMP_NUM_THREADS": "1"})
    checkpoint = tmp_path / "killed" / CHECKPOINT
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed_at = torch.load(checkpoint, weights_only=True)["step"]
    assert killed_at % CONFIG.checkpoint_every == 0
    Trainer(LineStage(), CONFIG, tmp_path / "killed").run()
    Trainer(LineStage(), CONFIG, tmp_path / "whole").run()
    killed, whole = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("killed", "whole"))
    for name, value in whole["average"].items():
        assert torch.equal(value, killed["average"][name]), name


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    Trainer(LineStage(), CONFIG, tmp_path).save()
    stage = LineStage()
    stage.model = nn.Linear(2, 1)
    stage.phases = (Phase("loss", (stage.model,), stage._loss),)
    with pytest.raises(CheckpointError, match="another configuration"):
        Trainer(stage, CONFIG, tmp_path)


class OneWeight:
    """A model of one weight, which a test sets by hand."""

    def __init__(self) -> None:
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)
        self.phases = (Phase("loss", (self.model,), lambda _: (self.model.weight.sum(), {})),)

    def batch(self, step):
        return {}

    def validate(self):
        return {}


def test_the_average_forgets_quickly_at_first_and_slowly_later(tmp_path):
    """By hand: the decay of step n is (1 + n) / (10 + n), until that exceeds `ema_decay`: here 0.2, from step 2 on."""
    trainer = Trainer(OneWeight(), replace(CONFIG, ema_decay=0.2), tmp_path)
    averages = []
    for step in range(4):
        with torch.no_grad():
            trainer.stage.model.weight.fill_(step + 1)
        trainer._average_weights(step)
        averages.append(float(trainer._average["weight"]))
    first = 1 / 10 * 0 + 9 / 10 * 1
    second = 2 / 11 * first + 9 / 11 * 2
    third = 0.2 * second + 0.8 * 3
    fourth = 0.2 * third + 0.8 * 4
    assert averages == pytest.approx([first, second, third, fourth])


def test_every_step_moves_the_average(tmp_path):
    Trainer(LineStage(), replace(CONFIG, steps=1), tmp_path).run()
    kept = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    start = LineStage().model.weight.item()
    now = float(kept["modules"]["loss"][0]["weight"])
    assert now != start
    assert float(kept["average"]["weight"]) == pytest.approx(0.1 * start + 0.9 * now)


def test_averaged_weights_are_lent_and_given_back(tmp_path):
    trainer = Trainer(LineStage(), CONFIG, tmp_path)
    trainer.run()
    live = trainer.stage.model.weight.detach().clone()
    with trainer.averaged() as model:
        assert not torch.equal(model.weight, live)
    assert torch.equal(trainer.stage.model.weight, live)


def test_seeds_of_neighbouring_steps_differ():
    assert len({hash_seed(seed, step) for seed in range(10) for step in range(1000)}) == 10_000


def test_nonsense_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="steps"):
        Trainer(LineStage(), LoopConfig(steps=0), tmp_path)
    with pytest.raises(ConfigError, match="begins with 'gpt'"):
        Trainer(LineStage(), LoopConfig(muon=("weight", "gpt")), tmp_path)


def test_a_gradient_is_clipped_and_one_that_is_no_number_moves_nothing(tmp_path):
    trainer = Trainer(LineStage(), replace(CONFIG, grad_clip=0.5), tmp_path)
    metrics = trainer._step(0)
    norm = torch.cat([p.grad.flatten() for p in trainer.stage.model.parameters()]).norm().item()
    assert metrics["loss_norm"] > 1 and norm == pytest.approx(0.5, rel=1e-3)
    before = trainer.stage.model.weight.item()
    trainer.stage.batch = lambda _: {"x": torch.full((4, 1), torch.inf), "y": torch.zeros(4, 1)}
    trainer._step(1)
    assert trainer.stage.model.weight.item() == before


def test_a_loss_that_is_a_number_with_a_gradient_that_is_none_moves_nothing(tmp_path):
    stage = LineStage()
    rooted = (stage.model.weight - stage.model.weight.detach()).sqrt  # 0, with an infinite slope
    stage.phases = (Phase("loss", (stage.model,), lambda _: (rooted().sum(), {})),)
    trainer = Trainer(stage, CONFIG, tmp_path)
    before = stage.model.weight.item()
    metrics = trainer._step(0)
    assert (metrics["loss"].item(), metrics["loss_norm"].isfinite().item()) == (0.0, False)
    assert stage.model.weight.item() == before


def test_the_time_of_a_run_adds_up_over_its_pieces(tmp_path, monkeypatch):
    clock = itertools.count(start=100.0, step=1.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    first = Trainer(LineStage(), replace(CONFIG, steps=5), tmp_path).run().seconds
    assert first > 0
    assert Trainer(LineStage(), CONFIG, tmp_path).run().seconds > first + 50  # 55 more steps of a second and more


def test_seeds_do_not_change():
    """A run that goes on after an update of the program draws the numbers that it would have drawn."""
    assert [hash_seed(0, 0), hash_seed(7, 3), hash_seed(1, 2, 3)] == [
        4462054393600500486,
        3211805211017422962,
        7345383887252983257,
    ]


def logged(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_losses_figures_and_checkpoints_come_when_the_recipe_says(tmp_path, monkeypatch):
    saved = []
    save = Trainer.save
    monkeypatch.setattr(Trainer, "save", lambda trainer: (saved.append(trainer.state.step), save(trainer))[1])
    config = replace(CONFIG, steps=7, log_every=2, validate_every=3, checkpoint_every=4)
    Trainer(LineStage(), config, tmp_path).run()
    records = logged(tmp_path)
    assert [record["step"] for record in records if "loss" in record] == [2, 4, 6]
    assert [record["step"] for record in records if "valid_weight" in record] == [0, 3, 6]
    assert saved == [4, 7]
    assert set(records[1]) == {"step", "seconds", "loss", "loss_norm"}
    Trainer(LineStage(), config, tmp_path).run()
    assert logged(tmp_path) == records  # it has come to its end, and does not begin again


def test_a_run_ends_before_a_step_when_it_is_asked_to(tmp_path):
    answers = iter([False, False, True])
    assert Trainer(LineStage(), CONFIG, tmp_path).run(stop=lambda: next(answers)).step == 2
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 2
    assert Trainer(LineStage(), CONFIG, tmp_path).run(minutes=0).step == 2
    assert Trainer(LineStage(), replace(CONFIG, steps=3), tmp_path).run().step == 3


def test_each_step_has_its_learning_rate_and_its_random_numbers(tmp_path):
    stage = LineStage()
    rates = []
    drawn = []
    trainer = Trainer(stage, replace(CONFIG, steps=4), tmp_path)

    def loss(batch):
        rates.append([group["lr"] for one in trainer._optimizers["loss"] for group in one.param_groups])
        drawn.append(torch.rand(()).item())
        return stage.model(batch["x"]).square().mean(), {"more": torch.tensor(0.5)}

    object.__setattr__(stage.phases[0], "loss", loss)
    trainer.run()
    assert rates == [[pytest.approx(rate)] * 2 for rate in (0.02, 0.04, 0.06, 0.08)]
    assert drawn == [
        torch.rand((), generator=torch.Generator().manual_seed(hash_seed(CONFIG.seed, step))).item()
        for step in range(4)
    ]
    assert trainer._step(4)["more"] == 0.5


class TwoPhases(OneWeight):
    """Two models, each with a phase of its own; the second waits."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.other.weight)
        self.phases = (
            Phase("first", (self.model,), lambda _: (self.model.weight.sum(), {})),
            Phase("second", (self.other,), lambda _: ((self.model.weight + self.other.weight).sum(), {}), first_step=2),
        )


def test_a_phase_moves_its_own_modules_from_its_first_step_on(tmp_path):
    stage = TwoPhases()
    trainer = Trainer(stage, CONFIG, tmp_path)
    assert [set(trainer._step(step)) for step in (0, 1)] == [{"first", "first_norm"}] * 2
    assert stage.other.weight.item() == 0
    before = stage.model.weight.item()
    assert set(trainer._step(2)) == {"first", "first_norm", "second", "second_norm"}
    assert stage.other.weight.item() < 0
    own = before - stage.model.weight.item()
    assert 0 < own < 0.1  # once, by its own phase


def test_what_counts_is_copied_into_the_average_and_not_mixed(tmp_path):
    stage = OneWeight()
    stage.model.register_buffer("count", torch.tensor([3]))
    trainer = Trainer(stage, CONFIG, tmp_path)
    stage.model.count.fill_(8)
    trainer._average_weights(0)
    assert trainer._average["count"].item() == 8


@pytest.mark.parametrize(("decay", "passes"), [(0.0, True), (0.999, True), (1.0, False), (-0.1, False)])
def test_how_much_an_average_may_remember(tmp_path, decay, passes):
    if passes:
        Trainer(LineStage(), replace(CONFIG, ema_decay=decay), tmp_path)
    else:
        with pytest.raises(ConfigError, match="0 <= ema_decay < 1"):
            Trainer(LineStage(), replace(CONFIG, ema_decay=decay), tmp_path)


@pytest.mark.parametrize("was_training", [True, False])
def test_a_model_that_is_lent_does_not_learn_and_is_given_back_as_it_was_after_trouble_too(tmp_path, was_training):
    trainer = Trainer(LineStage(), CONFIG, tmp_path)
    trainer.stage.model.train(was_training)
    trainer._average["weight"].fill_(9)
    live = trainer.stage.model.weight.item()
    with pytest.raises(KeyboardInterrupt), trainer.averaged() as model:
        assert (model.training, model.weight.item()) == (False, 9)
        raise KeyboardInterrupt
    assert (trainer.stage.model.training, trainer.stage.model.weight.item()) == (was_training, live)


class ManyModules:
    """Three matrices in two phases, which learn from the random numbers of their step."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model, self.helper, self.other = (nn.Linear(2, 2) for _ in range(3))
        self.phases = (
            Phase("first", (self.model, self.helper), lambda _: self._loss(self.model, self.helper)),
            Phase("second", (self.other,), lambda _: self._loss(self.other), first_step=1),
        )

    def _loss(self, *models):
        return sum((model(torch.randn(3, 2)) - torch.randn(3, 2)).square().mean() for model in models), {}

    def batch(self, step):
        return {}

    def validate(self):
        return {}


@pytest.mark.parametrize("muon", [(), ("weight",)])
def test_all_modules_and_optimisers_of_all_phases_go_on_from_where_they_were(tmp_path, muon):
    config = replace(CONFIG, steps=6, muon=muon)
    Trainer(ManyModules(), config, tmp_path / "whole").run()
    for _ in range(2):
        told = iter([False] * 3)
        Trainer(ManyModules(), config, tmp_path / "pieces").run(stop=lambda told=told: next(told, True))
    whole, pieces = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("whole", "pieces"))
    assert (whole["step"], pieces["step"]) == (6, 6)
    assert [len(kept) for kept in whole["optimizers"].values()] == [1 + len(muon)] * 2
    for phase, count in (("first", 2), ("second", 1)):
        both = list(zip(whole["modules"][phase], pieces["modules"][phase], strict=True))
        assert len(both) == count
        assert all(torch.equal(one[name], other[name]) for one, other in both for name in one)
    assert all(torch.equal(value, pieces["average"][name]) for name, value in whole["average"].items())
