"""`talepress train`: what it lists, what it refuses, and that it begins with the weights of a model."""

import os
import subprocess
import sys
from pathlib import Path

import configs
from tortoise_core.training.run import STEPS
from tortoise_core.training.stages.registry import STAGES

MODELS = Path(configs.__file__).parent / "models"


def test_the_stages_are_listed_in_their_order_with_what_they_learn(talepress):
    ended = talepress("train", "--list")
    assert ended.code == 0
    lines = [line.split(maxsplit=1) for line in ended.out.splitlines()]
    assert lines == [[name, purpose] for name, purpose in STEPS.items()]


def test_an_unknown_stage_is_refused_and_the_known_ones_are_named(talepress, tmp_path):
    recipe = MODELS / "tortoise_mini.toml"
    ended = talepress("train", "dvae", "nonsense", "--config", recipe, "--workspace", tmp_path)
    assert ended.code == 2 and len(ended.err.splitlines()) == 1
    assert "'nonsense'" in ended.err and all(step in ended.err for step in STEPS)


def test_stages_begin_with_the_weights_of_the_shipped_model_and_then_want_a_corpus(talepress, tmp_path):
    recipe = MODELS / "tortoise_mini_further.toml"
    ended = talepress(
        "train", "autoregressive", "--config", recipe, "--workspace", tmp_path, "--from", MODELS / "tortoise_mini"
    )
    assert ended.code == 2 and "talepress train corpus" in ended.err
    assert {path.parent.name for path in (tmp_path / "runs").glob("*/checkpoint.pt")} == set(STAGES)


def test_libraries_keep_their_notes_to_themselves(home, book, tmp_path):
    """In a process of its own: who logs to the terminal is set once. A held-out book makes Alembic be imported."""
    arguments = ["train", "nonsense", "--config", MODELS / "tortoise_mini.toml", "--workspace", tmp_path / "work"]
    command = [sys.executable, "-m", "flows.cli.entry", *arguments, "--held-out", book]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("talepress: ") and "nonsense" in line
