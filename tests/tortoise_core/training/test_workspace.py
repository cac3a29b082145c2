"""Where a workspace has its parts, and what it asks for before a stage begins."""

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.training.checkpoint import write_checkpoint
from tortoise_core.training.recipe import CorpusConfig, Recipe
from tortoise_core.training.workspace import Workspace


@pytest.mark.parametrize(
    ("usable", "name", "device"),
    [(True, "auto", "cuda"), (False, "auto", "cpu"), (True, "cpu", "cpu"), (False, "cuda:1", "cuda:1")],
)
def test_a_gpu_is_used_where_there_is_one_unless_told(tmp_path, recipe, monkeypatch, usable, name, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    assert Workspace(tmp_path, recipe, name).device == torch.device(device)
    assert Workspace(tmp_path, recipe).device == torch.device("cuda" if usable else "cpu")


def test_a_stage_is_trained_once_it_has_a_checkpoint(tmp_path, recipe):
    workspace = Workspace(tmp_path, recipe, "cpu")
    assert workspace.run_folder("clvp") == tmp_path / "runs" / "clvp"
    with pytest.raises(ConfigError, match=r"stage 'clvp' has not been trained yet \(.*runs/clvp/checkpoint\.pt is mi"):
        workspace.weights("clvp")
    workspace.run_folder("clvp").mkdir(parents=True)
    assert not workspace.is_trained("clvp"), "it was begun"
    write_checkpoint(workspace.run_folder("clvp"), {"step": 3, "seconds": 1.0, "average": {"a": torch.ones(2)}})
    assert workspace.is_trained("clvp") and not workspace.is_trained("dvae")
    assert workspace.weights("clvp")["a"].tolist() == [1.0, 1.0]
    assert workspace.checkpoint("clvp").step == 3


def test_codes_are_kept_beside_the_corpus_and_the_codec_does_not_learn(trained):
    corpus, items = trained.spoken()
    assert (trained.folder / "codes.npy").is_file() and len(items) == len(corpus.items)
    assert not trained.dvae().training


def test_what_a_recipe_need_not_say_of_a_corpus():
    assert CorpusConfig() == CorpusConfig(("slt",), 10.0)
    bare = Recipe("name", CorpusConfig(), {}, {})
    assert (bare.speech, bare.presets) == ({}, {})
