"""What synthesis sees to before it speaks, and what it commits of a batch."""

import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.run.synthesis import _commit, _items, _next_attempt, _refuse_takes, _UnderWay, _Unfinished
from flows.services import open_services, read_settings
from storage.errors import NotFoundError
from storage.records import Decision, DecisionKind, Take, Verdict
from tasks.qa.verdict import DOUBT
from tasks.synthesize.keys import take_key
from tasks.synthesize.render import SpokenBatch
from tests.storage.repository.test_decisions import NOW

BEGIN = """
import sys
from dataclasses import replace
from flows.order.order import prepare
from flows.order.request import Request
from flows.run.jobs import render_job
from flows.run.synthesis import speak
from flows.services import open_services, read_settings
from tasks.synthesize.batches import RenderItem
from tasks.synthesize.engines import ENGINES
from tasks.synthesize.render import run_job
with open_services(read_settings()) as services:
    order = prepare(services, Request(book=sys.argv[1], out=sys.argv[2]))
    assert "torch" not in sys.modules, "preparing does without"
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    ENGINES["fake"] = replace(ENGINES["fake"], has_networks=sys.argv[3] == "networks")
    chapter = next(speak(order, order.keyed[-1:], None, lambda: False))
    print(chapter, "torch" in sys.modules and hasattr(sys.modules["torch"], "Tensor"))
    run_job(render_job(order, ((RenderItem("a" * 64, "No.", 0),),)))
    print("torch" in sys.modules)
"""


@pytest.mark.parametrize(("kind", "imported"), [("networks", "True"), ("tones", "False")])
def test_torch_is_imported_whole_before_the_first_chapter_goes_to_mastering(book, voiced_home, kind, imported):
    """A run that is continued masters at once what was spoken before, while its first batch would import PyTorch.

    An engine that has no networks speaks without it, which is a quarter of a GB that such a run does not hold.
    """
    done = subprocess.run(
        [sys.executable, "-c", BEGIN, str(book), str(book.parent / "out"), kind],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["0", imported, imported]), done.stderr


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


@pytest.mark.parametrize("committed", [True, False])
def test_receipts_are_dropped_when_the_rows_are_there_and_not_before(order, committed, monkeypatch):
    order, tracker = order
    key = order.keyed[0].key
    (take,) = takes_of(key, 1.0)
    order.services.store.give_receipts({take.key: take.audio_sha256})
    if not committed:
        tracker = SimpleNamespace(run_id="nobody's", done=1, total=10)
    with nullcontext() if committed else pytest.raises(NotFoundError):
        _commit(order, {key}, SpokenBatch((take,), 0.0), tracker, frozenset())
    assert (order.services.store.receipts([take.key]) == {}) is committed


@pytest.mark.parametrize(
    ("made", "rejected", "attempt"),
    [
        ((), (), 0),
        ((0,), (), 1),
        ((0, 1), (), 2),
        ((1,), (), 0),  # the first was lost: it is spoken again, with its own seed
        ((0, 2), (), 1),
        ((), (0,), 1),  # it would come out the same
        ((1,), (0,), 2),
        ((0,), (1, 2), 3),
        ((0,), (0,), 1),
    ],
)
def test_the_next_attempt_is_the_first_that_is_neither_there_nor_rejected(made, rejected, attempt):
    takes = takes_of("k", *[0.0] * 3)
    assert _next_attempt("k", [takes[n] for n in made], {take_key("k", n) for n in rejected}) == attempt
    assert _next_attempt("k", [takes[n] for n in made], {take_key("other", n) for n in range(5)}) not in made


def test_what_is_spoken_carries_its_text_its_voice_and_its_attempt(order):
    order, _ = order
    first, second, *_ = order.keyed
    with order.services.database.unit_of_work() as uow:
        uow.takes.add([*takes_of(first.key, 1.0), *takes_of(second.key, 1.0)])
        word = Decision(DecisionKind.REJECT, "Ann", NOW, take_key=take_key(second.key, 1))
        uow.takes.add(takes_of(second.key, 1.0, 1.0))
        uow.decisions.add(order.source, word)
        uow.takes.mark_lost([take_key(second.key, 1)])
        uow.commit()
    voiced = replace(second, utterance=replace(second.utterance, voice="low"))
    items = _items(order, [voiced, first])
    assert [(item.utterance_key, item.spoken, item.attempt, item.voice) for item in items] == [
        (second.key, second.utterance.spoken, 2, "low"),
        (first.key, first.utterance.spoken, 1, ""),
    ]


@pytest.mark.parametrize(("only", "refused"), [("", []), ("1:1", [0]), ("1:1,1:2", [0, 1]), ("1:3", [])])
def test_takes_of_places_that_a_retrial_names_are_refused_for_good_and_no_others(order, only, refused):
    order, _ = order
    utterances = order.keyed[:2]
    with order.services.database.unit_of_work() as uow:
        for item in utterances:
            uow.takes.add(takes_of(item.key, 1.0, 2.0))
        uow.commit()
    asked = replace(order, request=Retrial(book=order.request.book, out=order.request.out, only=only))
    expected = {take_key(utterances[n].key, attempt) for n in refused for attempt in (0, 1)}
    assert _refuse_takes(asked, utterances) == expected
    with order.services.database.snapshot() as uow:
        assert uow.takes.rejected(order.source) == expected
        words = uow.decisions.holding(order.source)
    assert {word.who for word in words} == ({"talepress retry --only"} if refused else set())


def test_a_request_that_is_no_retrial_refuses_nothing(order):
    order, _ = order
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(takes_of(order.keyed[0].key, 1.0))
        uow.commit()
    assert _refuse_takes(order, order.keyed) == frozenset()


def test_a_chapter_is_done_once_all_of_its_texts_are_and_is_told_once(order):
    order, _ = order
    chapters = {chapter: [i for i in order.keyed if i.utterance.chapter_index == chapter] for chapter in order.chapters}
    todo = [chapters[0][0], *chapters[1]]
    unfinished = _Unfinished(order, todo)
    assert unfinished.chapters_done() == [2], "nothing of it is to be spoken"
    assert (bool(unfinished), unfinished.title) == (True, order.book.chapters[0].title)
    unfinished.finish({item.key for item in chapters[1][:-1]})
    assert unfinished.chapters_done() == []
    unfinished.finish({chapters[0][0].key, chapters[1][-1].key})
    assert unfinished.chapters_done() == [0, 1]
    assert (unfinished.chapters_done(), bool(unfinished), unfinished.title) == ([], False, "")


def test_a_text_of_several_chapters_is_waited_for_in_each(order):
    order, _ = order
    first = order.keyed[0]
    last = next(item for item in order.keyed if item.utterance.chapter_index == 2)
    again = replace(last, key=first.key)
    same = SimpleNamespace(chapters=(0, 2), book=order.book, keyed=(first, again))
    unfinished = _Unfinished(same, [first])
    assert unfinished.chapters_done() == []
    unfinished.finish({first.key})
    assert unfinished.chapters_done() == [0, 2]


def test_where_the_engine_is_says_the_first_chapter_of_the_batches_that_are_out(order):
    order, _ = order
    under_way = _UnderWay(order)
    items = {item.utterance_key: item for item in _items(order, order.keyed)}
    first = order.keyed[0]
    last = order.keyed[-1]
    middle = next(item for item in order.keyed if item.utterance.chapter_index == 1)
    assert under_way.title == ""
    mixed = ((items[last.key], items[middle.key]),)
    early = ((items[first.key],),)
    for batches in (mixed, early):
        under_way.begin(batches)
    assert under_way.title == order.book.chapters[1].title
    under_way.end(SpokenBatch(tuple(takes_of(last.key, 1.0)), 0.0))
    assert under_way.title == order.book.chapters[0].title
    under_way.end(SpokenBatch(tuple(takes_of(first.key, 1.0)), 0.0))
    assert under_way.title == ""
