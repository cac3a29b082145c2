"""`talepress model` with a model of one tiny network."""

import pytest

from tortoise_core.checkpoints import write_manifest, write_network
from tortoise_core.checkpoints.registry import RandomLatentConfig
from tortoise_core.models.random_latents import RandomLatentGenerator


@pytest.fixture
def tiny(home):
    """An imported model; returns its folder."""
    folder = home / "models" / "tiny"
    folder.mkdir(parents=True)
    network = RandomLatentGenerator(8)
    entry = write_network(folder, "rlg", RandomLatentConfig(8), network.state_dict())
    write_manifest(folder, "tiny", {"rlg": entry})
    return folder


def test_imported_models_are_listed_and_found_by_name(talepress, tiny):
    models = {model["name"]: model for model in talepress("model", "list", "--json").json["models"]}
    assert models["tiny"]["origin"] == "imported"
    assert models["tiny"]["path"] == str(tiny)
    assert models["tiny"]["parameters"] == sum(p.numel() for p in RandomLatentGenerator(8).parameters())
    assert talepress("model", "list").code == 0


def test_a_sound_model_verifies_and_a_changed_one_does_not(talepress, tiny):
    ended = talepress("model", "verify", "tiny", "--json")
    assert (ended.code, ended.json["ok"], len(ended.json["digest"])) == (0, True, 64)
    weights = tiny / "rlg.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    ended = talepress("model", "verify", "tiny")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "rlg.safetensors" in ended.err


def test_a_name_that_is_taken_is_refused_before_anything_is_read(talepress, tiny, tmp_path):
    ended = talepress("model", "import", tmp_path, "--name", "tiny")
    assert ended.code == 2
    assert "'tiny'" in ended.err
