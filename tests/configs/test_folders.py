"""Where a library lies on each platform: another folder, and everybody's books seem to be gone."""

from pathlib import Path

import pytest

from configs.folders import default_data_folder


@pytest.fixture
def home(monkeypatch, tmp_path):
    for name in ("TALEPRESS_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {}, ".local/share/talepress"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/talepress"),
        ("linux", {"XDG_DATA_HOME": ""}, ".local/share/talepress"),
        ("linux", {"LOCALAPPDATA": "/wrong"}, ".local/share/talepress"),
        ("freebsd14", {"XDG_DATA_HOME": "/data"}, "/data/talepress"),
        ("darwin", {"XDG_DATA_HOME": "/wrong"}, "Library/Application Support/talepress"),
        ("win32", {"XDG_DATA_HOME": "/wrong"}, "AppData/Local/talepress"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/talepress"),
        ("linux", {"TALEPRESS_HOME": "/mine", "XDG_DATA_HOME": "/wrong"}, "/mine"),
        ("darwin", {"TALEPRESS_HOME": "/mine"}, "/mine"),
        ("linux", {"TALEPRESS_HOME": ""}, ".local/share/talepress"),
    ],
)
def test_a_library_lies_where_the_platform_keeps_such_things_or_where_somebody_wants_it(
    home, monkeypatch, platform, variables, place
):
    monkeypatch.setattr("sys.platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_data_folder() == home / place


def test_a_folder_of_ones_own_may_be_written_from_the_home_or_from_here(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    for written, place in (("~/tales", home / "tales"), ("tales", home / "tales")):
        monkeypatch.setenv("TALEPRESS_HOME", written)
        assert default_data_folder() == place
