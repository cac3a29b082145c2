"""A schedule fires on a real server and makes a book; a lost run is found and started again. One box for the module."""

import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.box import Box
from tests.e2e.conftest import ROOT
from tests.flows.samples import write_fb2
from tests.receiver import receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

AUTOMATIONS = ROOT / "deploy" / "automations.yaml"
SLOW = {
    "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1",
    "TALEPRESS_EXECUTION__THREADS": "1",
    "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 1.5}',
}


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    if box.process.poll() is None:
        box.end()


def soon():
    """A cron line for a minute that has not begun, once a day."""
    then = datetime.now(UTC) + timedelta(seconds=90)
    return f"{then.minute} {then.hour} * * *"


def runs_of(box, door):
    """The runs of a door that have begun or ended, the latest first."""
    found = box.api("POST", "/flow_runs/filter", {"flows": {"name": {"any_": [door]}}, "sort": "START_TIME_DESC"})
    return [run for run in found if run["start_time"]]


def test_a_schedule_fires_and_makes_the_books_of_a_folder(box):
    shelf = box.folder / "shelf"
    shelf.mkdir()
    for name in ("one", "two"):
        write_fb2(shelf / f"{name}.fb2", name.title(), f"The {name} at the gate was late in the evening.")
    (shelf / "notes.xyz").write_text("no book")
    arguments = ["schedule", "add", "shelf", "--cron", soon(), "--timezone", "UTC", "--voice", "tone", "--json"]
    added = box.command(*arguments)
    assert added.returncode == 0, added.stderr
    assert box.command(*arguments).stdout == added.stdout  # the same again is the same
    name = json.loads(added.stdout)["name"]
    (shown,) = [
        one for one in json.loads(box.command("schedule", "list", "--json").stdout)["schedules"] if one["name"] == name
    ]
    assert (shown["door"], shown["request"]["book"], shown["active"]) == ("make-folder", str(shelf), True)

    box.wait_until(lambda: len(list((box.folder / "audiobooks").glob("*.m4b"))) == 2, 300)
    box.wait_until(lambda: box.rows("SELECT state FROM runs") == [("done",), ("done",)])
    (fired,) = runs_of(box, "make-folder")
    assert fired["auto_scheduled"]

    removed = box.command("schedule", "remove", name)
    assert removed.returncode == 0, removed.stderr
    assert box.command("schedule", "remove", name).returncode == 2


def test_a_wrong_time_is_refused(box):
    book = box.fresh_book()
    for wrong in (["--cron", "every day"], ["--cron", "0 1 * * *", "--timezone", "Mars/Olympus"]):
        refused = box.command("schedule", "add", book, *wrong)
        assert (refused.returncode, "--cron" in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("worker", [True, False], ids=["with its worker", "alone"])
def test_a_run_that_is_lost_is_started_again(box, worker):
    run = box.make(box.fresh_book(), environment=SLOW, voice="tone")
    box.wait_until(lambda: box.rows("SELECT process FROM runs WHERE state = 'running'"))
    ((process,),) = box.rows("SELECT process FROM runs WHERE state = 'running'")
    takes = len(box.rows("SELECT key FROM takes"))
    if worker:
        os.kill(box.pid("worker gpu 0"), signal.SIGKILL)
    os.kill(int(process.split(" ")[2]), signal.SIGKILL)
    if worker:  # nobody else is there to notice it
        assert box.state(run) == "RUNNING"
        swept = box.command("maintain", "sweep", "--json")
        assert swept.returncode == 0, swept.stderr
        assert (
            len(json.loads(swept.stdout)["again"]) <= 1
        )  # `up` may have been there first, 45 s after the worker's death
    else:
        box.wait(run, "CRASHED")  # the worker says so
        assert box.wait(box.submit("sweep"))["state"]["type"] == "COMPLETED", box.logs()
    assert not list((box.home / "work").glob("*/*"))
    ended = box.wait(run, "COMPLETED", "FAILED", "CRASHED", seconds=300)
    assert (ended["state"]["type"], ended["run_count"]) == ("COMPLETED", 2), box.logs()
    states = box.rows("SELECT state, message FROM runs ORDER BY started_at DESC LIMIT 2")
    assert [state for state, _ in states] == ["done", "failed"]
    assert states[1][1].startswith("interrupted")
    assert len(box.rows("SELECT key FROM takes")) >= takes + 1

    again = box.command("maintain", "sweep")
    assert again.stderr == "nothing was left behind\n"


def test_a_failure_reaches_a_webhook_and_prefects_own_retry_button_keeps_the_run(box):
    """The button sets the state AwaitingRetry; seen in a browser, and done here as it does it."""
    out = box.folder / "taken"
    out.write_text("a file where the folder should be")
    with receiver() as (place, posted):
        deployed = box.command("deploy", "--automations", AUTOMATIONS, "--webhook", f"http://{place}/")
        assert "automation talepress-book-failed" in deployed.stderr
        book = box.fresh_book()
        run = box.make(book, voice="tone", out=str(out))
        failed = box.wait(run)
        assert (failed["state"]["type"], str(out) in failed["state"]["message"]) == ("FAILED", True), failed["state"]
        box.wait_until(lambda: posted, 60)
    assert (posted[0]["event"], posted[0]["book"]) == ("talepress.book.failed", str(book))
    assert str(out) in posted[0]["text"]
    out.unlink()
    box.set_state(run, "SCHEDULED", "AwaitingRetry")
    ended = box.wait(run, "COMPLETED", "CRASHED", "CANCELLED", seconds=300)
    assert ended["state"]["type"] == "COMPLETED", box.logs()
    assert ended["run_count"] == 2
    assert list(out.glob("*.m4b"))


def test_an_empty_box_is_told_and_runs_begin_again_afterwards(box):
    drained = box.command("drain", "--json")
    assert (drained.returncode, json.loads(drained.stdout)) == (0, {"paused": True, "under_way": []}), drained.stderr
    run = box.make(box.fresh_book(), voice="tone")
    time.sleep(8)  # a worker looks every three seconds
    assert box.state(run) == "SCHEDULED"
    assert box.command("drain", "--resume").returncode == 0
    assert box.wait(run)["state"]["type"] == "COMPLETED", box.logs()


def test_what_is_flagged_is_retried_by_a_form_that_names_the_book_alone(box):
    book = box.fresh_book()
    silent = {"TALEPRESS_SYNTHESIZE__MODEL": '{"faults": [{"kind": "silence", "text": "dragon", "times": 3}]}'}
    first = box.wait(box.make(book, environment=silent, voice="tone"))
    assert first["state"]["name"] == "Flagged", first["state"]
    second = box.wait(box.submit("retry-failed", request={"book": str(book)}))
    assert second["state"]["name"] == "Completed", (second["state"], box.logs())
    assert second["name"] == first["name"]
    assert set(second["tags"]) >= {"tone", "fast"}


def test_upkeep_backs_up_and_verifies(box):
    run = box.wait(box.submit("maintain", request={"verify": True}))
    assert run["state"]["type"] == "COMPLETED", box.logs()

    def logs():
        return box.api("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})

    box.wait_until(lambda: any("are sound" in log["message"] for log in logs()), 60)  # they arrive later than the state
