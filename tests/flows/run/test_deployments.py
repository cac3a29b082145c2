"""What can be deployed takes one form and nothing else, and the file for Prefect's own command says the same."""

import inspect
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from flows.operate.prefect_file import prefect_file
from flows.order.request import Request
from flows.run.deployments import DOORS, ENTRYPOINTS, find_flow

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
