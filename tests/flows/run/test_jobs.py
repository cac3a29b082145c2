"""A job carries all that a worker needs to speak an order's texts as their keys say."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.request import Request
from flows.run import jobs
from flows.run.jobs import drop_receipts, import_pytorch, render_job, submit_job
from flows.services import open_services, read_settings
from storage.errors import StoreUnavailableError
from tasks.synthesize.batches import RenderItem
from tests.flows.samples import add_voice


@pytest.fixture
def order(voiced_home, book, tmp_path):
    add_voice(voiced_home, "low", pitch_hz=80)
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        yield replace(order, voices={"low": services.voice("low")})


def test_a_job_says_what_its_keys_are_made_of(order):
    items = (RenderItem("a", "One."), RenderItem("b", "Two.", 1, "low"))
    job = render_job(order, ((items[0],), (items[1],)))
    services = order.services
    assert job.batches == ((items[0],), (items[1],))
    assert job.voices == {"": order.voice, "low": order.voices["low"]}
    assert (job.sampling, job.precision, job.store) == (order.sampling, services.precision, services.store)
    assert (job.engine, job.model) == (services.settings.synthesize.engine, services.settings.synthesize.model)
    assert job.model_digest == services.front_end.digest
    assert (job.qa, job.ears) == (services.settings.qa, services.settings.align.model)


@pytest.mark.parametrize(
    ("engine", "listen", "imported"),
    [("fake", "off", []), ("fake", "built-in", ["torch"]), ("tortoise", "off", ["torch"])],
)
def test_pytorch_is_imported_where_something_computes_with_it(order, monkeypatch, engine, listen, imported):
    asked = []
    monkeypatch.setattr(jobs, "importlib", SimpleNamespace(import_module=asked.append))
    settings = read_settings(synthesize={"engine": engine}, qa={"listen": listen})
    import_pytorch(SimpleNamespace(services=SimpleNamespace(settings=settings)))
    assert asked == imported


def test_only_voices_travel_that_speak(order):
    assert render_job(order).voices == {}
    assert render_job(order, ((RenderItem("b", "Two.", 0, "low"),),)).voices == {"low": order.voices["low"]}


def test_batches_are_given_to_the_runner_by_a_name_and_may_be_tried_again(order):
    given = {}

    def submit(task, parameters):
        given.update(name=task.task_run_name, retries=task.retries, job=parameters["job"])
        return "future"

    batches = ((RenderItem("a", "One."),),)
    assert submit_job(order, SimpleNamespace(submit=submit), batches, "speak 1:1") == "future"
    assert (given["name"], given["job"].batches) == ("speak 1:1", batches)
    assert given["retries"] == order.services.settings.execution.task_retries


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), OSError("broken")])
def test_a_receipt_that_stays_fails_no_run(order, monkeypatch, error):
    dropped = []
    monkeypatch.setattr(order.services.store, "drop_receipts", dropped.append)
    drop_receipts(order, [SimpleNamespace(key="one"), SimpleNamespace(key="two")])
    assert dropped == [["one", "two"]]

    def fail(_):
        raise error

    monkeypatch.setattr(order.services.store, "drop_receipts", fail)
    drop_receipts(order, [SimpleNamespace(key="one")])
