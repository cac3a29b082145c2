"""Prefect's server: the user's own is named where it does not answer, ours ends with its command."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flows.run import server as _server
from tasks.errors import BadInputError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "file:///etc/hostname", "nonsense"])
def test_a_server_of_the_users_that_does_not_answer_is_named(monkeypatch, url):
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(BadInputError, match="PREFECT_API_URL") as error, _server.prefect_server(5):
        pass
    assert url in str(error.value)
    assert "\n" not in str(error.value)


def test_what_the_user_has_set_stays(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "prefect", raising=False)
    monkeypatch.setattr(os, "environ", {"PREFECT_HOME": "mine"})
    _server.prepare_environment(tmp_path, start_timeout_s=90, verbose=False)
    assert os.environ["PREFECT_HOME"] == "mine"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "90"


def test_the_server_process_ends_when_its_parent_does(tmp_path):
    """The kernel closes a killed parent's end of the pipe; closing it here is the same to the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child = subprocess.Popen(
            [sys.executable, "-m", "flows.run.server", str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env={**os.environ, "PREFECT_HOME": str(tmp_path)},
        )
    try:
        child.stdin.close()
        child.wait(240)
    finally:
        child.kill()
        child.wait()
    assert child.returncode != -9
