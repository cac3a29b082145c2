"""Prefect's server listens where it is told to, and nowhere else."""

from flows.operate import server


def test_the_server_listens_where_it_is_told_to(monkeypatch):
    asked = {}
    monkeypatch.setattr(server.uvicorn, "run", lambda app, **options: asked.update(options, app=app))
    server.serve("127.0.0.1", 4209)
    assert (asked["host"], asked["port"]) == ("127.0.0.1", 4209)
    assert (asked["app"], asked["factory"], asked["lifespan"]) == ("prefect.server.api.server:create_app", True, "on")
    assert asked["log_level"] == "error"
    assert 0 < asked["timeout_graceful_shutdown"] < 5  # `talepress up` gives it five seconds
