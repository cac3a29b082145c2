"""Settings: which source wins, what default.toml must hold, and what a bad setting is told."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from configs import settings as settings_module
from configs.folders import default_data_folder
from configs.settings import IngestSettings, PauseSettings, Settings, SettingsError, load_settings
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


@pytest.mark.parametrize(
    ("section", "key", "least", "too_little"),
    [
        *(
            ("ingest", key, 1, 0)
            for key in (
                "max_file_bytes",
                "max_archive_bytes",
                "max_unit_bytes",
                "max_compression_ratio",
                "max_archive_members",
            )
        ),
        ("segment", "max_chars", 20, 19),
        ("segment", "min_chars", 0, -1),
        ("synthesize", "diffusion_steps", 0, -1),
        ("synthesize", "batch_size", 1, 0),
        ("synthesize", "batch_seconds", 1, 0.99),
        ("qa", "retakes", 0, -1),
        ("qa", "max_clipped_share", 0, -0.01),
        ("qa", "max_dc_offset", 0, -0.01),
        ("qa", "min_seconds_per_char", 0, -0.01),
        ("qa", "max_inner_silence_s", 0, -0.01),
        ("stitch", "head_s", 0, -0.01),
        ("stitch", "tail_s", 0, -0.01),
        ("master", "target_lufs", -40, -40.1),
        ("master", "ceiling_dbtp", -20, -20.1),
        ("package", "aac_bitrate_kbps", 24, 23),
        ("package", "part_hours", 0.01, 0),
        ("review", "port", 0, -1),
        ("voices", "max_clips", 1, 0),
        ("voices", "max_clip_bytes", 1, 0),
        ("voices", "min_clip_s", 0, -0.1),
        ("execution", "threads", 1, 0),
        ("execution", "dask_workers", 0, -1),
        ("execution", "task_retries", 0, -1),
        ("execution", "max_flagged_share", 0, -0.01),
        ("execution", "server_start_timeout_s", 1, 0.9),
        ("production", "port", 0, -1),
        ("production", "workers", 0, -1),
        ("production", "tries", 1, 0),
        ("production", "keep_days", 1, 0),
        ("inbox", "settle_s", 0, -0.1),
        ("inbox", "ahead", 1, 0),
        ("synthesize", "model", "x", ""),
        ("package", "name", "x", ""),
        ("package", "narration", " abc ", " ab "),
        ("package", "disclosure", "abc", "ab"),
    ],
)
def test_the_least_that_a_setting_may_be(section, key, least, too_little):
    assert load_settings(**{section: {key: least}})
    with pytest.raises(SettingsError, match=rf"^bad setting {section}\.{key} = "):
        load_settings(**{section: {key: too_little}})


@pytest.mark.parametrize(
    ("section", "key", "most", "too_much"),
    [
        ("synthesize", "diffusion_steps", 4000, 4001),
        ("qa", "min_rms_dbfs", 0, 0.1),
        ("qa", "max_clipped_share", 1, 1.01),
        ("qa", "max_tail_db", 0, 0.1),
        ("qa", "min_spelled_per_char", 0, 0.1),
        ("master", "target_lufs", -9, -8.9),
        ("master", "ceiling_dbtp", 0, 0.1),
        ("package", "aac_bitrate_kbps", 320, 321),
        ("package", "part_hours", 23, 23.1),
        ("review", "port", 65535, 65536),
        ("execution", "max_flagged_share", 1, 1.01),
        ("production", "port", 65535, 65536),
    ],
)
def test_the_most_that_a_setting_may_be(section, key, most, too_much):
    assert load_settings(**{section: {key: most}})
    with pytest.raises(SettingsError, match=rf"^bad setting {section}\.{key} = "):
        load_settings(**{section: {key: too_much}})


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("candidates", (1,), (0,)),
        ("temperature", (0.01, 10), (0, 10.1)),
        ("top_k", (0,), (-1,)),
        ("top_p", (0.01, 1), (0, 1.01)),
        ("typical_mass", (0, 0.99), (-0.01, 1)),
        ("repetition_penalty", (0.1, 100), (0.09, 101)),
        ("max_codes", (1,), (0,)),
        ("runaway_excess", (0, 100), (-0.1, 101)),
        ("cvvp_amount", (0, 1), (-0.1, 1.1)),
        ("cond_free_k", (0, 100), (-0.1, 101)),
        ("diffusion_temperature", (0, 2), (-0.1, 2.1)),
    ],
)
def test_what_shapes_a_take_has_bounds_and_may_be_as_in_the_preset(key, good, bad):
    assert load_settings().synthesize.sampling.changes() == {}
    for value in good:
        assert load_settings(synthesize={"sampling": {key: value}}).synthesize.sampling.changes() == {key: value}
    for value in bad:
        with pytest.raises(SettingsError, match=rf"synthesize\.sampling\.{key}"):
            load_settings(synthesize={"sampling": {key: value}})


def test_what_is_switched_off_for_a_take_is_a_change():
    sampling = load_settings(synthesize={"sampling": {"cond_free": False, "top_k": 0}}).synthesize.sampling
    assert sampling.changes() == {"cond_free": False, "top_k": 0}


def test_the_limits_against_hostile_files_that_are_shipped():
    assert load_settings().ingest.model_dump(
        include={name for name in IngestSettings.model_fields if "max" in name}
    ) == {
        "max_file_bytes": 2**30,
        "max_archive_bytes": 2**31,
        "max_unit_bytes": 2**25,
        "max_compression_ratio": 250,
        "max_archive_members": 20_000,
    }
    shipped = load_settings()
    assert shipped.voices.model_dump() == {
        "max_clips": 16,
        "max_clip_bytes": 100 << 20,
        "min_clip_s": 2.0,
        "max_clip_s": 60.0,
    }
    assert (shipped.review.host, shipped.production.host) == ("127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("review", "address", "http://desk:80"),
        ("review", "address", ""),
        ("execution", "dask_address", "tls://10.0.0.1:8786"),
        ("execution", "dask_address", ""),
        ("notify", "addresses", ["mailtos://user:password@example.org", "x+a-b.c1://y"]),
        ("notify", "addresses", []),
    ],
)
def test_what_is_an_address_is_taken(section, key, value):
    loaded = getattr(getattr(load_settings(**{section: {key: value}}), section), key)
    assert loaded == (tuple(value) if isinstance(value, list) else value)


def test_a_bad_setting_is_looked_for_in_the_strongest_source(monkeypatch, tmp_path):
    """What the user wrote, not what it would have replaced."""
    monkeypatch.setenv("TALEPRESS_PROFILE", "test")
    (tmp_path / "talepress.toml").write_text("[execution]\ntask_retries = -3\n[stitch]\nhead_s = 1.0\n")
    with pytest.raises(SettingsError, match=r"task_retries = -3 \(from talepress\.toml\)"):
        load_settings()
    monkeypatch.setenv("talepress_execution__task_retries", "-2")  # of any case
    with pytest.raises(SettingsError, match=r"= '-2' \(from environment variable TALEPRESS_EXECUTION__TASK_RETRIES\)"):
        load_settings()
    with pytest.raises(SettingsError, match=r"task_retries = -1 \(from the command line\)"):
        load_settings(execution={"task_retries": -1})
    with pytest.raises(SettingsError, match=r"bad setting .* equal to 0; bad setting .* equal to 0$"):
        load_settings(execution={"task_retries": -1}, stitch={"head_s": -1})


def test_a_value_where_a_section_belongs(tmp_path):
    (tmp_path / "talepress.toml").write_text("[stitch]\npauses = 3\n")
    with pytest.raises(SettingsError, match=r"bad setting stitch\.pauses = 3 \(from talepress\.toml\)"):
        load_settings()
    with pytest.raises(SettingsError, match=r"unknown setting stitch\.pauses\.sentense .* did you mean sentence\?"):
        load_settings(stitch={"pauses": {"sentense": 1}})


def test_a_data_folder_that_the_database_cannot_remember():
    for name in ("/\udcff", "~nobody-of-that-name/x"):
        with pytest.raises(SettingsError, match=r"^the data folder cannot be used \(.*set TALEPRESS_HOME to a folder"):
            load_settings(storage={"data_dir": name})


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
    assert load_settings(storage={"artifacts_url": "s3://x/y"}).storage.artifacts == "s3://x/y"
    monkeypatch.setenv("HOME", str(tmp_path / "ann"))
    assert load_settings(storage={"data_dir": "~/books"}).storage.folder == tmp_path / "ann" / "books"
    monkeypatch.setenv("TALEPRESS_HOME", "~/tales")
    assert default_data_folder() == tmp_path / "ann" / "tales"
    monkeypatch.delenv("TALEPRESS_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert default_data_folder() == tmp_path / "ann" / ".local" / "share" / "talepress"


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
    settings = load_settings(review=review).review
    assert settings.page_address == address
    assert settings.book_address("0123456789abcdef" * 4) == f"{address}/books/0123456789abcdef"


@pytest.mark.parametrize("name", ["plain", "with space", "what?x=1", "50%20#1"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(tmp_path, name):
    from storage.database import database_name

    url = load_settings(storage={"data_dir": str(tmp_path / name)}).storage.database
    assert database_name(url) == str(tmp_path / name / "talepress.db")
