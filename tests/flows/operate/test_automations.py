"""Automations are made of a file, as often as one asks; that one fires is in `tests/e2e/test_schedule.py`."""

from pathlib import Path

import pytest
import yaml

from tasks.errors import BadInputError

EXAMPLES = Path(__file__).resolve().parents[3] / "deploy" / "automations.yaml"
ADDRESS = "http://127.0.0.1:9/hook"

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.timeout(900)]


@pytest.fixture
def client():
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        yield client
        for automation in client.read_automations():
            client.delete_automation(automation.id)


def deploy(file, webhook=""):
    from flows.operate.automations import deploy_automations

    return deploy_automations(file, webhook)


def written(tmp_path, content):
    path = tmp_path / "automations.yaml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return path


def test_the_examples_hear_events_of_ours():
    from flows.run.notices import EVENTS

    heard = {
        event
        for one in yaml.safe_load(EXAMPLES.read_text("utf-8"))["automations"]
        for event in one["trigger"]["expect"]
    }
    assert heard < set(EVENTS.values())


def test_the_examples_are_made_once_and_a_switch_stays(client, tmp_path):
    names = deploy(EXAMPLES, ADDRESS)
    made = client.read_automations()
    assert sorted(one.name for one in made) == sorted(names) == ["talepress-book-failed", "talepress-review-wanted"]
    block = client.read_block_document_by_name("talepress", "webhook")
    assert block.data["url"] == ADDRESS
    assert {one.actions[0].block_document_id for one in made} == {block.id}

    client.pause_automation(made[0].id)
    assert deploy(EXAMPLES) == names  # the webhook stays as it is
    again = {one.id: one.enabled for one in client.read_automations()}
    assert again == {made[0].id: False, made[1].id: True}
    switched_on = yaml.safe_load(EXAMPLES.read_text("utf-8"))
    for one in switched_on["automations"]:
        one["enabled"] = True
    deploy(written(tmp_path, switched_on))
    assert {one.id: one.enabled for one in client.read_automations()} == again
    deploy(EXAMPLES, f"{ADDRESS}/other")
    assert client.read_block_document_by_name("talepress", "webhook").data["url"] == f"{ADDRESS}/other"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        (b"automations: [\xff]", "cannot be read"),
        ("automations: [", "cannot be read"),
        ("- name: one", "no list `automations`"),
        ({"automations": ["one"]}, "no list `automations`"),
        ({"automations": [{"name": "one", "actions": []}]}, "one: trigger: Field required"),
        (
            {"automations": [{"name": "one", "actions": [{"block_document_id": "webhook/other"}]}]},
            "Prefect has no block webhook/other: make it on Prefect's page",
        ),
    ],
    ids=["no file", "no UTF-8", "no YAML", "no list", "no automation", "no trigger", "no block"],
)
def test_a_wrong_file_says_what_is_wrong(client, tmp_path, content, complaint):
    with pytest.raises(BadInputError, match=complaint):
        deploy(written(tmp_path, content))
    assert client.read_automations() == []


@pytest.mark.parametrize(
    "address", ["example.org", "https://", "ftp://example.org", " https://example.org", "file:///x"]
)
def test_a_wrong_address_is_refused(client, address):
    with pytest.raises(BadInputError, match=f"--webhook '{address}' is no address"):
        deploy(EXAMPLES, address)
    assert client.read_automations() == []


@pytest.mark.parametrize("address", ["https://example.org/hook", "HTTPS://example.org", "http://box:8080"])
def test_an_address_is_kept_with_or_without_encryption(client, tmp_path, address):
    for _ in range(2):
        assert deploy(written(tmp_path, {"automations": []}), address) == []
        assert client.read_block_document_by_name("talepress", "webhook").data["url"] == address


def test_all_automations_are_right_before_one_is_made(client, tmp_path, monkeypatch):
    described = yaml.safe_load(EXAMPLES.read_text("utf-8"))["automations"]
    good = {**described[0], "actions": [{"type": "do-nothing"}]}
    wrong = {**described[1], "actions": [{"type": "call-webhook", "block_document_id": "webhook/nobody's"}]}
    with pytest.raises(BadInputError, match="no block webhook/nobody's: make it on Prefect's page"):
        deploy(written(tmp_path, {"automations": [good, wrong]}))
    assert client.read_automations() == []
    from flows.operate import automations

    monkeypatch.setattr(automations, "WEBHOOK", "nobody's")
    with pytest.raises(BadInputError, match="no block webhook/nobody's: say --webhook ADDRESS"):
        deploy(written(tmp_path, {"automations": [wrong]}))
