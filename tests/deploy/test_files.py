"""The files for servers, as far as a machine without a daemon can check them: what they name is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings

from configs.settings import Settings, load_settings
from flows.actions.review import TOKEN_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
EXAMPLE = dict(
    line.split("=", 1) for line in (DEPLOY / ".env.example").read_text("utf-8").splitlines() if re.match(r"\w+=", line)
)
MODULE = re.compile(r"-m (flows[\w.]+)|\"-m\", \"(flows[\w.]+)\"")
OF_PREFECT_PAGE = {"PREFECT_UI_API_URL"}  # an older name that Prefect still reads, and its documentation gives


def variables(text):
    return set(re.findall(r"\b((?:TALEPRESS|PREFECT)_[A-Z0-9_]+)\b", text)) - {"PREFECT_PASSWORD_HASH"}


def is_setting(name):
    """Whether a variable is one of our settings, or one of Prefect's."""
    if name.startswith("TALEPRESS_"):
        section, _, key = name.removeprefix("TALEPRESS_").lower().partition("__")
        if not key:
            return name in ("TALEPRESS_HOME", "TALEPRESS_PROFILE", "TALEPRESS_CONFIG", TOKEN_VARIABLE)
        return section in Settings.model_fields and key in Settings.model_fields[section].annotation.model_fields
    return name in OF_PREFECT_PAGE or name in prefect_names(PrefectSettings)


def prefect_names(model):
    """All variables that Prefect's settings read."""
    names = set()
    for name, info in model.model_fields.items():
        nested = info.annotation
        if isinstance(nested, type) and hasattr(nested, "model_fields"):
            names |= prefect_names(nested)
        names.add((model.model_config.get("env_prefix") or "PREFECT_").upper() + name.upper())
        names |= {str(alias).upper() for alias in getattr(info.validation_alias, "choices", ())}
    return names


@pytest.mark.parametrize("path", [*UNITS, *DEPLOY.glob("*.*")], ids=lambda path: path.name)
def test_every_variable_is_a_setting_and_every_module_is_there(path):
    text = path.read_text("utf-8")
    assert [name for name in variables(text) if not is_setting(name)] == []
    for found in MODULE.findall(text):
        assert (ROOT / (next(filter(None, found)).replace(".", "/") + ".py")).is_file()


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^ExecStart=talepress (.+)$", "\n".join(u.read_text() for u in UNITS), re.M)))
)
def test_every_command_is_one_of_ours(command):
    shown = subprocess.run(
        [sys.executable, "-m", "flows.cli.entry", *command.split(), "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr


def test_every_variable_of_the_compose_file_is_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert asked <= set(EXAMPLE)


def test_what_the_compose_file_refers_to_is_in_it():
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other]
        named = [volume.split(":")[0] for volume in service.get("volumes", ()) if volume[0].isalpha()]
        assert set(named) <= set(COMPOSE["volumes"])
        assert {config["source"] for config in service.get("configs", ())} <= set(COMPOSE["configs"])
    assert (DEPLOY / services["server"]["build"]["context"] / services["server"]["build"]["dockerfile"]).is_file()
    published = [port for service in services.values() for port in service.get("ports", ())]
    settings = load_settings()
    pages = {settings.production.port, settings.review.port}
    assert sorted(published) == [f"127.0.0.1:{port}:{port}" for port in sorted(pages)]  # a proxy goes before them


def test_the_review_page_in_the_container_is_reached_by_who_has_the_token():
    box = COMPOSE["services"]["box"]["environment"]
    assert box["TALEPRESS_REVIEW__HOST"] == "0.0.0.0"
    assert len(EXAMPLE[TOKEN_VARIABLE]) >= 16 and f"${{{TOKEN_VARIABLE}:?" in box[TOKEN_VARIABLE]


def test_the_image_holds_every_package_and_installs_extras_that_exist():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert {copied for copied, _ in re.findall(r"^COPY (\w+) (\w+)$", dockerfile, re.M)} == packages
    (extras,) = re.findall(r"\"\.\[([\w,]+)\]\"", dockerfile)
    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_to_say_of_a_unit(unit, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for path in UNITS:  # units that name each other are looked up in the same folder
        text = path.read_text("utf-8")
        programs = text.replace("ExecStart=talepress", "ExecStart=/bin/true").replace("=python3", f"={sys.executable}")
        (tmp_path / path.name).write_text(programs, "utf-8")
    name = unit.name.replace("@.", "@0.")
    if name != unit.name:
        (tmp_path / unit.name).rename(tmp_path / name)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert said.stdout + said.stderr == ""  # its exit code is 0 even for mistakes
