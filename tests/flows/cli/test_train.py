"""`talepress train`: what it lists, what it refuses, and that it begins with the weights of a model."""

import os
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest

import configs
from tasks import stopping
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


@pytest.fixture
def trained(monkeypatch):
    """What is trained, in pretence."""
    done = []
    monkeypatch.setattr("tortoise_core.training.recipe_file.read_recipe", lambda path: f"recipe of {path}")
    monkeypatch.setattr("tortoise_core.training.workspace.Workspace", lambda *given: given)
    monkeypatch.setattr("tortoise_core.training.run.adopt", lambda place, model: done.append(("adopted", model)))
    monkeypatch.setattr(
        "tortoise_core.training.run.run",
        lambda place, stages, options: done.append((place, stages, options, stopping._stop.orderly)),
    )
    monkeypatch.setattr("torch.set_num_threads", lambda count: done.append(("threads", count)))
    monkeypatch.setattr("flows.cli.train._text_of", lambda book: f"text of {book}")
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    return done


def test_what_is_not_said_is_trained_without_an_end_on_any_device(trained, talepress, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert talepress("train", "dvae", "all", "--config", "r.toml").code == 0
    ((place, stages, options, orderly),) = trained
    assert place == (tmp_path / ".cache" / "talepress" / "mini", "recipe of r.toml", "auto")
    assert (stages, orderly) == (["dvae", "all"], 1)
    assert (options.minutes, options.sentences, list(options.held_out_books), options.out) == (inf, None, [], None)
    assert options.stop is stopping.requested


def test_everything_that_is_said_reaches_the_training_in_its_order(trained, talepress):
    where = ["--config", "r.toml", "--workspace", "w", "--from", "model", "--out", "o", "--sentences", "s.txt"]
    how = ["--minutes", "5", "--device", "cpu", "--threads", "3", "--held-out", "a", "--held-out", "b"]
    assert talepress("train", "corpus", *where, *how).code == 0
    threads, adopted, (place, _, options, _) = trained
    assert (threads, adopted) == (("threads", 3), ("adopted", Path("model")))
    assert place == (Path("w"), "recipe of r.toml", "cpu")
    assert (options.minutes, options.sentences, options.out) == (5.0, Path("s.txt"), Path("o"))
    assert options.held_out_books == ["text of a", "text of b"]


def test_a_training_that_was_stopped_ends_as_one_that_goes_on(trained, talepress, monkeypatch):
    def stop(place, stages, options):
        stopping._stop.requested = True

    monkeypatch.setattr("tortoise_core.training.run.run", stop)
    with pytest.raises(stopping.Stopped):
        talepress("train", "dvae", "--config", "r.toml")


def test_a_held_out_book_is_all_its_text(home, book):
    from flows.cli.train import _text_of

    assert "The dragon slept below the mountain." in _text_of(book)
