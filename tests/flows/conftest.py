"""What the flow tests share: a data folder with a voice, a small book, the command line, and Prefect's test server for
those that run flows. Prefect's environment comes before its import."""

import functools
import json
import os
import shutil
import sys
from dataclasses import dataclass

os.environ.update(
    {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }
)

import pytest
import typer

from flows.cli.main import main
from tasks.synthesize.engines import forget_engines
from tests.flows.samples import BOOK, add_voice


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory):
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=280):
        yield


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder, and the fake engine."""
    monkeypatch.setenv("TALEPRESS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TALEPRESS_PROFILE", "test")
    monkeypatch.chdir(tmp_path)
    forget_engines()
    yield tmp_path / "home"
    forget_engines()


@pytest.fixture(scope="session")
def made_voice(tmp_path_factory):
    """A folder with a data folder in which the test profile's voice is known: copying it is faster than making one."""
    folder = tmp_path_factory.mktemp("voiced")
    add_voice(folder / "home")
    return folder


@pytest.fixture
def voiced_home(home, made_voice, tmp_path):
    """A data folder in which the test profile's voice is known, and beside it the clip that it was made from."""
    shutil.copytree(made_voice, tmp_path, dirs_exist_ok=True)
    return home


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.md"
    path.write_text(BOOK, "utf-8")
    return path


@pytest.fixture
def misbehave(monkeypatch):
    """Gives this process a fake engine that is told to go wrong (see `FakeEngine.from_description`), or a sound one."""

    def order(description="sound"):
        monkeypatch.setenv("TALEPRESS_SYNTHESIZE__MODEL", description)
        forget_engines()

    return order


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


_made_command = functools.cache(typer.main.get_command)


@pytest.fixture
def talepress(monkeypatch, capsys):
    """The command line in this process, for commands that do not start Prefect: its environment is set once.

    Typer makes all commands of their functions' signatures whenever one is run, which costs more than most commands.
    """
    monkeypatch.setattr(typer.main, "get_command", _made_command)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["talepress", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(ended.value.code, captured.out, captured.err)

    return run
