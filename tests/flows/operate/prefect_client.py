"""A Prefect client that notes what it is asked, in the place of a server: for what is decided of its answers."""

from __future__ import annotations

from contextlib import contextmanager


def answer(monkeypatch, module, client):
    """Has a module ask this client."""

    @contextmanager
    def get_client(*, sync_client):
        assert sync_client is True
        yield client

    monkeypatch.setattr(module, "get_client", get_client)
    return client
