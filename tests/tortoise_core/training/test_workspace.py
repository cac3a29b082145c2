"""Every stage of the recipe on a tiny corpus, from codes to a model folder that speaks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import configs
from tortoise_core.checkpoints import verify
from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.errors import ConfigError
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest, VoiceLatents
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.recipe import STAGES, read_recipe
from tortoise_core.training.workspace import Workspace

TRAINED = ("dvae", "vocoder", "autoregressive", "clvp", "speller", "diffusion_codes", "diffusion", "vocoder_decoded")


@pytest.fixture(scope="module")
def trained(workspace_folder, recipe):
    workspace = Workspace(workspace_folder, recipe, "cpu")
    for stage in TRAINED:
        workspace.run(stage)
    return workspace


def test_the_whole_recipe_ends_in_a_model_that_speaks(trained, tmp_path):
    for stage in TRAINED:
        records = [
            json.loads(line) for line in (trained.folder / "runs" / stage / "log.jsonl").read_text().splitlines()
        ]
        assert [r["step"] for r in records if "loss" in r] == [1, 2, 3, 4], stage
        assert all(np.isfinite(value) for record in records for value in record.values()), stage
        assert any(key.startswith("valid_") for key in records[-1]), stage
    out = tmp_path / "model"
    trained.run("export", out=out)
    verify(out)
    engine = load_engine(out, "cpu")
    tensors = load_file(out / "voices" / "rms.safetensors")
    voice = VoiceLatents(tensors["auto"], tensors["diffusion"])
    assert voice.auto.shape == (1, 32) and voice.diffusion.shape == (1, 64)
    settings = engine.settings("fast")
    requests = [SpeechRequest(text, voice, settings, seed) for seed, text in enumerate(["No.", "No, no, no."])]
    together = engine.speak(requests)
    for request, result in zip(requests, together, strict=True):
        assert result.audio.dtype == np.float32 and np.isfinite(result.audio).all()
        assert len(result.audio) == max(result.codes * 1024, 2400)
        alone = engine.speak([request])[0]
        assert alone.codes == result.codes
        np.testing.assert_allclose(alone.audio, result.audio, atol=1e-3)


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "model"
    trained.run("export", out=out)
    return out


@pytest.fixture
def fresh(trained, recipe, tmp_path):
    """A workspace with a corpus and nothing trained."""
    (tmp_path / "corpus").symlink_to(trained.folder / "corpus")
    return Workspace(tmp_path, recipe, "cpu")


def test_training_goes_on_from_the_weights_of_a_model(fresh, model):
    assert fresh.adopt(model) == list(TRAINED)
    tensors = load_file(model / "autoregressive.safetensors")
    adopted = fresh.weights("autoregressive")
    assert adopted.keys() == tensors.keys()
    assert all(torch.equal(value, tensors[name].to(value.dtype)) for name, value in adopted.items())
    fresh.run("autoregressive")
    log = (fresh.folder / "runs" / "autoregressive" / "log.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in log]
    assert [r["step"] for r in records if "loss" in r] == [1, 2, 3, 4]
    assert records[0]["step"] == 0 and records[0]["valid_code"] > 0  # what the model was worth
    assert any(not torch.equal(value, adopted[name]) for name, value in fresh.weights("autoregressive").items())
    assert fresh.adopt(model) == []  # nothing that was trained here is overwritten


def test_a_gan_goes_on_with_new_discriminators(fresh, model, caplog):
    fresh.adopt(model)
    with caplog.at_level("INFO"):
        fresh.run("vocoder_decoded")
    assert "discriminators begin anew" in caplog.text
    checkpoint = torch.load(fresh.folder / "runs" / "vocoder_decoded" / "checkpoint.pt", weights_only=True)
    assert checkpoint["step"] == 4 and set(checkpoint["modules"]) == {"judge", "loss"}


def test_a_model_with_other_codes_or_sizes_is_not_adopted(fresh, trained, model):
    fresh.adopt(model)
    (fresh.folder / "runs" / "clvp" / "checkpoint.pt").unlink()
    checkpoint = torch.load(trained.folder / "runs" / "dvae" / "checkpoint.pt", weights_only=True)
    checkpoint["average"]["codebook.embed"] += 1
    torch.save(checkpoint, fresh.folder / "runs" / "dvae" / "checkpoint.pt")
    with pytest.raises(ConfigError, match="misread its codes"):
        fresh.adopt(model)
    wider = replace(fresh.recipe, clvp=replace(fresh.recipe.clvp, latent_width=8))
    with pytest.raises(ConfigError, match="another clvp network"):
        Workspace(fresh.folder, wider, "cpu").adopt(model)


def test_the_codec_learns_phones_and_does_not_ship_what_tells_them(trained):
    records = [json.loads(line) for line in (trained.folder / "runs" / "dvae" / "log.jsonl").read_text().splitlines()]
    assert 0 < records[-1]["valid_phone"] < 10
    weights = torch.load(trained.folder / "runs" / "dvae" / "checkpoint.pt", weights_only=True)["average"]
    assert set(weights) == set(DiscreteVAE(trained.recipe.dvae).state_dict())


def test_the_vocoder_hears_the_ends_of_a_piece_and_is_not_judged_there(trained):
    stage = trained._vocoder_stage()
    batch = stage.batch(0)
    cut = 4 * 256

    def loss(where, what):
        changed = {**batch, what: batch[what].clone()}
        changed[what][..., where] += 0.3
        return stage._generator_loss(changed)[0].item()

    ends, inside = slice(0, cut), slice(cut, 2 * cut)
    plain = loss(slice(0), "wav")
    assert loss(ends, "wav") == plain == loss(slice(-cut, None), "wav")
    assert loss(inside, "wav") != plain
    assert loss(slice(3, 4), "mel") != plain


def test_the_vocoder_goes_on_with_what_the_decoder_makes(trained):
    stage = trained._vocoder_decoded_stage()
    judge = torch.load(trained.folder / "runs" / "vocoder" / "checkpoint.pt", weights_only=True)["modules"]["judge"][0]
    assert all(torch.equal(value, judge[name]) for name, value in stage.judge.state_dict().items())
    plain, decoded = trained._vocoder_stage(), stage._crops._decoded
    spoken = trained.spoken()[1]
    assert len(decoded.frames) == 4 * sum(len(one.codes) for one in spoken)
    for number in (0, 1, len(spoken) - 1):
        made, own = decoded.mel(number), stage._crops.corpus.mel(decoded.items[number])
        assert made.shape == (len(own) // 4 * 4, 100) and np.isfinite(made).all()
        assert not np.allclose(made, own[: len(made)], atol=0.1)
    batches = [stage.batch(step) for step in range(4)]
    apart = torch.cat([(b["mel"] - plain._crops._to_mel(b["wav"])[..., :32]).abs().mean((1, 2)) for b in batches])
    assert 0.2 < float((apart > 1).float().mean()) < 0.8  # half of the pieces
    own = plain._crops.validation()
    assert all(torch.equal(value, own[name]) for name, value in stage._crops.validation().items())


def test_decoding_is_continued_where_it_stopped(trained):
    trained._vocoder_decoded_stage()
    (path,) = trained.folder.glob("decoded-*.f16")
    whole = np.fromfile(path, np.float16)
    path.write_bytes(whole[: len(whole) // 2].tobytes() + b"half")
    trained._vocoder_decoded_stage()
    again = np.fromfile(path, np.float16)
    np.testing.assert_array_equal(again[: len(whole) // 3], whole[: len(whole) // 3])
    np.testing.assert_allclose(again, whole, atol=0.05)  # in other batches, other rounding


def test_the_adversary_joins_when_the_recipe_says(trained):
    lines = (trained.folder / "runs" / "vocoder" / "log.jsonl").read_text().splitlines()
    joined = ["adversarial" in json.loads(line) for line in lines if '"loss"' in line]
    assert joined == [False, False, True, True]


def test_an_unknown_stage_and_a_missing_forerunner_are_refused(workspace_folder, recipe, tmp_path):
    (tmp_path / "corpus").symlink_to(workspace_folder / "corpus")
    workspace = Workspace(tmp_path, recipe, "cpu")
    with pytest.raises(ConfigError, match="unknown training stage"):
        workspace.run("nonsense")
    with pytest.raises(ConfigError, match="'dvae' has not been trained"):
        workspace.run("autoregressive")
    with pytest.raises(ConfigError, match="sentence"):
        workspace.run("corpus", sentences=workspace_folder / "none.txt")


def test_recipes_with_mistakes_are_refused(recipe_file, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(recipe_file.read_text().replace("code_dim = 4", "code_dimm = 4"))
    with pytest.raises(ConfigError, match="code_dimm"):
        read_recipe(wrong)
    wrong.write_text(recipe_file.read_text() + "[stages.nonsense]\n")
    with pytest.raises(ConfigError, match="nonsense"):
        read_recipe(wrong)
    with pytest.raises(ConfigError, match="cannot read"):
        read_recipe(tmp_path / "none.toml")


def test_a_recipe_may_extend_another(recipe_file, tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(recipe_file.read_text())
    further = tmp_path / "further.toml"
    further.write_text('extends = "base.toml"\n[stages.clvp.loop]\nsteps = 7\n[corpus]\nhours = 2.0\n')
    before, after = read_recipe(base), read_recipe(further)
    assert after.stage("clvp").loop == replace(before.stage("clvp").loop, steps=7)
    assert after.corpus == replace(before.corpus, hours=2.0)
    assert after.stage("clvp").buckets == before.stage("clvp").buckets and after.stage("dvae") == before.stage("dvae")
    assert replace(after, stages=before.stages, corpus=before.corpus) == before
    further.write_text('extends = "none.toml"\n')
    with pytest.raises(ConfigError, match=r"cannot read the recipe .*none\.toml"):
        read_recipe(further)
    further.write_text('extends = "further.toml"\n')
    with pytest.raises(ConfigError, match="extends"):
        read_recipe(further)


@pytest.mark.parametrize("name", ["tortoise_mini", "tortoise_mini_further"])
def test_the_shipped_recipes_are_valid(name):
    models = Path(configs.__file__).parent / "models"
    recipe = read_recipe(models / f"{name}.toml")
    manifest = read_manifest(models / "tortoise_mini")
    assert set(recipe.stages) <= set(STAGES)
    assert all(manifest.entry(role).config == getattr(recipe, role) for role in manifest.networks)
    assert recipe.autoregressive.width == recipe.diffusion.in_latent_channels
    assert recipe.dvae.codes == recipe.diffusion.in_tokens == recipe.clvp.code_tokens
