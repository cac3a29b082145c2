"""Task runs that were left behind end as their flow run did; those of a run that goes on are left alone."""

from uuid import uuid4

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending, Running

from flows.run.orphans import end_orphans, end_task_runs

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def client():
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def left(client):
    """Leaves two task runs behind in a flow run: one that was speaking, one that waited. Returns its id and flow."""
    made = []

    def leave(state):
        name = f"flow-{uuid4()}"
        run = client.create_flow_run(flow(lambda: None, name=name), state=Running())
        for number, begun in enumerate((Running(), Pending(), Completed())):
            client.create_task_run(task(lambda: None, name="speak"), run.id, str(number), state=begun)
        client.set_flow_run_state(run.id, state, force=True)
        made.append(run.id)
        return run.id, name

    yield leave
    for run in made:  # other tests count what this server holds
        client.delete_flow_run(run)


def states(client, flow_run_id):
    runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))
    return sorted(run.state.type.value for run in runs)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (Cancelled(), ["CANCELLED", "CANCELLED", "COMPLETED"]),
        (Crashed(), ["COMPLETED", "CRASHED", "CRASHED"]),
        (Failed(), ["COMPLETED", "CRASHED", "CRASHED"]),
        (Completed(), ["COMPLETED", "COMPLETED", "COMPLETED"]),
        (Running(), ["COMPLETED", "PENDING", "RUNNING"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_left_behind_ends_as_its_run_did(client, left, state, expected):
    run, name = left(state)
    other, _ = left(Cancelled())  # of another flow, which is not ours
    assert end_orphans(client, [name]) == (2 if state.is_final() else 0)
    assert states(client, run) == expected
    assert states(client, other) == ["COMPLETED", "PENDING", "RUNNING"]
    assert end_orphans(client, [name]) == 0


def test_a_run_whose_process_is_gone_has_none_left_whatever_its_state_says(client, left):
    run, _ = left(Running())
    other, _ = left(Running())
    end_task_runs(run)
    assert states(client, run) == ["COMPLETED", "CRASHED", "CRASHED"]
    assert states(client, other) == ["COMPLETED", "PENDING", "RUNNING"]
