"""Recipe files: what they say, and what is wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest

import configs
from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.errors import ConfigError
from tortoise_core.training.recipe_file import read_recipe
from tortoise_core.training.stages.registry import STAGES


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


def test_a_part_that_a_stage_does_not_have_is_refused(recipe_file, tmp_path):
    """`[stages.dvae.spelling]` was accepted and ignored: every stage had the parts of all stages."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(recipe_file.read_text() + "[stages.dvae.spelling]\ncode_noise = 0.5\n")
    with pytest.raises(ConfigError) as caught:
        read_recipe(wrong)
    assert str(caught.value) == f"{wrong}: stages.dvae has no part 'spelling': use loop, crops, codec"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[stages]\nnonsense = {}", "stages has no stage 'nonsense': use dvae, vocoder, autoregressive"),
        ("[stages]\ndvae = 3", "stages.dvae must be a table, not 3"),
        ("[stages.dvae]\nloop = 3", "stages.dvae.loop must be a table, not 3"),
        ("[stages.dvae.loop]\nstepps = 3", "stages.dvae.loop: unknown field 'stepps'"),
        ("[stages.dvae.loop]\nsteps = 'x'", "stages.dvae.loop: steps"),
        ("[speler]\nwidth = 3", "has no table 'speler': use name, corpus, stages"),
        ("stages = 3", "stages must be a table, not 3"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(tmp_path, lines, message):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('name = "wrong"\n' + lines + "\n")
    with pytest.raises(ConfigError) as caught:
        read_recipe(wrong)
    assert str(wrong) in str(caught.value) and message in str(caught.value)


def test_a_stage_that_a_recipe_does_not_name_has_its_defaults(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text('name = "short"\n')
    assert read_recipe(path).stages == {name: entry.config() for name, entry in STAGES.items()}


def test_fields_of_earlier_recipes_are_read(tmp_path):
    path = tmp_path / "old.toml"
    path.write_text('name = "old"\n[stages.vocoder.losses]\njudges_per_step = 3\n')
    assert read_recipe(path).stages["vocoder"].losses.discriminators_per_step == 3


def test_a_recipe_may_extend_another(recipe_file, tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(recipe_file.read_text())
    further = tmp_path / "further.toml"
    further.write_text('extends = "base.toml"\n[stages.clvp.loop]\nsteps = 7\n[corpus]\nhours = 2.0\n')
    before = read_recipe(base)
    after = read_recipe(further)
    assert after.stages["clvp"].loop == replace(before.stages["clvp"].loop, steps=7)
    assert after.corpus == replace(before.corpus, hours=2.0)
    assert (
        after.stages["clvp"].buckets == before.stages["clvp"].buckets and after.stages["dvae"] == before.stages["dvae"]
    )
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
    assert {role: manifest.entry(role).config for role in manifest.networks} == dict(recipe.networks)
