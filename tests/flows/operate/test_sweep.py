"""Runs whose process is gone: crashed, and started again while tries are left. With processes: `tests/e2e`."""

from datetime import timedelta

import pytest

from flows.run.deployments import full_name
from flows.services import open_services, read_settings
from storage.processes import this_process

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
