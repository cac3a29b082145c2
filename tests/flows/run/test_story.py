"""What a run does in which order, whatever its end is. tests/flows/test_book_to_audio.py tells the whole story."""

import signal
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.cache_policies import NO_CACHE

from flows.order.alone import alone
from flows.order.report import Work
from flows.order.request import Request
from flows.progress import Progress, listening
from flows.run import endings, story
from storage.errors import BookBusyError
from storage.records import Edition, EditionFile, RunState
from tasks import stopping
from tasks.errors import TalepressError
from tasks.package.edition import Published
from tasks.package.place import Replace
from tasks.synthesize.batches import speech_seconds
from tests.flows.order.test_report import REPORT

EDITION = Edition((EditionFile("m4b", "/out/a.m4b", "0" * 64, 1),), 1.0, ())


def row(order, run_id):
    with order.services.database.snapshot() as uow:
        return uow.runs.get(run_id)


TRACKER = SimpleNamespace(work=Work(takes=3))


@pytest.fixture
def written(monkeypatch):
    """What reports are asked to tell; each is `REPORT` in a state with two doubtful takes."""
    asked = []

    def write(*about, state=RunState.DONE, **more):
        asked.append((*about, more))
        return replace(REPORT, state=state, flagged=REPORT.flagged * 2)

    def end_in(state):
        monkeypatch.setattr(story, "outcome", lambda *about, **more: write(*about, state=state, **more))
        return asked

    return end_in


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FLAGGED])
def test_the_row_and_the_report_of_what_was_published_say_the_same(order, run_id, monkeypatch, written, state):
    asked = written(state)
    done = []
    monkeypatch.setattr(story, "publish", lambda *given: done.append(given) or ("key", Published(EDITION, ("old",))))
    monkeypatch.setattr(story, "_write_page", lambda *given: done.append(given))
    monkeypatch.setattr(story, "check_edition", lambda *given: done.append(given) or ("delivery",))
    order.encoded_folder.mkdir(parents=True)
    with listening(done.append):
        report = story._publish(order, ("masters",), TRACKER, run_id, Replace.ANY)
    assert report == replace(REPORT, state=state, flagged=REPORT.flagged * 2, deliveries=("delivery",))
    assert done == [
        Progress("package", 0, 1),
        (order, ("masters",), Replace.ANY),
        (order, EDITION),
        (EDITION, order.services.settings.package),
    ]
    assert asked == [(order, ("masters",), EDITION, TRACKER.work, {"wall_seconds": 0.0, "replaced": ("old",)})]
    assert (row(order, run_id).state, row(order, run_id).message) == (state, "2 flagged takes")
    with order.services.database.snapshot() as uow:
        assert uow.editions.find("key") == uow.editions.latest(order.source) == EDITION
    assert not order.encoded_folder.exists()


def test_encoded_audio_is_left_until_the_edition_has_its_row(order, run_id, monkeypatch, written):
    def fail(*_):
        raise TalepressError("the database is gone")

    written(RunState.DONE)
    for name, result in {"publish": ("key", Published(EDITION, ())), "_write_page": None, "check_edition": ()}.items():
        monkeypatch.setattr(story, name, lambda *_, result=result: result)
    monkeypatch.setattr("storage.repository.runs.Runs.finish", fail)
    order.encoded_folder.mkdir(parents=True)
    with pytest.raises(TalepressError, match="is gone"):
        story._publish(order, (), TRACKER, run_id, Replace.NONE)
    assert order.encoded_folder.exists()
    with order.services.database.snapshot() as uow:
        assert uow.editions.find("key") is None


def test_a_run_that_waits_for_a_person_publishes_nothing_and_says_what_for(order, run_id, monkeypatch, written):
    asked = written(RunState.REVIEW)
    monkeypatch.setattr(story, "unpublished", lambda *given: given)
    waits_for = "1 doubtful take is to be heard"
    assert story._hold(order, ("masters",), TRACKER, run_id, waits_for).state is RunState.REVIEW
    more = {"wall_seconds": 0.0, "waits_for": waits_for}
    assert asked == [(order, ("masters",), (order, ("masters",)), TRACKER.work, more)]
    assert (row(order, run_id).state, row(order, run_id).message) == (RunState.REVIEW, waits_for)
    with order.services.database.snapshot() as uow:
        assert uow.editions.latest(order.source) is None


STEPS = [
    "send_logs",
    "introduce_book",
    "heartbeat",
    "check_audio",
    "keep_book_file",
    "select",
    "begin",
    "_make_masters",
]
WHOLE = [*STEPS, "check_coverage", "awaited", "_publish", "finish", "show_report", "silence", "back_up"]


@pytest.fixture
def steps(order, monkeypatch):
    """Runs an order whose steps do nothing; one may fail. Returns what was done in order, and the run's row."""

    def go(waits_for="", failing=""):
        done = []
        first = order.keyed[0]
        expected = {first.key: speech_seconds(first.utterance.spoken)}

        def step(name, result=None):
            def do(*asked):
                done.append((name, *asked))
                if name == failing:
                    raise TalepressError("no")
                return result

            return do

        @contextmanager
        def heartbeat(database, run_id):
            done.append(("heartbeat", database, run_id))
            yield
            done.append(("silence",))

        def tracker(_, *asked):
            assert asked == (f"progress-{order.source[:16]}", expected)
            return SimpleNamespace(begin=step("begin"), finish=step("finish"))

        results = {"_make_masters": "masters", "awaited": waits_for, "_publish": REPORT, "_hold": REPORT}
        nothing = ("send_logs", "introduce_book", "check_audio", "keep_book_file", "check_coverage", "show_report")
        for name in (*nothing, *results):
            monkeypatch.setattr(story, name, step(name, results.get(name)))
        monkeypatch.setattr(story, "attempt", lambda request: request())
        monkeypatch.setattr(story, "heartbeat", heartbeat)
        monkeypatch.setattr(story, "Tracker", tracker)
        monkeypatch.setattr(story, "time", SimpleNamespace(monotonic=iter([10.0, 14.0]).__next__))
        monkeypatch.setattr("storage.database.Database.back_up", lambda _: step("back_up")())
        with pytest.raises(TalepressError) if failing else nullcontext():
            report = story._run_alone(order, "retry_failed", step("select", (first,)), Replace.ANY)
            assert report == replace(REPORT, wall_seconds=4.0)
            assert ("show_report", order.source, report) in done
        with order.services.database.snapshot() as uow:
            (run,) = uow.runs.of(order.source)
        return done, run

    return go


@pytest.mark.parametrize(("waits_for", "end"), [("", "_publish"), ("2 takes", "_hold")])
def test_a_run_goes_through_its_steps_in_order_and_publishes_what_waits_for_nobody(order, steps, waits_for, end):
    done, run = steps(waits_for)
    assert [name for name, *_ in done] == [end if name == "_publish" else name for name in WHOLE]
    asked = {name: given for name, *given in done}
    assert (asked["heartbeat"], run.flow) == ([order.services.database, run.id], "retry_failed")
    assert asked["_make_masters"][:2] == [order, (order.keyed[0],)]
    assert asked["check_coverage"] == [order, "masters"]
    assert (asked[end][:2], asked[end][3:]) == ([order, "masters"], [run.id, waits_for or Replace.ANY])


@pytest.mark.parametrize("failing", ["check_audio", "_make_masters", "check_coverage", "_publish"])
def test_after_a_step_that_fails_none_follows_and_the_row_says_why(steps, failing):
    done, run = steps(failing=failing)
    assert [name for name, *_ in done] == WHOLE[: WHOLE.index(failing) + 1]
    assert (run.state, run.message) == (RunState.FAILED, "no")


@pytest.mark.parametrize(
    ("spoken", "review", "encodes", "fails"),
    [(1, "none", True, False), (0, "none", False, False), (1, "flagged", False, False), (1, "none", True, True)],
)
def test_chapters_are_mastered_as_they_come_and_encoded_where_they_will_be_published(
    order, monkeypatch, spoken, review, encodes, fails
):
    order = replace(order, request=order.request.model_copy(update={"review": review}))
    todo = order.keyed[:spoken]
    done = []

    class Mastering:
        failed = "whether a chapter has failed"

        def __init__(self, asked, *, encode):
            assert (asked, encode) == (order, encodes)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            done.append("over")

        def begin(self, chapter):
            done.append(chapter)
            if fails:
                raise TalepressError("no room")

        def finish(self):
            return "masters"

    def speak(*asked):
        assert asked == (order, todo, "tracker", Mastering.failed)
        try:
            yield from (2, 0)
        finally:
            done.append("silent")

    monkeypatch.setattr(story, "Mastering", Mastering)
    monkeypatch.setattr(story, "speak", speak)
    with pytest.raises(TalepressError) if fails else nullcontext():
        assert story._make_masters(order, todo, "tracker") == "masters"
    assert done == ([2] if fails else [2, 0]) + ["silent", "over"]


def test_ingest_and_segment_of_a_run_are_task_runs_of_their_own(monkeypatch):
    monkeypatch.setattr(story, "prepare", lambda *asked: asked)
    services, request, *shells = story.prepare_in_flow("services", "request")
    assert (services, request) == ("services", "request")
    assert [(shell.name, shell.task_run_name, shell.persist_result) for shell in shells] == [
        (story.ingest_book.name, "ingest", False),
        (story.segment_book.name, "segment", False),
    ]
    assert [shell.cache_policy for shell in shells] == [NO_CACHE, NO_CACHE]


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


def test_prefects_thread_for_the_end_is_begun_before_anything_can_fail(door, monkeypatch):
    enter, done = door
    monkeypatch.setattr(story, "run_coro_as_sync", lambda begun: done.append("begun") or begun.close())
    enter(REQUEST, lambda: replace(REPORT, state=RunState.DONE))
    assert done[:2] == ["begun", "introduce_process"]


def test_whoever_says_overwrite_may_replace_any_edition(door):
    enter, done = door
    enter(REQUEST.model_copy(update={"overwrite": True}), lambda: replace(REPORT, state=RunState.DONE))
    assert done[1][3] is Replace.ANY


def test_while_a_run_lasts_signals_are_heeded_and_what_is_killed_meanwhile_is_cancelled(door, monkeypatch):
    enter, _ = door
    before = signal.getsignal(signal.SIGTERM)
    cancelled = []
    monkeypatch.setattr(endings, "cancel", cancelled.append)

    def end():
        assert signal.getsignal(signal.SIGTERM) is stopping._heed
        stopping._stop.last_words[-1]()
        return replace(REPORT, state=RunState.DONE)

    enter(REQUEST, end)
    assert [str(run) for run in cancelled] == [story.runtime.flow_run.id]
    assert (stopping._stop.last_words, signal.getsignal(signal.SIGTERM)) == ([], before)


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
