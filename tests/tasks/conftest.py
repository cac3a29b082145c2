"""Settings and an artifact store for tests of stages."""

import os
from pathlib import Path

import pytest

from configs.settings import Settings, load_settings
from storage.artifacts import ArtifactStore


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The defaults, whatever the environment of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("TALEPRESS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # away from any talepress.toml
    return load_settings(storage={"data_dir": str(tmp_path / "data")})


@pytest.fixture
def store(settings: Settings) -> ArtifactStore:
    return ArtifactStore(settings.storage.artifacts)
