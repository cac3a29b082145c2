"""A book in the inbox of a real box, and nobody looks: schedules fire, a worker makes it, and it is delivered."""

import json
import os
import signal

import pytest

from tests.e2e.box import Box
from tests.flows.samples import BOOK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


PARTS = ("server", "deployments", "scheduler", "workers of gpu", "workers of desk")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Box(tmp_path_factory.mktemp("box"), TALEPRESS_INBOX__SETTLE_S="1")
    box.start()
    yield box
    if box.process.poll() is None:
        box.end()


def test_what_is_dropped_is_delivered_or_explained(box):
    inbox = box.home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "book.md").write_text(BOOK, "utf-8")
    (inbox / "book.toml").write_text('voice = "tone"\npreset = "fast"\n')
    (inbox / "noise.epub").write_bytes(b"\x00" * 100)
    place = box.home / "outbox" / "Ann Author" / "The Small Book"
    reason = inbox / "failed" / "noise.epub" / "reason.txt"
    box.wait_until(lambda: (place / "done").exists() and reason.exists(), 500)
    assert sorted(path.name for path in place.iterdir()) == [
        "The Small Book.m4b",
        "The Small Book.manifest.json",
        "done",
    ]
    assert "noise.epub" in reason.read_text()
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["book.md", "book.toml"]
    assert box.rows("SELECT name, state, attempt FROM inbox ORDER BY name") == [
        ("book.md", "delivered", 1),
        ("noise.epub", "failed", 1),
    ]
    shown = box.command("inbox", "list")
    assert "delivered" in shown.stdout


def test_the_doctor_finds_all_well_and_names_what_is_not(box):
    def checks():
        shown = box.command("doctor", "--production", "--json")
        assert shown.stdout, shown.stderr
        found = {check["name"]: check for check in json.loads(shown.stdout)["checks"]}
        return {name: found[name]["ok"] for name in PARTS if name in found}

    assert checks() == dict.fromkeys(PARTS, True), box.command("doctor", "--production").stdout
    os.kill(box.process.pid, signal.SIGSTOP)  # so that it starts nothing again
    try:
        os.kill(box.pid("Prefect"), signal.SIGKILL)
        assert checks() == {"server": False}
    finally:
        os.kill(box.process.pid, signal.SIGCONT)
