"""Records are frozen, documented, and travel between processes."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from storage import records
from tests.storage.builders import make_book, make_script, make_take

RECORDS = [value for value in vars(records).values() if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_are_frozen_and_documented(record):
    assert record.__dataclass_params__.frozen
    assert record.__doc__


def test_records_travel_between_processes():
    book = make_book()
    for value in (book, make_script(book), make_take("k")):
        assert pickle.loads(pickle.dumps(value)) == value


def test_seconds_of_a_take():
    assert make_take("k", samples=36_000, sample_rate=24_000).seconds == 1.5
