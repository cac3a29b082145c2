"""Settings: which source wins, what default.toml must hold, and what a bad setting is told."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from configs import settings as settings_module
from configs.folders import default_data_folder
from configs.settings import PauseSettings, Settings, SettingsError, load_settings
from storage.records import PauseKind

CONFIGS = Path(settings_module.__file__).parent


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No variables and no user file but those of the test."""
    for name in [name for name in os.environ if name.startswith("TALEPRESS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def leaves(model: type[BaseModel]) -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        nested = leaves(kind) if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        found |= {f"{name}.{leaf}" for leaf in nested} if nested else {name}
    return found


def flat(tree: dict) -> set[str]:
    return {
        f"{name}.{leaf}" if leaf else name
        for name, value in tree.items()
        for leaf in ((flat(value) if isinstance(value, dict) else set()) or {""})
    }


def test_default_toml_holds_every_setting_and_nothing_else():
    known = leaves(Settings)
    written = flat(tomllib.loads((CONFIGS / "default.toml").read_text()))
    tables = {name: name.rpartition(".")[0] for name in written if name.rpartition(".")[0] in known}  # of any keys
    assert {tables.get(name, name) for name in written} == known


def test_the_defaults_that_the_design_names():
    settings = load_settings()
    assert settings.stitch.pauses.model_dump() == {
        "clause": 0.25, "sentence": 0.5, "paragraph": 0.8, "verse_line": 0.35, "stanza": 1.0,
        "scene": 1.8, "heading": 1.5, "chapter": 2.0,
    }  # fmt: skip
    assert (settings.master.target_lufs, settings.master.ceiling_dbtp) == (-19.0, -3.5)
    assert (settings.synthesize.model, settings.synthesize.preset, settings.synthesize.voice) == (
        "tortoise_mini",
        "fast",
        "joe",
    )
    assert settings.qa.retakes == 2


def test_every_pause_kind_has_a_length():
    assert set(PauseSettings.model_fields) == {kind.value for kind in PauseKind}


@pytest.mark.parametrize("profile", sorted(path.stem for path in (CONFIGS / "profiles").glob("*.toml")))
def test_every_profile_loads(monkeypatch, profile):
    defaults = load_settings()
    monkeypatch.setenv("TALEPRESS_PROFILE", profile)
    assert load_settings() != defaults


def test_later_sources_win(monkeypatch, tmp_path):
    def retry_settings(**overrides):
        execution = load_settings(**overrides).execution
        return execution.task_retries, execution.retry_backoff_s, execution.retry_jitter

    assert retry_settings() == (3, 2.0, 0.5)
    monkeypatch.setenv("TALEPRESS_PROFILE", "test")
    assert retry_settings() == (1, 0.05, 0.5)
    (tmp_path / "talepress.toml").write_text("[execution]\nretry_backoff_s = 7.0\n")
    assert retry_settings() == (1, 7.0, 0.5)
    monkeypatch.setenv("TALEPRESS_EXECUTION__RETRY_BACKOFF_S", "8")
    monkeypatch.setenv("TALEPRESS_EXECUTION__RETRY_JITTER", "0.1")
    assert retry_settings() == (1, 8.0, 0.1)
    assert retry_settings(execution={"retry_backoff_s": 9.0}) == (1, 9.0, 0.1)


def test_a_named_file_is_read_instead_of_the_one_in_the_folder(monkeypatch, tmp_path):
    (tmp_path / "talepress.toml").write_text("[qa]\nretakes = 7\n")
    (tmp_path / "mine.toml").write_text('[synthesize]\nvoice = "awb"\n')
    monkeypatch.setenv("TALEPRESS_CONFIG", str(tmp_path / "mine.toml"))
    settings = load_settings()
    assert (settings.synthesize.voice, settings.qa.retakes) == ("awb", 2)


def test_deep_settings_from_the_environment(monkeypatch):
    monkeypatch.setenv("TALEPRESS_STITCH__PAUSES__CLAUSE", "0.3")
    monkeypatch.setenv("TALEPRESS_INGEST__ALSO_READ", '["nav"]')
    settings = load_settings()
    assert (settings.stitch.pauses.clause, settings.stitch.pauses.sentence) == (0.3, 0.5)
    assert settings.ingest.also_read == ("nav",)


def test_nothing_changes_after_loading():
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.qa.retakes = 3
    with pytest.raises(ValidationError):
        settings.qa = settings.qa


@pytest.mark.parametrize(
    ("variables", "file", "overrides", "message"),
    [
        ({}, "[qa]\nretake = 1", {}, r"unknown setting qa\.retake \(from .*talepress\.toml\): did you mean retakes\?"),
        ({}, "[quality]\nx = 1", {}, r"unknown setting quality \(from .*talepress\.toml\): known are ingest"),
        ({}, "[stitch.pauses]\nclauses = 1", {}, r"unknown setting stitch\.pauses\.clauses .* did you mean clause\?"),
        ({}, "[qa]\nretakes = -1", {}, r"bad setting qa\.retakes = -1 \(from .*talepress\.toml\): .*greater"),
        ({}, "qa = 3", {}, r"'qa' in talepress\.toml must be a section"),
        ({}, "[qa\n", {}, r"settings file talepress\.toml cannot be read"),
        ({}, "[master]\ntarget_lufs = nan", {}, r"bad setting master\.target_lufs"),
        ({}, "", {"qa": {"retakes": "many"}}, r"bad setting qa\.retakes = 'many' \(from the command line\)"),
        ({}, "", {"synthesize": {"precision": "half"}}, r"precision = 'half' .*'float32'"),
        ({"TALEPRESS_QA__RETAKS": "1"}, "", {}, r"qa\.retaks \(from environment variable TALEPRESS_QA__RETAKS\)"),
        ({"TALEPRESS_QQ__RETAKES": "1"}, "", {}, r"unknown section in environment variable TALEPRESS_QQ__RETAKES"),
        ({"TALEPRESS_QA_RETAKES": "1"}, "", {}, r"TALEPRESS_QA_RETAKES: put two underscores"),
        ({"TALEPRESS_INGEST__ALSO_READ": "nav"}, "", {}, r"write a list as JSON"),
        ({"TALEPRESS_PROFILE": "nope"}, "", {}, r"no profile 'nope': set TALEPRESS_PROFILE to one of gpu, test"),
        ({"TALEPRESS_PROFILE": "../default"}, "", {}, r"no profile '\.\./default'"),
        ({"TALEPRESS_CONFIG": "absent.toml"}, "", {}, r"settings file absent\.toml cannot be read"),
    ],
)
def test_a_bad_setting_gets_one_clear_line(monkeypatch, tmp_path, variables, file, overrides, message):
    (tmp_path / "talepress.toml").write_text(file)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(**overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("review", "address", "https://review.example.org/books"),  # pages are at the root
        ("review", "address", "https://review.example.org/"),
        ("review", "address", "https://review example.org"),
        ("review", "address", "javascript://review.example.org"),
        ("review", "address", "review.example.org"),
        ("execution", "dask_address", "scheduler:8786"),
        ("execution", "dask_address", "tcp://a b"),
        ("notify", "addresses", ["ann@example.org"]),
    ],
)
def test_what_is_no_address_is_refused(section, key, value):
    with pytest.raises(SettingsError, match=f"bad setting {section}.{key}"):
        load_settings(**{section: {key: value}})


def test_other_variables_are_not_ours():
    os.environ["TALEPRESS_SOMETHING"] = "1"
    try:
        load_settings()
    finally:
        del os.environ["TALEPRESS_SOMETHING"]


def test_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_data_folder() == tmp_path / "xdg" / "talepress"
    monkeypatch.setenv("TALEPRESS_HOME", str(tmp_path / "home"))
    storage = load_settings().storage
    assert storage.folder == tmp_path / "home"
    assert storage.artifacts == str(tmp_path / "home" / "artifacts")
    assert storage.models == tmp_path / "home" / "models"
    chosen = load_settings(storage={"data_dir": "here", "database_url": "postgresql://x/y"}).storage
    assert chosen.folder == tmp_path / "here"
    assert chosen.database == "postgresql://x/y"


@pytest.mark.parametrize(
    ("review", "address"),
    [
        ({}, "http://127.0.0.1:4210"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:4210"),  # every address of this machine: no browser goes there
        ({"host": "::"}, "http://127.0.0.1:4210"),
        ({"host": "::1"}, "http://[::1]:4210"),
        ({"host": "desk.lan", "port": 80}, "http://desk.lan:80"),
        ({"host": "0.0.0.0", "address": "https://review.example.org"}, "https://review.example.org"),
    ],
)
def test_links_lead_to_where_the_page_can_be_reached(review, address):
    assert load_settings(review=review).review.page_address == address


@pytest.mark.parametrize("name", ["plain", "with space", "what?x=1", "50%20#1"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(tmp_path, name):
    from storage.database import database_name

    url = load_settings(storage={"data_dir": str(tmp_path / name)}).storage.database
    assert database_name(url) == str(tmp_path / name / "talepress.db")


@pytest.mark.parametrize(("platform", "part"), [("darwin", "Library"), ("win32", "Local")])
def test_the_data_folder_of_other_platforms(monkeypatch, platform, part):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert part in default_data_folder().parts
