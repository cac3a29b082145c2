"""Every number that may be set has its bounds, every choice its words, and no name may be empty."""

from __future__ import annotations

import os
import re

import pytest
from pydantic import BaseModel

from configs.settings import PauseSettings, Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No variables and no user file."""
    for name in [name for name in os.environ if name.startswith("TALEPRESS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def leaves(model: type[BaseModel], before: str = "") -> dict[str, object]:
    """The settings by their dotted names, with their types."""
    found = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= leaves(kind, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = kind
    return found


def load(name, value):
    *sections, key = name.split(".")
    tree = {key: value}
    for section in reversed(sections):
        tree = {section: tree}
    settings = load_settings(**tree)
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def refused(name, value):
    with pytest.raises(SettingsError, match=f"^bad setting {re.escape(name)}"):
        load(name, value)


NUMBERS = [name for name, kind in leaves(Settings).items() if kind in (int, float)]


@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_may_be_endless_or_none_at_all(name):
    assert len(NUMBERS) > 40
    for value in ("nan", "inf", "-inf", "many"):
        refused(name, value)


@pytest.mark.parametrize(
    "name",
    [
        "qa.max_seconds_per_char",
        "qa.duration_slack_s",
        "voices.max_clip_s",
        "execution.retry_backoff_s",
        "execution.retry_jitter",
        *(f"stitch.pauses.{kind}" for kind in PauseSettings.model_fields),
    ],
)
def test_time_does_not_run_backwards(name):
    assert load(name, 0) == 0
    refused(name, -0.01)


def test_takes_are_not_tried_less_than_never_for_any_preset():
    assert load("qa.retakes_by_ear", {"fast": 0})["fast"] == 0
    refused("qa.retakes_by_ear", {"fast": -1})


@pytest.mark.parametrize(("good", "bad"), [((16, 320), (15, 321))])
def test_bit_rates_of_a_read_along(good, bad):
    for value in good:
        assert load("package.readalong.bitrate_kbps", value) == value
    for value in bad:
        refused("package.readalong.bitrate_kbps", value)


CHOICES = {
    "ingest.notes": ("skip", "chapter-end", "inline"),
    "ingest.tables": ("rows", "announce"),
    "ingest.ruby": ("base", "reading"),
    "ingest.code": ("announce", "skip", "read"),
    "segment.locale": ("auto", "en-US", "en-GB"),
    "synthesize.precision": ("auto", "float32", "bfloat16", "int8"),
    "align.method": ("speller", "pocketsphinx"),
    "package.readalong.grain": ("sentence", "word"),
    "execution.runner": ("threads", "dask"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_may_be_chosen_is_taken_and_nothing_else(name):
    for value in CHOICES[name]:
        assert load(name, value) == value
    for value in ("", CHOICES[name][0].upper(), "other"):
        refused(name, value)


def test_every_choice_is_here():
    chosen = {name for name, kind in leaves(Settings).items() if "Literal" in str(kind)}
    assert chosen == set(CHOICES)


@pytest.mark.parametrize(
    "name",
    [
        "synthesize.engine",
        "synthesize.model",
        "synthesize.preset",
        "synthesize.voice",
        "synthesize.device",
        "synthesize.sampler",
        "qa.listen",
        "align.model",
        "package.name",
        "production.host",
    ],
)
def test_a_name_that_is_needed_may_not_be_empty(name):
    assert load(name, "x") == "x"
    refused(name, "")


@pytest.mark.parametrize("name", ["narration", "disclosure"])
def test_that_a_machine_reads_may_be_worded_otherwise_and_not_left_out(name):
    assert load(f"package.{name}", "  KI-Stimme ") == "KI-Stimme"
    for value in ("", "   ", " a "):
        refused(f"package.{name}", value)
