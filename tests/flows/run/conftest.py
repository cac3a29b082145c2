"""An order of the small book, and the row of its run."""

import pytest

from flows.order.order import prepare
from flows.order.request import Request
from flows.run.row import open_row
from flows.services import open_services, read_settings


@pytest.fixture
def order(voiced_home, book, tmp_path):
    with open_services(read_settings()) as services:
        yield prepare(services, Request(book=str(book), out=str(tmp_path / "out")))


@pytest.fixture
def run_id(order):
    return open_row(order, "book_to_audio")
