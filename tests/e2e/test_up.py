"""`talepress up`: everything that a box needs, kept running, and ended in order. One box for the module."""

import json
import os
import signal
import time

import pytest

from tests.e2e.box import Box, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

END_SECONDS = 25.0


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    if box.process.poll() is None:
        box.end()


def test_a_book_is_made_by_its_deployment_from_any_folder(box):
    run = box.wait(box.make(box.book(), voice="tone", preset="fast"))
    assert (run["state"]["type"], run["name"]) == ("COMPLETED", "The Small Book · tone"), box.logs()
    assert [path.name for path in sorted((box.folder / "out").iterdir())] == [
        "The Small Book.m4b",
        "The Small Book.manifest.json",
    ]
    assert box.rows("SELECT flow, state FROM runs") == [("book_to_audio", "done")]


def test_a_form_with_a_mistake_is_refused_before_there_is_a_run(box):
    with pytest.raises(Exception, match="409"):
        box.make(box.book(), voice="nobody")
    with pytest.raises(Exception, match="409"):
        box.make("book.md")  # not absolute


def test_deploying_again_leaves_what_people_have_set(box):
    before = box.deployment("book-to-audio")
    box.api("POST", f"/deployments/{before['id']}/schedules", [{"schedule": {"cron": "0 1 * * *"}, "active": False}])
    again = box.command("deploy")
    assert again.returncode == 0, again.stderr
    after = box.deployment("book-to-audio")
    assert after["id"] == before["id"]
    assert [(one["schedule"]["cron"], one["active"]) for one in after["schedules"]] == [("0 1 * * *", False)]
    assert after["parameter_openapi_schema"] == before["parameter_openapi_schema"]


def test_status_shows_what_runs(box):
    shown = box.command("status", "--json")
    assert shown.returncode == 0, shown.stderr
    up = json.loads(shown.stdout)["up"]
    assert [part["name"] for part in up["parts"]] == ["Prefect", "worker gpu 0", "worker desk", "review"]
    addresses = {line.partition(": ")[0]: line.partition(": ")[2] for line in box.lines}
    assert addresses["Prefect"] == up["parts"][0]["address"] and addresses["review"] == up["parts"][3]["address"]
    assert addresses["inbox"] == str(box.home / "inbox")
    assert "worker gpu 0" in box.command("status").stdout


def test_a_second_up_is_refused(box):
    second = box.command("up")
    assert second.returncode == 2
    assert "talepress down" in second.stderr


@pytest.mark.parametrize("part", ["worker desk", "Prefect"])
def test_a_part_that_is_killed_is_started_again(box, part):
    pid = box.pid(part)
    os.kill(pid, signal.SIGKILL)
    box.wait_until(lambda: box.pid(part) not in (0, pid))
    box.wait_until(lambda: "not known" not in box.command("status").stderr)  # which runs are under way: Prefect answers
    assert f"{part} ended by itself (signal 9)" in "\n".join(box.lines)
    run = box.wait(box.make(box.book("second"), voice="tone"))
    assert run["state"]["type"] == "COMPLETED", box.logs()


def test_down_ends_everything(box):
    pids = [part["pid"] for part in box.note["parts"]]
    began = time.monotonic()
    ended = box.command("down")
    assert (ended.returncode, ended.stderr) == (0, "stopped\n")
    assert time.monotonic() - began < END_SECONDS
    assert box.process.wait(60) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not (box.home / "up.json").exists()
    for log in (box.home / "logs").glob("*.log"):
        assert "Fatal Python error" not in log.read_text(), log.read_text()
