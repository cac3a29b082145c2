"""Prefect's server listens where it is told to, and nowhere else."""

import runpy
import sys

import pytest

from flows.operate import server


@pytest.mark.parametrize("as_a_process", [False, True])
def test_the_server_listens_where_it_is_told_to(monkeypatch, as_a_process):
    asked = {}
    monkeypatch.setattr(server.uvicorn, "run", lambda app, **options: asked.update(options, app=app))
    if as_a_process:
        monkeypatch.setattr(sys, "argv", ["server", "127.0.0.1", "4209"])
        runpy.run_path(server.__file__, run_name="__main__")
    else:
        server.serve("127.0.0.1", 4209)
    assert (asked["host"], asked["port"]) == ("127.0.0.1", 4209)
    assert (asked["app"], asked["factory"], asked["lifespan"]) == ("prefect.server.api.server:create_app", True, "on")
    assert asked["log_level"] == "error"
    assert 0 < asked["timeout_graceful_shutdown"] < 5  # `talepress up` gives it five seconds
