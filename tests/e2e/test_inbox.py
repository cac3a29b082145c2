"""A book in the inbox of a real box, and nobody looks: schedules fire, a worker makes it, and it is delivered."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.box import Box
from tests.flows.samples import BOOK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


FAULT = '{"faults": [{"kind": "silence", "text": "dragon"}]}'
CHROMIUM = Path("/usr/bin/chromium")
PARTS = ("server", "deployments", "scheduler", "workers of gpu", "workers of desk")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Box(tmp_path_factory.mktemp("box"), TALEPRESS_INBOX__SETTLE_S="1", TALEPRESS_SYNTHESIZE__MODEL=FAULT)
    box.start()
    box.look_often("inbox", 15)
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
        "The Small Book.report.html",
        "done",
    ]
    assert "noise.epub" in reason.read_text()
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["book.md", "book.toml"]
    ended = [("book.md", "delivered", 1), ("noise.epub", "failed", 1)]  # in rows a moment after it is in folders
    box.wait_until(lambda: box.rows("SELECT name, state, attempt FROM inbox ORDER BY name") == ended)
    shown = box.command("inbox", "list")
    assert "delivered" in shown.stdout


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser {CHROMIUM}: install Debian's chromium")
def test_what_is_doubtful_is_heard_on_the_page_and_delivered_when_it_is_published(box):
    """The way of a small publisher's book: dropped, made, heard, approved, published, fetched."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    inbox = box.home / "inbox"
    (inbox / "tower.md").write_text(BOOK.replace("The Small Book", "The Tower"), "utf-8")
    (inbox / "tower.toml").write_text('voice = "tone"\nreview = "flagged"\n')
    box.wait_until(lambda: ("tower.md", "review") in box.rows("SELECT name, state FROM inbox"), 400)
    address = next(one["address"] for one in box.note["parts"] if one["name"] == "review")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        page.click("text=The Tower")
        page.wait_for_selector(".sentence.here")
        assert "dragon" in page.inner_text(".sentence.here")
        page.click(".sentence.here >> text=Approve")
        page.wait_for_selector(".said")
        page.click("text=Publish")
        page.wait_for_load_state()
        browser.close()
    place = box.home / "outbox" / "Ann Author" / "The Tower"
    box.wait_until((place / "done").exists, 400)
    manifest = json.loads((place / "The Tower.manifest.json").read_text("utf-8"))
    assert [word["what"] for word in manifest["decisions"]] == ["approve"]


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
