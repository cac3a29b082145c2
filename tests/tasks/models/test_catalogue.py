"""Which models there are, and under which names new ones may come."""

import pytest

from configs.settings import StorageSettings
from tasks.errors import BadInputError, OutputError
from tasks.models.catalogue import SHIPPED_FOLDER, find_model, how_to_mend, installed_models, new_model_folder


@pytest.fixture
def storage(tmp_path):
    return StorageSettings(data_dir=str(tmp_path), database_url="", artifacts_url="")


def imported(storage, name, manifest="model.json"):
    folder = storage.models / name
    folder.mkdir(parents=True)
    if manifest:
        (folder / manifest).write_text("{}")
    return folder


def test_models_that_come_with_the_program_are_first_and_each_has_a_manifest(storage):
    shipped = [model.name for model in installed_models(storage)]
    assert "tortoise_mini" in shipped and shipped == sorted(shipped)
    imported(storage, "b", "model.toml")
    imported(storage, "a")
    imported(storage, "none", "")
    imported(storage, "other", "model.yaml")
    (storage.models / "c").write_text("a file")
    found = installed_models(storage)
    assert [(model.name, model.origin, model.path) for model in found[len(shipped) :]] == [
        ("a", "imported", storage.models / "a"),
        ("b", "imported", storage.models / "b"),
    ]
    assert {model.origin for model in found[: len(shipped)]} == {"shipped"}


def test_a_model_is_found_by_its_name_and_a_shipped_one_before_another(storage):
    imported(storage, "mine")
    imported(storage, "tortoise_mini")
    assert find_model(storage, "mine").path == storage.models / "mine"
    assert find_model(storage, "tortoise_mini").path == SHIPPED_FOLDER / "tortoise_mini"
    for name in ("none", "", "../models/mine", "Mine"):
        with pytest.raises(
            BadInputError, match=r"^unknown model .*: use one of .*tortoise_mini.*, mine, .*, or add one"
        ):
            find_model(storage, name)


def test_size_and_presets_are_read_from_the_model(storage):
    model = find_model(storage, "tortoise_mini")
    assert model.parameters > 1_000_000
    assert {"ultra_fast", "fast"} <= set(model.presets)


@pytest.mark.parametrize("name", ["a", "A-b_c.2", "0", "x" * 64])
def test_a_name_for_a_new_model(storage, name):
    assert new_model_folder(storage, name) == storage.models / name
    assert not storage.models.exists()


@pytest.mark.parametrize("name", ["", ".", "..", ".a", "-a", "_a", "../a", "a/b", "a\\b", "a b", "a\n", "é", "x" * 65])
def test_a_name_that_leads_elsewhere_or_is_malformed_is_refused(storage, name):
    with pytest.raises(BadInputError, match="cannot name a model: use up to 64 letters, digits"):
        new_model_folder(storage, name)


def test_a_name_that_is_taken_is_refused(storage, tmp_path):
    imported(storage, "mine")
    for name in ("mine", "tortoise_mini"):
        with pytest.raises(BadInputError, match=f"there is a model '{name}' already: choose another --name"):
            new_model_folder(storage, name)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        new_model_folder(storage.model_copy(update={"data_dir": str(tmp_path / "file")}), "other")


def test_how_a_damaged_model_is_mended(storage):
    assert how_to_mend(SHIPPED_FOLDER / "tortoise_mini").endswith("`git checkout -- configs/models/tortoise_mini`")
    own = how_to_mend(storage.models / "my model")
    assert own.startswith(f"run `rm -r '{storage.models / 'my model'}'`, then `talepress model pull --name my model`")
