"""Runs whose process is gone: crashed, and started again while tries are left. With processes: `tests/e2e`."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import NAMESPACE_DNS, uuid4, uuid5

import pytest

from flows.run.deployments import full_name
from flows.services import open_services, read_settings
from storage.processes import this_process
from storage.records import RunState
from storage.schema import RunRow
from tests.flows.cli.test_plan import ordered
from tests.flows.operate.prefect_client import answer

pytestmark = pytest.mark.timeout(900)

GONE = " ".join([*this_process().split(" ")[:-1], "1"])  # the same number, started at another time
ELSEWHERE = f"another-box {GONE.partition(' ')[2]}"
MAKE = {"request": {"book": "/b.epub", "out": "/out"}}


@pytest.fixture
def lose(client, deployed, home, monkeypatch):
    """Makes a run of a door that a process has begun. Returns its id."""
    from prefect.states import Running

    from flows.operate import sweep
    from flows.run.presence import PROCESS

    monkeypatch.setenv("TALEPRESS_PRODUCTION__TRIES", "2")
    monkeypatch.setattr(sweep, "NAMELESS", timedelta())
    deployed()
    made = []

    def begin(door, process, parameters=MAKE, run_id=None):
        if run_id is None:
            deployment = client.read_deployment_by_name(full_name(door))
            run_id = client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id
            made.append(run_id)
        client.set_flow_run_state(run_id, Running(), force=True)
        client.update_flow_run_labels(run_id, {PROCESS: process})
        return run_id

    yield begin
    for run_id in made:
        client.delete_flow_run(run_id)


@pytest.fixture
def sweep():
    from flows.operate.sweep import sweep

    def look():
        with open_services(read_settings()) as services:
            return sweep(services)

    return look


def state_of(client, run_id):
    state = client.read_flow_run(run_id).state
    return state.type.value, state.name


def test_a_lost_run_is_started_again_until_its_tries_are_used_up(client, lose, sweep):
    run = lose("book-to-audio", GONE)
    assert len(sweep().again) == 1
    assert state_of(client, run) == ("SCHEDULED", "AwaitingRetry")
    lose("book-to-audio", GONE, run_id=run)
    swept = sweep()
    assert (swept.again, state_of(client, run)) == ([], ("CRASHED", "Crashed"))
    assert sweep().sentence() == "nothing was left behind"


def test_what_lives_or_is_another_boxs_is_left_alone_and_what_was_to_be_cancelled_is(client, lose, sweep):
    from prefect.states import Cancelling

    living = [lose("book-to-audio", this_process()), lose("book-to-audio", ELSEWHERE)]
    cancelled = lose("book-to-audio", GONE)
    client.set_flow_run_state(cancelled, Cancelling(), force=True)
    looked = lose("sweep", GONE, parameters={})  # comes again by itself
    swept = sweep()
    assert (len(swept.cancelled), len(swept.crashed), swept.again) == (1, 1, [])
    assert [state_of(client, run)[0] for run in living] == ["RUNNING", "RUNNING"]
    assert state_of(client, cancelled) == ("CANCELLED", "Cancelled")
    assert state_of(client, looked)[0] == "CRASHED"


def run_of(state_type, *, age, process=None, run_count=1, deployment="made", name="run"):
    """A run as the server tells it."""
    from prefect.client.schemas.objects import FlowRun, State, StateType

    from flows.run.presence import PROCESS

    state = State(type=StateType(state_type), timestamp=datetime.now(UTC) - age)
    labels = {} if process is None else {PROCESS: process}
    return FlowRun(
        flow_id=uuid4(),
        name=name,
        state=state,
        state_type=state.type,
        labels=labels,
        run_count=run_count,
        deployment_id=uuid5(NAMESPACE_DNS, deployment),
    )


YOUNG = timedelta(minutes=2, seconds=30)
OLD = timedelta(minutes=3, seconds=30)
LIVING = this_process()


@pytest.mark.parametrize(
    ("state", "process", "run_count", "age", "lost"),
    [
        ("RUNNING", LIVING, 1, OLD, False),
        ("RUNNING", GONE, 1, OLD, True),
        ("RUNNING", GONE, 1, YOUNG, True),  # it has said its name, and nobody has it
        ("RUNNING", ELSEWHERE, 1, OLD, False),
        ("RUNNING", None, 1, YOUNG, False),
        ("RUNNING", None, 1, OLD, True),
        ("RUNNING", GONE, 2, YOUNG, False),  # the name may be that of the try before
        ("RUNNING", GONE, 2, OLD, True),
        ("RUNNING", LIVING, 2, OLD, False),
        ("PENDING", None, 1, YOUNG, False),
        ("PENDING", None, 1, OLD, True),
        ("PENDING", GONE, 1, YOUNG, False),
        ("PENDING", LIVING, 1, OLD, True),
        ("CANCELLING", GONE, 1, YOUNG, True),
        ("CANCELLING", LIVING, 1, OLD, False),
    ],
    ids=range(15),  # not the processes: pytest's workers must name the tests alike
)
def test_a_run_is_lost_whose_process_is_gone_or_never_said_its_name(state, process, run_count, age, lost):
    from flows.operate.sweep import _is_lost

    assert _is_lost(run_of(state, age=age, process=process, run_count=run_count)) is lost


class Client:
    """Runs of a server, and what is said of them."""

    def __init__(self, runs):
        self.runs = runs
        self.asked = []

    def read_deployment_by_name(self, name):
        again = name in ("book-to-audio/book-to-audio", "retry-failed/retry-failed")
        return SimpleNamespace(id=uuid5(NAMESPACE_DNS, "made" if again else name))

    def read_flow_runs(self, *, flow_filter, flow_run_filter, sort, limit):
        self.asked.append((flow_filter.name.any_, limit))
        return [run for run in self.runs if run.state_type in flow_run_filter.state.type.any_]

    def set_flow_run_state(self, run_id, state, *, force):
        assert force is True
        (run,) = [run for run in self.runs if run.id == run_id]
        run.state = state
        run.state_type = state.type

    def read_task_runs(self, **_):
        return []


@pytest.fixture
def swept(home, monkeypatch):
    """Sweeps these runs. Returns what was found, and their states by name."""
    from flows.operate import sweep

    monkeypatch.setenv("TALEPRESS_PRODUCTION__TRIES", "2")

    def look(*runs):
        client = answer(monkeypatch, sweep, Client(runs))
        with open_services(read_settings()) as services:
            found = sweep.sweep(services)
        assert all(asked == (sweep.NAMES, 200) for asked in client.asked) and client.asked
        return found, {run.name: run.state.name for run in runs}

    return look


def test_lost_runs_are_started_again_crashed_or_cancelled(swept):
    found, states = swept(
        run_of("RUNNING", age=OLD, process=GONE, name="first"),
        run_of("RUNNING", age=OLD, process=GONE, run_count=2, name="second"),
        run_of("RUNNING", age=OLD, process=GONE, deployment="sweep/sweep", name="by itself"),
        run_of("CANCELLING", age=OLD, process=GONE, name="unwanted"),
        run_of("RUNNING", age=OLD, process=LIVING, name="living"),
    )
    assert (found.again, found.crashed, found.cancelled) == (["first"], ["by itself"], ["unwanted"])
    assert states == {
        "first": "AwaitingRetry",
        "second": "Crashed",
        "by itself": "Crashed",
        "unwanted": "Cancelled",
        "living": "Running",
    }


def test_task_runs_of_lost_runs_are_ended_before_those_are_tried_again(swept, monkeypatch):
    from flows.operate import sweep

    seen = []
    run = run_of("RUNNING", age=OLD, process=GONE)
    monkeypatch.setattr(sweep, "end_orphans", lambda client, names: seen.append((names, run.state.name)) or [])
    swept(run)
    assert (seen, run.state.name) == ([(sweep.NAMES, "Crashed")], "AwaitingRetry")


@pytest.mark.parametrize(("days", "again"), [(1, True), (3, False)])
def test_a_crash_of_long_ago_is_nobodys_wish_any_more(swept, days, again):
    found, states = swept(run_of("CRASHED", age=timedelta(days=days), name="crashed"))
    assert (found.again, states["crashed"]) == ((["crashed"], "AwaitingRetry") if again else ([], "Crashed"))


def test_rows_of_lost_runs_are_closed_and_their_working_folders_go(swept, voiced_home, book, tmp_path):
    order = ordered(book, tmp_path / "out")
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run = uow.runs.start(order.source, "book_to_audio", {})
        uow._session.get(RunRow, run).process = GONE
        uow.commit()
    work = voiced_home / "work" / order.source[:16] / "x"
    work.mkdir(parents=True)
    swept()
    assert not work.parent.exists()
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        assert uow.runs.get(run).state is RunState.FAILED


def test_two_sweeps_of_a_box_do_not_sweep_at_once(swept, home, monkeypatch):
    from filelock import FileLock, Timeout

    from flows.operate import sweep

    monkeypatch.setattr(sweep, "LOCK_SECONDS", 0.05)
    (home / "locks").mkdir(parents=True)
    with FileLock(home / "locks" / "sweep.lock"), pytest.raises(Timeout):
        swept(run_of("RUNNING", age=OLD, process=GONE))
    assert swept(run_of("RUNNING", age=OLD, process=GONE, name="r"))[0].again == ["r"]


def test_what_was_found_is_a_sentence():
    from flows.operate.sweep import Swept

    assert Swept(["a", "b"], ["c"], ["d"]).sentence() == "started again: a, b; crashed for good: c; cancelled: d"
    assert Swept(crashed=["c"]).sentence() == "crashed for good: c"
