"""`talepress deploy`: for how many devices, and when a file of automations is needed."""

import pytest

from flows.operate import deploy as _deploy
from flows.operate import up as _up
from flows.operate.prefect_file import prefect_file


@pytest.fixture
def deployed(home, monkeypatch):
    done = []
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr("flows.cli.launch.use_server", lambda settings: done.append("server"))
    monkeypatch.setattr(_up, "count_devices", lambda settings: 4)
    monkeypatch.setattr(_deploy, "deploy", lambda devices, choices: done.append((devices, list(choices))) or ["one"])
    monkeypatch.setattr(
        "flows.operate.automations.deploy_automations", lambda file, webhook: done.append((file.name, webhook)) or ["a"]
    )
    return done


@pytest.mark.parametrize(
    ("server", "devices", "expected"),
    [("", 0, 4), ("", 2, 2), ("http://127.0.0.1:1/api", 0, 0), ("http://127.0.0.1:1/api", 2, 2)],
)
def test_devices_are_counted_unless_other_boxes_may_work_for_the_server(
    deployed, talepress, monkeypatch, server, devices, expected
):
    if server:
        monkeypatch.setenv("PREFECT_API_URL", server)
    assert talepress("deploy", "--devices", devices).err == "deployed one\n"
    assert deployed == ["server", (expected, ["voice", "preset"])]


def test_automations_are_made_after_what_they_are_about(deployed, talepress):
    ended = talepress("deploy", "--automations", "a.yaml", "--webhook", "https://x")
    assert ended.err == "deployed one\nautomation a\n"
    assert deployed[1:] == [(4, ["voice", "preset"]), ("a.yaml", "https://x")]


def test_an_address_without_automations_is_refused_before_anything_is_deployed(deployed, talepress):
    ended = talepress("deploy", "--webhook", "https://x")
    assert (ended.code, "--automations" in ended.err, deployed) == (2, True, [])


def test_the_file_is_printed_and_nothing_deployed(deployed, talepress):
    ended = talepress("deploy", "--print")
    assert (ended.code, ended.out, deployed) == (0, prefect_file(), [])
