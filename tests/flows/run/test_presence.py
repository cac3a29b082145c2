"""A run says which process runs it, and what it is about."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from flows.run import presence
from storage.processes import this_process
from tests.flows.operate.prefect_client import answer


@pytest.fixture
def noted(monkeypatch):
    """What the server was told, and the id of the run."""
    told = []

    class Client:
        def update_flow_run_labels(self, run_id, labels):
            told.append((run_id, labels))

        def update_flow_run(self, run_id, *, name, tags):
            told.append((run_id, name, tags))

    run_id = uuid4()
    answer(monkeypatch, presence, Client())
    under_way = SimpleNamespace(id=str(run_id), tags=["inbox", "tone"])
    monkeypatch.setattr(presence, "runtime", SimpleNamespace(flow_run=under_way))
    return told, run_id


def test_the_process_is_a_label_by_which_it_is_looked_for(noted):
    told, run_id = noted
    presence.introduce_process()
    assert told == [(run_id, {"talepress.process": this_process()})]


def test_a_run_is_named_and_tagged_by_book_voice_and_preset_and_keeps_its_tags(noted):
    told, run_id = noted
    order = SimpleNamespace(
        book=SimpleNamespace(title="The Book"),
        voice=SimpleNamespace(name="tone"),
        services=SimpleNamespace(settings=SimpleNamespace(synthesize=SimpleNamespace(preset="fast"))),
    )
    presence.introduce_book(order)
    assert told == [(run_id, "The Book · tone", ["inbox", "tone", "fast"])]
