"""What a run's row says at its end, whatever the end is. tests/flows/test_book_to_audio.py tells the whole story."""

from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest

from flows.order.alone import alone
from flows.order.order import prepare
from flows.order.report import Work
from flows.order.request import Request
from flows.run import endings, story
from flows.services import open_services, read_settings
from storage.errors import BookBusyError
from storage.records import Decision, DecisionKind, Edition, EditionFile, RunState, Take, Verdict
from tasks import stopping
from tasks.errors import TalepressError
from tasks.package.edition import Published
from tasks.package.place import Replace
from tasks.synthesize.keys import take_key
from tests.flows.order.test_report import REPORT
from tests.storage.repository.test_decisions import NOW

EDITION = Edition((EditionFile("m4b", "/out/a.m4b", "0" * 64, 1),), 1.0, ())


@pytest.fixture
def order(voiced_home, book, tmp_path):
    with open_services(read_settings()) as services:
        yield prepare(services, Request(book=str(book), out=str(tmp_path / "out")))


@pytest.fixture
def run_id(order):
    return story._open(order, "book_to_audio")


def row(order, run_id):
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
    with pytest.raises(type(error)), story._recorded(order, run_id):
        assert order.working_folder.is_dir()
        raise error
    assert (row(order, run_id).state, row(order, run_id).message) == (state, message)


def test_a_run_that_is_stopped_from_outside_says_so_unless_it_has_ended(order, run_id):
    story._record_stop(order.services, run_id)
    assert (row(order, run_id).state, row(order, run_id).message) == (RunState.STOPPED, endings.STOPPED_BY_USER)
    with order.services.database.unit_of_work() as uow:
        uow.runs.finish(run_id, RunState.DONE, "0 flagged takes")
        uow.commit()
    story._record_stop(order.services, run_id)
    assert row(order, run_id).state is RunState.DONE


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FLAGGED])
def test_the_row_and_the_report_of_what_was_published_say_the_same(order, run_id, monkeypatch, state):
    report = SimpleNamespace(state=state, flagged=("a", "b"))
    monkeypatch.setattr(story, "publish", lambda *_: ("key", Published(EDITION, ())))
    monkeypatch.setattr(story, "check_edition", lambda *_: ())
    monkeypatch.setattr(story, "outcome", lambda *_, **__: report)
    monkeypatch.setattr(story, "replace", lambda told, **_: told)
    tracker = SimpleNamespace(work=Work())
    assert story._publish(order, (), tracker, run_id, Replace.NONE) is report
    assert (row(order, run_id).state, row(order, run_id).message) == (state, "2 flagged takes")
    with order.services.database.snapshot() as uow:
        assert uow.editions.find("key") == uow.editions.latest(order.source) == EDITION


def test_a_run_that_waits_for_a_person_publishes_nothing_and_says_what_for(order, run_id, monkeypatch):
    report = SimpleNamespace(state=RunState.REVIEW)
    monkeypatch.setattr(story, "unpublished", lambda *_: EDITION)
    monkeypatch.setattr(story, "outcome", lambda *_, **__: report)
    story._hold(order, (), SimpleNamespace(work=Work()), run_id, "1 doubtful take is to be heard")
    assert (row(order, run_id).state, row(order, run_id).message) == (RunState.REVIEW, "1 doubtful take is to be heard")
    with order.services.database.snapshot() as uow:
        assert uow.editions.latest(order.source) is None


@pytest.fixture
def door(voiced_home, monkeypatch):
    """Opens a door with a run that ends as it is told to. Returns what a caller gets, and what was done in order."""
    flow_run_id = uuid4()
    done = []
    under_way = SimpleNamespace(flow_run=SimpleNamespace(id=str(flow_run_id)))
    monkeypatch.setattr(story, "runtime", under_way)
    monkeypatch.setattr(story, "attempt", lambda request: done.append(request.__name__))
    monkeypatch.setattr(story, "prepare_in_flow", lambda services, request: (services.settings, request))
    monkeypatch.setattr(story, "tell_end", lambda request, report: done.append(("told of the end", report)))
    monkeypatch.setattr(story, "tell_failure", lambda request, error: done.append(("told of a failure", error)))

    def require_server(run_id, report=None, error=None):
        assert run_id == flow_run_id
        done.append(("recorded", report or error))

    monkeypatch.setattr(story, "require_server", require_server)

    def enter(request, end):
        def run_order(order, flow, select, replacing):
            done.append((order, flow, select, replacing))
            return end()

        monkeypatch.setattr(story, "run_order", run_order)
        return story.run_request(request, "book_to_audio", "select", Replace.NONE)

    return enter, done


REQUEST = Request(book="/b.epub", out="/out", voice="low")


def test_a_door_prepares_runs_tells_and_names_the_end(door):
    enter, done = door
    report = replace(REPORT, state=RunState.REVIEW, waits_for="2 takes", review="http://page")
    ended = enter(REQUEST, lambda: report)
    assert (ended.name, ended.result()) == (endings.AWAITING_REVIEW, report)
    introduced, (order, flow, select, replacing), told, recorded = done
    assert introduced == "introduce_process"
    assert (order[0].synthesize.voice, order[1], flow, select) == ("low", REQUEST, "book_to_audio", "select")
    assert (told, recorded, replacing) == (("told of the end", report), ("recorded", report), Replace.NONE)


def test_whoever_says_overwrite_may_replace_any_edition(door):
    enter, done = door
    enter(REQUEST.model_copy(update={"overwrite": True}), lambda: replace(REPORT, state=RunState.DONE))
    assert done[1][3] is Replace.ANY


@pytest.mark.parametrize("error", [TalepressError("the disk is full"), KeyError("odd"), SystemExit(3)], ids=repr)
def test_a_run_that_fails_is_told_and_fails(door, error):
    enter, done = door

    def fail():
        raise error

    with pytest.raises(type(error)):
        enter(REQUEST, fail)
    assert done[2:] == [("told of a failure", error), ("recorded", error)]


@pytest.mark.parametrize("error", [stopping.Stopped(), TalepressError("a batch was cut short")], ids=repr)
def test_a_run_that_the_user_stopped_is_no_failure(door, monkeypatch, error):
    enter, done = door

    def stop():
        monkeypatch.setattr(stopping, "requested", lambda: True)
        raise error

    ended = enter(REQUEST, stop)
    assert (ended.is_cancelled(), ended.message) == (True, endings.STOPPED_BY_USER)
    assert len(done) == 2, "nobody is told of a failure"


def test_the_row_of_a_run_says_what_was_asked_for_and_what_its_script_heeds(order):
    heeding = replace(order, heeded=7)
    run = row(order, story._open(heeding, "retry_failed"))
    assert (run.flow, run.request, run.heeded, run.state) == ("retry_failed", order.record, 7, RunState.RUNNING)
    with order.services.database.snapshot() as uow:
        assert uow.books.keyed(order.source) == order.keyed


def test_a_second_run_of_a_book_changes_nothing(order, run_id):
    changed = replace(order, book=replace(order.book, title="Another"))
    with pytest.raises(BookBusyError):
        story._open(changed, "book_to_audio")
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
    story._open(again, "book_to_audio")
    with order.services.database.snapshot() as uow:
        expected = {} if used is None else {takes[0].utterance_key: takes[used].key}
        assert uow.takes.choices(order.source) == expected


@pytest.mark.parametrize("fails", [False, True])
def test_what_killed_runs_left_goes_before_a_run_and_what_it_made_itself_after_it(order, monkeypatch, fails):
    left = order.working_folder.parent / "left"
    left.mkdir(parents=True)

    def run(order, flow, select, replacing):
        assert not left.exists()
        order.working_folder.mkdir(parents=True)
        with pytest.raises(BookBusyError), alone(order):
            pass
        if fails:
            raise TalepressError("no")
        return "report"

    monkeypatch.setattr(story, "_run_alone", run)
    if fails:
        with pytest.raises(TalepressError):
            story.run_order(order, "book_to_audio", None, Replace.NONE)
    else:
        assert story.run_order(order, "book_to_audio", None, Replace.NONE) == "report"
    assert not order.working_folder.parent.exists()
    with alone(order):
        pass


@pytest.mark.parametrize(
    ("doubts", "there", "written"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_the_review_page_is_written_where_something_is_doubtful_or_there_was_one(
    order, monkeypatch, tmp_path, doubts, there, written
):
    path = tmp_path / "page.html"
    if there:
        path.touch()
    pages = []
    monkeypatch.setattr(story, "page_path", lambda *_: path)
    monkeypatch.setattr(story, "has_doubts", lambda _: doubts)
    monkeypatch.setattr(story, "write_page", lambda *asked: pages.append(asked))
    story._write_page(order, EDITION)
    assert pages == ([(order, EDITION, path)] if written else [])


def test_a_book_is_whole_without_its_page(order, monkeypatch):
    def fail(*_):
        raise TalepressError("no room")

    monkeypatch.setattr(story, "has_doubts", lambda _: True)
    monkeypatch.setattr(story, "write_page", fail)
    story._write_page(order, EDITION)
