"""Checkpoints: of this version, of earlier ones, and of a finished model's weights."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from tortoise_core.training.checkpoint import CHECKPOINT, begin_with_weights, read_checkpoint, write_checkpoint


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path):
    weights = {"weight": torch.ones(2)}
    state = {
        "step": 3,
        "seconds": 1.5,
        "average": weights,
        "modules": {"loss": [weights]},
        "optimizers": {"loss": [{}]},
    }
    write_checkpoint(tmp_path, state)
    kept = read_checkpoint(tmp_path)
    assert (kept.step, kept.seconds, kept.optimizers) == (3, 1.5, {"loss": [{}]})
    assert torch.equal(kept.average["weight"], torch.ones(2))
    assert torch.equal(kept.modules["loss"][0]["weight"], torch.ones(2))


def test_discriminators_of_earlier_checkpoints_are_found_under_their_new_name(tmp_path):
    old = {"judges.0.post.bias": torch.ones(1), "other.judges.bias": torch.zeros(1)}
    state = {"step": 3, "seconds": 1.5, "average": {}, "modules": {"judge": [old], "loss": [{}]}}
    write_checkpoint(tmp_path, {**state, "optimizers": {"judge": [{"state": {}}], "loss": []}})
    kept = read_checkpoint(tmp_path)
    assert set(kept.modules) == set(kept.optimizers) == {"discriminator", "loss"}
    assert set(kept.modules["discriminator"][0]) == {"discriminators.0.post.bias", "other.judges.bias"}


def test_weights_of_a_model_begin_a_run_without_optimisers(tmp_path):
    begin_with_weights(tmp_path / "run", {"weight": torch.ones(2)})
    kept = read_checkpoint(tmp_path / "run")
    assert kept.step == 0 and kept.modules is None and not kept.optimizers


def test_a_checkpoint_is_on_the_disk_before_it_replaces_the_one_before(tmp_path, monkeypatch):
    steps = []
    replace = Path.replace

    def flushed(number):
        file = Path(f"/proc/self/fd/{number}").readlink()
        steps.append(("flush", file.name, file.stat().st_size))

    def renamed(path, target):
        steps.append(("rename", path.name, path.stat().st_size))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    write_checkpoint(tmp_path, {"step": 3})
    size = (tmp_path / CHECKPOINT).stat().st_size
    assert steps == [("flush", f"{CHECKPOINT}.tmp", size), ("rename", f"{CHECKPOINT}.tmp", size)]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch, moment):
    state = {"step": 3, "seconds": 1.5, "average": {}, "modules": None}
    write_checkpoint(tmp_path, state)

    def kill(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[moment], kill)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(tmp_path, state | {"step": 4})
    assert read_checkpoint(tmp_path).step == 3


class Command:
    """What runs a command where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_checkpoint_of_a_stranger_runs_nothing(tmp_path):
    state = {"step": 3, "seconds": 1.5, "average": {}, "modules": None, "more": Command(tmp_path / "was run")}
    write_checkpoint(tmp_path, state)
    with pytest.raises(pickle.UnpicklingError):
        read_checkpoint(tmp_path)
    assert not (tmp_path / "was run").exists()
