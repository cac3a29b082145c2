"""Every stage of the recipe on a tiny corpus, from codes to a model folder that speaks."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tortoise_core.checkpoints import verify
from tortoise_core.errors import ConfigError
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.recipe import STAGES, read_recipe
from tortoise_core.training.run import Workspace

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
    voice = load_file(out / "voices" / "rms.safetensors")
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


def test_the_shipped_recipe_is_valid():
    from pathlib import Path

    import configs

    recipe = read_recipe(Path(configs.__file__).parent / "models" / "tortoise_mini.toml")
    assert set(recipe.stages) <= set(STAGES)
    assert recipe.autoregressive.width == recipe.diffusion.in_latent_channels
    assert recipe.dvae.codes == recipe.diffusion.in_tokens == recipe.clvp.code_tokens
