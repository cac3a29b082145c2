"""The real command line in processes of its own, with the fake engine, against one Prefect server for the module."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.run import server as _server
from tests.flows.samples import BOOK, add_voice

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 600
RUN = "from flows.cli.entry import main; main()"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # negative: killed by that signal
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Talepress:
    """Runs `talepress` in a data folder of its own."""

    def __init__(self, home, folder, environment):
        self.home = home
        self.folder = folder
        self.environment = {
            **environment,
            "TALEPRESS_HOME": str(home),
            "TALEPRESS_PROFILE": "test",
            "PYTHONPATH": str(ROOT),
        }

    def __call__(self, *arguments, before="", stdin=None, **environment):
        """Runs a command to its end. `before` is Python that is executed first: where a test plants a kill."""
        done = subprocess.run(
            [sys.executable, "-c", f"{before}\n{RUN}", *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def server_environment(tmp_path_factory):
    """The environment of commands that share one Prefect server."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "TALEPRESS_"))]:
        del os.environ[name]
    home = tmp_path_factory.mktemp("prefect")
    os.environ.update(_server.environment_defaults(home, start_timeout_s=800, verbose=False))
    try:
        with _server.prefect_server(start_timeout_s=800):
            yield {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    finally:
        os.environ.clear()
        os.environ.update(kept)


@pytest.fixture
def talepress(tmp_path, server_environment):
    """The command in a fresh data folder that knows the voice `tone`."""
    command = Talepress(tmp_path / "home", tmp_path, server_environment)
    (tmp_path / "book.md").write_text(BOOK, "utf-8")
    add_voice(command.home)
    return command
