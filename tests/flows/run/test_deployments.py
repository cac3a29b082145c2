"""What can be deployed takes one request and nothing else."""

import inspect

import pytest

from flows.order.request import Request
from flows.run.deployments import ENTRYPOINTS, find_flow


@pytest.mark.parametrize("name", ENTRYPOINTS)
def test_a_flow_is_found_by_its_name_and_asks_for_a_request(name):
    flow = find_flow(name)
    assert flow.name == name
    (parameter,) = inspect.signature(flow.fn, eval_str=True).parameters.values()
    assert parameter.name == "request"
    assert issubclass(parameter.annotation, Request)
    schema = flow.parameters.model_dump()
    (form,) = schema["definitions"].values()
    assert form["properties"]["chapters"]["description"] == "1, 1-3 or 1,4-5; all if not given."
    assert schema["properties"]["request"]["description"]


def test_a_deployments_parameters_become_a_request():
    flow = find_flow("book-to-audio")
    given = flow.validate_parameters({"request": {"book": "/b.epub", "out": "/out"}})
    assert given["request"] == Request(book="/b.epub", out="/out")
    assert flow.flow_run_name.format(**given) == "b"
