"""Each book of many gets one run, however often the run that starts them is tried."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from flows.order.request import Request, Retrial
from flows.run import fan_out


@pytest.fixture
def started(monkeypatch):
    from prefect.client.schemas.objects import FlowRun

    asked = []

    def run_deployment(name, **options):
        asked.append((name, options))
        return FlowRun(flow_id=uuid4(), name="started")

    monkeypatch.setattr(fan_out, "run_deployment", run_deployment)
    monkeypatch.setattr(fan_out, "runtime", SimpleNamespace(flow_run=SimpleNamespace(id="parent")))
    return asked


def test_each_request_starts_a_run_of_its_own_and_none_is_waited_for(started):
    requests = [("one", Request(book="/1.epub", out="/out")), ("two", Retrial(book="/2.epub", reason="short"))]
    assert fan_out.start_each("retry-failed", iter(requests)) == 2
    assert [name for name, _ in started] == ["retry-failed/retry-failed"] * 2
    assert [options.pop("idempotency_key") for _, options in started] == ["parent-one", "parent-two"]
    assert [options.pop("parameters") for _, options in started] == [
        {"request": request.model_dump(mode="json")} for _, request in requests
    ]
    assert all(options == {"timeout": 0, "as_subflow": False} for _, options in started)


def test_without_requests_nothing_starts(started):
    assert (fan_out.start_each("retry-failed", []), started) == (0, [])
