"""Draws the pictures of Prefect's page in `docs/pictures`, from a real box: `python -m samples.draw_prefect`.

A book goes through the inbox of `talepress up` with test tones, and waits for people. Needs what tests need, Playwright
and Debian's chromium among it. Knows nothing of how the pages are made.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from samples.pictures import BOOK, CHROMIUM, PICTURES, take
from tests.e2e.box import Box

FAULTS = '{"faults": [{"kind": "too_long", "text": "lamps"}], "seconds_per_request": 0.2}'
SETTINGS = {"TALEPRESS_SYNTHESIZE__MODEL": FAULTS, "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "4"}
ORDER = 'voice = "slt"\nreview = "flagged"\n'
MADE_SECONDS = 1200.0
DRAW_MS = 8000  # that Prefect's page takes to draw what its server answers


def make_book(box: Box) -> str:
    """Drops the sample into the inbox, and waits until its run waits for people. Returns the flow run's id."""
    inbox = box.home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "lamplighter.toml").write_text(ORDER)
    shutil.copy(BOOK, inbox / "lamplighter.epub")
    (inbox / "lamplighter.epub.ready").touch()
    box.wait_until(lambda: box.rows("SELECT state FROM runs") == [("review",)], MADE_SECONDS)
    ((run,),) = box.rows("SELECT run FROM inbox")
    return str(run)


def draw(page: Page, address: str, run: str) -> None:
    """Takes the pictures of the run with its task runs, and of what it left."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{address}/runs/flow-run/{run}")
    page.get_by_text("AwaitingReview").first.wait_for(timeout=60_000)
    page.get_by_text("Task Runs", exact=True).click()
    page.wait_for_timeout(DRAW_MS)
    take(page, "prefect-run")
    page.set_viewport_size({"width": 1280, "height": 1060})
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("takes that the checks doubt").first.wait_for(timeout=60_000)
    page.wait_for_timeout(DRAW_MS)
    take(page, "prefect-artifacts")


def main() -> None:
    """Starts a box, has the book made, and takes the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        box = Box(Path(name), **SETTINGS)
        box.start()
        try:
            run = make_book(box)
            address = next(one["address"] for one in box.note["parts"] if one["name"] == "Prefect")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                draw(browser.new_page(), address, run)
                browser.close()
        finally:
            box.end()


if __name__ == "__main__":
    main()
