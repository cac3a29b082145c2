"""What tests of takes, decisions and their pages begin with."""

import pytest

from storage.records import Verdict
from storage.repository import _queries
from tests.storage.builders import SOURCE, make_book, make_take, save_keyed

FIRST = "key of text 0.0."


@pytest.fixture
def one_key_a_statement(monkeypatch):
    """Has every list of keys need several statements, as those of a long book do."""
    monkeypatch.setattr(_queries, "_CHUNK", 1)


@pytest.fixture
def takes(uow):
    """A book of 2 x 3 utterances; the first has three takes, of which the second passed the checks and is in use."""
    keyed = save_keyed(uow, make_book())
    verdicts = (Verdict.DOUBTFUL, Verdict.OK, Verdict.DOUBTFUL)
    made = [make_take(FIRST, attempt, verdict) for attempt, verdict in enumerate(verdicts)]
    others = [make_take(item.key, verdict=Verdict.DOUBTFUL) for item in keyed[1:]]
    uow.takes.add([*made, *others])
    uow.takes.choose_acceptable(SOURCE)
    uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in others})
    return [take.key for take in made]
