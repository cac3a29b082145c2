"""The worst heard takes of a book, each with its place and what was heard."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.actions import worst
from flows.actions.worst import BadlyHeard, worst_heard
from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import PauseKind, Utterance
from storage.repository import HeardUtterance
from tasks.errors import BadInputError
from tests.storage.builders import make_take

SAID = HeardWord(0, 3, HowHeard.SAID, 0.0, 0.2, 0.01)
LOST = HeardWord(4, 9, HowHeard.MISSING, 2.0, 2.2, 0.9)


def ask(monkeypatch, found):
    """Asks for two of a book of which this was heard. Returns the answer, and which takes were asked for."""
    asked = []

    @contextmanager
    def snapshot():
        yield SimpleNamespace(
            hearings=SimpleNamespace(worst=lambda source, count: asked.append((source, count)) or found)
        )

    services = SimpleNamespace(database=SimpleNamespace(snapshot=snapshot))
    monkeypatch.setattr(worst, "known_source", lambda services, book: f"source of {book}")
    return worst_heard(services, Path("oz.md"), 2), asked


def test_each_take_has_its_place_as_retry_takes_it_and_what_was_heard(monkeypatch):
    utterance = Utterance(2, 4, 0, 0, 19, "The lamps were lit!", "The lamps were lit.", PauseKind.SENTENCE)
    take = make_take("key")
    heard = HeardUtterance("Three", utterance, take, Hearing("ears", (SAID, LOST), 0.5))
    answer, asked = ask(monkeypatch, (heard,))
    assert asked == [("source of oz.md", 2)]
    reasons = ("may have dropped 'lamps' at 0:02",)
    assert answer == (BadlyHeard("3:5", "Three", "The lamps were lit.", 0.5, reasons, take.key),)
    assert answer[0].as_json() == {
        "place": "3:5",
        "chapter": "Three",
        "text": "The lamps were lit.",
        "score": 0.5,
        "reasons": reasons,
        "take": take.key,
    }


def test_where_nobody_listened_the_remedy_is_said(monkeypatch):
    with pytest.raises(BadInputError, match=r"oz.md: nobody has listened .* qa.listen = "):
        ask(monkeypatch, ())
