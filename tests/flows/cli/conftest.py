"""Runs the command line in this process. Only commands that do not start Prefect: its environment is set once."""

import json
import sys
from dataclasses import dataclass

import pytest

from flows.cli.main import main


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def talepress(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["talepress", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(ended.value.code, captured.out, captured.err)

    return run
