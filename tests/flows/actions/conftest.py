"""An empty inbox, and a runner that a test steers."""

import pytest

from flows.actions import inbox
from flows.services import open_services, read_settings
from tests.flows.actions.dropping import Runner


@pytest.fixture
def services(home, monkeypatch):
    monkeypatch.setenv("TALEPRESS_INBOX__SETTLE_S", "0")
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def runner(services):
    return Runner(services)


@pytest.fixture
def folders(services):
    made = inbox.folders_of(services.settings)
    made.make()
    return made
