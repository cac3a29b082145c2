"""`talepress detect`: what is said of how probable it is that TorToise spoke."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tortoise_core.inference import detection

HEARD = {"a.wav": 0.49994, "b.wav": 0.5, "c.wav": 0.98765}


@pytest.fixture
def loaded(home, monkeypatch):
    """Which detectors were loaded: each knows the recordings."""
    models = []
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__DEVICE", "cpu")

    def load(model, device):
        models.append((model, device))
        return SimpleNamespace(probability=lambda clip: HEARD[clip.name])

    monkeypatch.setattr(detection, "load_detector", load)
    return models


def test_every_recording_is_heard_by_the_configured_model(loaded, talepress):
    ended = talepress("detect", *HEARD, "--json")
    assert ended.json == {"clips": [{"path": clip, "probability": round(p, 4)} for clip, p in HEARD.items()]}
    assert [device for _, device in loaded] == ["cpu"]


@pytest.mark.usefixtures("loaded")
def test_half_is_probable(talepress):
    rows = [line for line in talepress("detect", *map(Path, HEARD)).out.splitlines() if ".wav" in line]
    assert ["probably not" in row for row in rows] == [True, False, False]
    assert ["probably TorToise" in row for row in rows] == [False, True, True]
    assert "98.8%" in rows[2]
