"""What synthesis sees to before it speaks, and what it commits of a batch."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.request import Request
from flows.run.synthesis import _commit
from flows.services import open_services, read_settings
from storage.records import Decision, DecisionKind, Take, Verdict
from tasks.qa.verdict import DOUBT
from tasks.synthesize.keys import take_key
from tasks.synthesize.render import SpokenBatch
from tests.storage.test_decisions import NOW

BEGIN = """
import sys
from flows.order.order import prepare
from flows.order.request import Request
from flows.run.synthesis import speak
from flows.services import open_services, read_settings
with open_services(read_settings()) as services:
    order = prepare(services, Request(book=sys.argv[1], out=sys.argv[2]))
    assert "torch" not in sys.modules, "preparing does without"
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    chapter = next(speak(order, order.keyed[-1:], None, lambda: False))
    print(chapter, "torch" in sys.modules and hasattr(sys.modules["torch"], "Tensor"))
"""


def test_torch_is_imported_whole_before_the_first_chapter_goes_to_mastering(book, voiced_home):
    """A run that is continued masters at once what was spoken before, while its first batch would import PyTorch."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN, str(book), str(book.parent / "out")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["0", "True"]), done.stderr


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """An order whose run has begun, and the run's row."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.books.assign_keys(order.source, order.keyed)
            run_id = uow.runs.start(order.source, "book_to_audio", {})
            uow.commit()
        yield order, SimpleNamespace(run_id=run_id, done=1, total=10)


def takes_of(key, *doubts):
    """Takes of one text, doubted so much each."""
    sound = Take("", key, 0, 1, "a" * 64, 24_000, 1000, Verdict.OK)
    return [
        replace(sound, key=take_key(key, n), attempt=n, verdict=Verdict.DOUBTFUL, scores={DOUBT: doubt})
        for n, doubt in enumerate(doubts)
    ]


@pytest.mark.parametrize(
    ("word", "used"),
    [((), 1), ((DecisionKind.REJECT, 1), 2), ((DecisionKind.CHOOSE, 0), 0), ((DecisionKind.REJECT, 2), 1)],
    ids=["nobody", "the best is rejected", "the worst is chosen", "another is rejected"],
)
@pytest.mark.parametrize("refused", [False, True], ids=["by people", "by this run"])
def test_of_a_texts_takes_the_best_is_used_that_nobody_rejects(order, word, used, refused):
    order, tracker = order
    key = order.keyed[0].key
    takes = takes_of(key, 3.0, 1.0, 2.0)
    database = order.services.database
    unwanted = frozenset()
    with database.unit_of_work() as uow:
        uow.takes.add(takes[:2])
        if word and refused and word[0] is DecisionKind.REJECT:
            unwanted = frozenset({takes[word[1]].key})
        uow.commit()
    if word and not unwanted:
        with database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.decisions.add(order.source, Decision(word[0], "Ann", NOW, take_key=takes[word[1]].key))
            uow.commit()
    _commit(order, {key}, SpokenBatch(tuple(takes[2:]), 0.0), tracker, unwanted)
    with database.snapshot() as uow:
        assert uow.takes.choices(order.source) == {key: takes[used].key}
        assert (uow.runs.get(tracker.run_id).done, uow.runs.get(tracker.run_id).total) == (1, 10)
