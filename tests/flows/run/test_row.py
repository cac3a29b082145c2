"""What a run's row says at its beginning and at its end, whatever the end is."""

from dataclasses import replace

import pytest

from flows.run import endings, row
from storage.errors import BookBusyError
from storage.records import Decision, DecisionKind, RunState, Take, Verdict
from tasks import stopping
from tasks.errors import TalepressError
from tasks.synthesize.keys import take_key
from tests.storage.repository.test_decisions import NOW


def found(order, run_id):
    with order.services.database.snapshot() as uow:
        return uow.runs.get(run_id)


@pytest.mark.parametrize(
    ("error", "stopped", "state", "message"),
    [
        (TalepressError("the disk\n is full"), False, RunState.FAILED, "the disk is full"),
        (KeyError(), False, RunState.FAILED, "KeyError"),
        (stopping.Stopped(), True, RunState.STOPPED, endings.STOPPED_BY_USER),
        (TalepressError("a batch was cut short"), True, RunState.STOPPED, endings.STOPPED_BY_USER),
    ],
    ids=["failed", "failed without a word", "stopped", "failed because it was stopped"],
)
def test_the_row_says_why_a_run_ended_early(order, run_id, monkeypatch, error, stopped, state, message):
    monkeypatch.setattr(stopping, "requested", lambda: stopped)
    with pytest.raises(type(error)), row.recorded(order, run_id):
        assert order.working_folder.is_dir()
        raise error
    assert (found(order, run_id).state, found(order, run_id).message) == (state, message)


def test_a_run_that_is_stopped_from_outside_says_so_unless_it_has_ended(order, run_id):
    with row.recorded(order, run_id):
        stopping._stop.last_words[-1]()
    assert (found(order, run_id).state, found(order, run_id).message) == (RunState.STOPPED, endings.STOPPED_BY_USER)
    with order.services.database.unit_of_work() as uow:
        uow.runs.finish(run_id, RunState.DONE, "0 flagged takes")
        uow.commit()
    row._record_stop(order.services, run_id)
    assert found(order, run_id).state is RunState.DONE


def test_the_row_of_a_run_says_what_was_asked_for_and_what_its_script_heeds(order):
    heeding = replace(order, heeded=7)
    run = found(order, row.open_row(heeding, "retry_failed"))
    assert (run.flow, run.request, run.heeded, run.state) == ("retry_failed", order.record, 7, RunState.RUNNING)
    with order.services.database.snapshot() as uow:
        assert uow.books.keyed(order.source) == order.keyed


def test_a_second_run_of_a_book_changes_nothing(order, run_id):
    changed = replace(order, book=replace(order.book, title="Another"))
    with pytest.raises(BookBusyError):
        row.open_row(changed, "book_to_audio")
    with order.services.database.snapshot() as uow:
        assert uow.books.summary(order.source).title == order.book.title
        assert len(uow.runs.of(order.source)) == 1


def make_takes(order, count, verdict=Verdict.OK):
    item = order.keyed[0]
    return [Take(take_key(item.key, n), item.key, n, 1, "a" * 64, 24_000, 1000, verdict) for n in range(count)]


@pytest.mark.parametrize(
    ("verdict", "chosen", "decision", "used"),
    [
        (Verdict.OK, None, None, 0),
        (Verdict.DOUBTFUL, None, None, None),
        (Verdict.DOUBTFUL, 1, None, 1),  # the best of a text stays, though its row is another
        (Verdict.DOUBTFUL, 1, DecisionKind.CHOOSE, 2),
        (Verdict.OK, None, DecisionKind.CHOOSE, 2),
        (Verdict.OK, 2, DecisionKind.REJECT, 0),
    ],
)
def test_what_was_used_before_a_new_script_is_used_again_unless_people_say_otherwise(
    order, verdict, chosen, decision, used
):
    takes = make_takes(order, 3, verdict)
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add(takes)
        if chosen is not None:
            uow.takes.choose(order.source, {takes[0].utterance_key: takes[chosen].key})
        if decision:
            uow.decisions.add(order.source, Decision(decision, "Ann", NOW, take_key=takes[2].key))
        uow.commit()
    last = order.script.utterances[-1]
    script = replace(order.script, utterances=(*order.script.utterances[:-1], replace(last, spoken="The end.")))
    again = replace(order, script=script)
    row.open_row(again, "book_to_audio")
    with order.services.database.snapshot() as uow:
        expected = {} if used is None else {takes[0].utterance_key: takes[used].key}
        assert uow.takes.choices(order.source) == expected


def test_takes_are_put_to_use_in_the_chapters_that_are_asked_for_and_in_no_others(order):
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add([Take(take_key(i.key, 0), i.key, 0, 1, "a" * 64, 24_000, 1000, Verdict.OK) for i in order.keyed])
        uow.commit()
    part = replace(order, chapters=(1,))
    row.open_row(part, "book_to_audio")
    with order.services.database.snapshot() as uow:
        assert set(uow.takes.choices(order.source)) == {item.key for item in part.keyed}
