"""Draws the pictures of the review page in `docs/pictures`, from a real run with test tones.

`python -m samples.draw_review` needs Playwright and Debian's chromium. Knows nothing of how the page is made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from samples.pictures import BOOK, CHROMIUM, PICTURES, ROOT, take

RUN = "from flows.cli.entry import main; main()"
FAULTS = '{"faults": [{"kind": "too_long", "text": "lamp"}, {"kind": "length_cap", "text": "stairs"}]}'


def command(*arguments: str) -> list[str]:
    """The command line of Talepress in this tree."""
    return [sys.executable, "-c", RUN, *arguments]


def environment(folder: Path) -> dict[str, str]:
    """A data folder of its own, test tones, and an engine whose takes are now and then too long."""
    own = {"TALEPRESS_HOME": str(folder / "home"), "TALEPRESS_PROFILE": "test", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own, "TALEPRESS_SYNTHESIZE__MODEL": FAULTS}


def draw(page: Page, address: str) -> None:
    """Takes the pictures."""
    page.set_viewport_size({"width": 1100, "height": 860})
    page.goto(address)
    page.click(".book")
    page.wait_for_selector(".wave:not([hidden])")
    page.keyboard.press("2")
    page.wait_for_timeout(1500)
    take(page, "review-book")
    page.keyboard.press(" ")
    page.keyboard.press("e")
    page.wait_for_timeout(300)
    take(page, "review-correct")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_selector(".between")
    page.wait_for_timeout(1000)
    take(page, "review-sentence")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    page.click(".book")
    page.wait_for_selector(".wave:not([hidden])")
    take(page, "review-phone")


def main() -> None:
    """Makes a book, serves the page, and takes the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = command(
            "make",
            str(BOOK),
            "--voice",
            "slt",
            "--chapters",
            "1-2",
            "--review",
            "flagged",
            "--out",
            str(folder / "out"),
        )
        subprocess.run(make, cwd=folder, env=environment(folder), check=False)
        serve = command("review", "serve", "--port", "0")
        with subprocess.Popen(serve, cwd=folder, env=environment(folder), stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            found = re.search(r"http://\S+", server.stderr.readline())
            assert found is not None
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                    draw(browser.new_page(), found[0])
                    browser.close()
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
