"""From a tiny corpus to a model folder that speaks, and on from the weights of a model."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tortoise_core.checkpoints import verify
from tortoise_core.errors import ConfigError
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.training import run as run_module
from tortoise_core.training.run import STEPS, RunOptions, adopt, run, train
from tortoise_core.training.stages.registry import STAGES
from tortoise_core.training.workspace import Workspace


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "model"
    run(trained, ["export"], RunOptions(out=out))
    return out


@pytest.fixture
def fresh(trained, recipe, tmp_path):
    """A workspace with a corpus and nothing trained."""
    (tmp_path / "corpus").symlink_to(trained.folder / "corpus")
    return Workspace(tmp_path, recipe, "cpu")


def test_the_whole_recipe_ends_in_a_model_that_speaks(trained, model):
    for stage in STAGES:
        records = [
            json.loads(line) for line in (trained.folder / "runs" / stage / "log.jsonl").read_text().splitlines()
        ]
        assert [r["step"] for r in records if "loss" in r] == [1, 2, 3, 4], stage
        assert all(np.isfinite(value) for record in records for value in record.values()), stage
        assert any(key.startswith("valid_") for key in records[-1]), stage
    verify(model)
    engine = load_engine(model, "cpu")
    voice = load_file(model / "voices" / "rms.safetensors")
    assert {name: tuple(tensor.shape) for name, tensor in voice.items()} == {"auto": (1, 32), "diffusion": (1, 64)}
    assert engine.voice_widths == {"auto": 32, "diffusion": 64}
    settings = engine.settings("fast")
    requests = [SpeechRequest(text, voice, settings, seed) for seed, text in enumerate(["No.", "No, no, no."])]
    together = engine.speak(requests)
    for request, result in zip(requests, together, strict=True):
        assert result.audio.dtype == np.float32 and np.isfinite(result.audio).all()
        assert len(result.audio) == 2400 or len(result.audio) % 1024 == 0  # silence, or whole codes
        alone = engine.speak([request])[0]
        assert len(alone.audio) == len(result.audio)
        np.testing.assert_allclose(alone.audio, result.audio, atol=1e-3)


def test_all_stands_for_every_step_in_order(monkeypatch, fresh, tmp_path):
    done = []
    monkeypatch.setattr("tortoise_core.training.run.train", lambda _, stage, minutes, __: done.append((stage, minutes)))
    monkeypatch.setattr("tortoise_core.training.run.export_model", lambda _, out: done.append(("export", out)))
    monkeypatch.setattr("tortoise_core.training.run.build_corpus", lambda *_: done.append(("corpus", None)))
    (tmp_path / "sentences.txt").write_text("Note.")
    run(fresh, ["all"], RunOptions(minutes=2, sentences=tmp_path / "sentences.txt", out=tmp_path / "model"))
    assert [name for name, _ in done] == list(STEPS) == ["corpus", *STAGES, "export"]
    assert all(value == 2 for name, value in done if name in STAGES)


def test_after_a_stop_no_further_stage_is_begun(fresh, tmp_path):
    asked = iter([False, False, True])  # before the first step, before the second, and from then on
    run(fresh, ["dvae", "vocoder"], RunOptions(stop=lambda: next(asked, True)))
    assert fresh.is_trained("dvae") and not fresh.is_trained("vocoder")
    state = train(fresh, "dvae", stop=lambda: True)
    assert state.step == 2


def test_training_goes_on_from_the_weights_of_a_model(fresh, model):
    assert adopt(fresh, model) == list(STAGES)
    tensors = load_file(model / "autoregressive.safetensors")
    adopted = fresh.weights("autoregressive")
    assert adopted.keys() == tensors.keys()
    assert all(torch.equal(value, tensors[name].to(value.dtype)) for name, value in adopted.items())
    run(fresh, ["autoregressive"], RunOptions())
    log = (fresh.folder / "runs" / "autoregressive" / "log.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in log]
    assert [r["step"] for r in records if "loss" in r] == [1, 2, 3, 4]
    assert records[0]["step"] == 0 and records[0]["valid_code"] > 0  # what the model was worth
    assert any(not torch.equal(value, adopted[name]) for name, value in fresh.weights("autoregressive").items())
    assert adopt(fresh, model) == []  # nothing that was trained here is overwritten


def test_a_gan_goes_on_with_new_discriminators(fresh, model, caplog):
    adopt(fresh, model)
    with caplog.at_level("INFO"):
        run(fresh, ["vocoder_decoded"], RunOptions())
    assert "discriminators begin anew" in caplog.text
    checkpoint = torch.load(fresh.folder / "runs" / "vocoder_decoded" / "checkpoint.pt", weights_only=True)
    assert checkpoint["step"] == 4 and set(checkpoint["modules"]) == {"discriminator", "loss"}


def test_a_model_with_other_codes_or_sizes_is_not_adopted(fresh, trained, model):
    adopt(fresh, model)
    (fresh.folder / "runs" / "clvp" / "checkpoint.pt").unlink()
    checkpoint = torch.load(trained.folder / "runs" / "dvae" / "checkpoint.pt", weights_only=True)
    checkpoint["average"]["codebook.embed"] += 1
    torch.save(checkpoint, fresh.folder / "runs" / "dvae" / "checkpoint.pt")
    with pytest.raises(ConfigError, match="misread its codes"):
        adopt(fresh, model)
    networks = fresh.recipe.networks
    narrower = replace(networks["clvp"], latent_width=8)
    workspace = Workspace(fresh.folder, replace(fresh.recipe, networks={**networks, "clvp": narrower}), "cpu")
    with pytest.raises(ConfigError, match="another clvp network"):
        adopt(workspace, model)


def test_an_unknown_stage_and_a_missing_forerunner_are_refused(workspace_folder, recipe, tmp_path):
    (tmp_path / "corpus").symlink_to(workspace_folder / "corpus")
    workspace = Workspace(tmp_path, recipe, "cpu")
    with pytest.raises(ConfigError, match="unknown training stage"):
        run(workspace, ["corpus", "nonsense"], RunOptions())
    with pytest.raises(ConfigError, match="'dvae' has not been trained"):
        run(workspace, ["autoregressive"], RunOptions())
    with pytest.raises(ConfigError, match="give --out"):
        run(workspace, ["export"], RunOptions())
    with pytest.raises(ConfigError, match="sentence"):
        run(workspace, ["corpus"], RunOptions(sentences=workspace_folder / "none.txt"))


def test_a_stage_begins_from_the_seed_of_its_recipe_and_is_told_its_limits(fresh, monkeypatch):
    config = fresh.recipe.stages["dvae"]
    recipe = replace(fresh.recipe, stages={"dvae": replace(config, loop=replace(config.loop, seed=77))})
    workspace = Workspace(fresh.folder, recipe, "cpu")
    asked = []

    def build(_, config):
        asked.append(torch.initial_seed())
        return "built"

    class Told:
        def __init__(self, *arguments):
            asked.append(arguments)

        def run(self, *arguments):
            asked.append(arguments)
            return "state"

    monkeypatch.setattr(run_module, "STAGES", {"dvae": replace(STAGES["dvae"], build=build)})
    monkeypatch.setattr(run_module, "Trainer", Told)
    assert train(workspace, "dvae", 3.0, bool) == "state"
    loop = recipe.stages["dvae"].loop
    assert asked == [77, ("built", loop, fresh.folder / "runs" / "dvae", torch.device("cpu")), (3.0, bool)]


def test_a_corpus_is_read_by_the_voices_of_the_recipe_without_books_that_are_kept_for_tests(
    fresh, monkeypatch, tmp_path
):
    sentences = tmp_path / "sentences.txt"
    sentences.write_text(
        "It was late in the evening.\nNobody was at home.\nThe end of it was near.\n7.\nMore to say.\n"
    )
    asked = []
    monkeypatch.setattr(
        run_module, "build_corpus", lambda folder, texts, *rest: asked.append((folder, [*texts], *rest))
    )
    stops = iter([False, False, True])
    options = RunOptions(sentences=sentences, held_out_books=["So nobody was, at home?"])
    run(fresh, ["corpus"], options)
    run(fresh, ["corpus"], replace(options, stop=lambda: next(stops, True)))
    told = ["It was late in the evening.", "The end of it was near.", "More to say."]
    voices = fresh.recipe.corpus
    assert asked == [(fresh.folder / "corpus", kept, voices.voices, voices.hours) for kept in (told, told[:2])]


def test_limits_that_a_run_has_unless_told():
    options = RunOptions()
    assert (options.minutes, options.sentences, options.held_out_books, options.out) == (float("inf"), None, (), None)
    assert not options.stop()
