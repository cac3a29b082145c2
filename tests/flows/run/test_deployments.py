"""What can be deployed takes one form and nothing else, and the file for Prefect's own command says the same."""

import inspect
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import yaml
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from pydantic import BaseModel

from flows.operate.prefect_file import prefect_file
from flows.order.request import Request
from flows.run import deployments
from flows.run.deployments import DOORS, ENTRYPOINTS, find_flow, start
from tasks.errors import BadInputError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ENTRYPOINTS)
def test_a_flow_is_found_by_its_name_and_asks_for_one_form_at_most(name):
    flow = find_flow(name)
    assert flow.name == name
    parameters = inspect.signature(flow.fn, eval_str=True).parameters
    assert list(parameters) in ([], ["request"])
    for parameter in parameters.values():
        assert issubclass(parameter.annotation, BaseModel)
    schema = flow.parameters.model_dump()
    for form in schema["definitions"].values():
        assert all(field["description"] and field["title"] for field in form["properties"].values())
        positions = [field["position"] for field in form["properties"].values()]
        assert len(set(positions)) == len(positions)
    for parameter in schema["properties"].values():
        assert parameter["description"]


@pytest.mark.parametrize("name", ["book-to-audio", "retry-failed"])
def test_the_form_of_a_book_has_the_fields_of_a_request(name):
    (form,) = find_flow(name).parameters.model_dump()["definitions"].values()
    assert set(Request.model_fields) <= set(form["properties"])
    assert form["properties"]["chapters"]["description"] == "1, 1-3 or 1,4-5; all if not given."


def test_a_deployments_parameters_become_a_request():
    flow = find_flow("book-to-audio")
    given = flow.validate_parameters({"request": {"book": "/b.epub", "out": "/out"}})
    assert given["request"] == Request(book="/b.epub", out="/out")
    assert flow.flow_run_name.format(**given) == "b"


def test_the_file_for_prefects_own_command_is_written_from_the_table():
    written = (ROOT / "deploy" / "prefect.yaml").read_text("utf-8")
    assert written == prefect_file(), "run `talepress deploy --print > deploy/prefect.yaml`"
    content = yaml.safe_load(written)
    assert content["pull"] == []
    assert [one["entrypoint"] for one in content["deployments"]] == [door.entrypoint for door in DOORS]


REQUEST = Request(book="/b.epub", out="/out")


@pytest.fixture
def server(monkeypatch):
    """What a server was asked for; it starts a run, or raises `server.error`."""
    server = SimpleNamespace(error=None, asked=[])

    def run_deployment(name, **options):
        server.asked.append((name, options))
        if server.error:
            raise server.error
        return SimpleNamespace(id=7)

    monkeypatch.setattr(deployments, "run_deployment", run_deployment)
    return server


def test_a_deployment_starts_a_run_of_its_own_that_nobody_waits_for_and_the_same_again_finds_it(server):
    assert start("publish", REQUEST, "once", ("inbox",)) == "7"
    options = {"idempotency_key": "once", "timeout": 0, "as_subflow": False, "tags": ["inbox"]}
    assert server.asked == [
        ("publish/publish", {"parameters": {"request": REQUEST.model_dump(mode="json")}, **options})
    ]


def refusal(status, body):
    response = httpx.Response(status, content=body, request=httpx.Request("POST", "http://prefect/api"))
    return PrefectHTTPStatusError("refused", request=response.request, response=response)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ObjectNotFound(KeyError()), "Prefect has no deployment 'publish': `talepress deploy` makes it"),
        (refusal(409, b'{"detail": "no  voice"}'), "'publish' refuses the order: no voice; `talepress deploy` tells"),
        (refusal(422, b"other words"), "refuses the order: other words;"),
        (refusal(422, b"[1]"), r"refuses the order: \[1\];"),
        (refusal(409, b"{}"), "refuses the order: {};"),
        (refusal(409, b"x" * 400), f"refuses the order: {'x' * 300};"),
    ],
)
def test_an_order_that_the_server_does_not_take_is_bad_input_in_one_line(server, error, words):
    server.error = error
    with pytest.raises(BadInputError, match=words):
        start("publish", REQUEST, "once")


def test_a_server_that_fails_is_no_fault_of_the_order(server):
    server.error = refusal(500, b"")
    with pytest.raises(PrefectHTTPStatusError):
        start("publish", REQUEST, "once")
