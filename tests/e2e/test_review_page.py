"""The whole way of one book in a real browser, by keys alone: heard, corrected, spoken again, published."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.background import RUN
from tests.e2e.conftest import ROOT, Talepress
from tests.flows.samples import add_voice

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser {CHROMIUM}: install Debian's chromium"),
]

BOOK = """---
title: The Emerald Clock
author: Ann Author
---
# The Emerald Clock

## The Harbour

Princess Ozma came down to the harbour before the sun was up. The ferryman had been waiting there since midnight.

"The dragon was on the road again," Ozma answered. "We had to go round by the mill."

## The Storm

The wind rose in the afternoon and tore the pennants from the walls. Nobody in the town had seen such a storm.
"""
FAULTS = '{"faults": [{"kind": "silence", "text": "dragon"}, {"kind": "too_long", "text": "pennants"}]}'
WORK_SECONDS = 300  # that a run may take on a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a book that waits for review: two of its sentences are doubtful."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "book.md").write_text(BOOK, "utf-8")
    add_voice(folder / "home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}
    talepress = Talepress(folder / "home", folder, environment)
    asked = ("--voice", "tone", "--review", "flagged", "--json")
    made = talepress("make", "book.md", *asked, TALEPRESS_SYNTHESIZE__MODEL=FAULTS)
    assert (made.code, made.json["state"], made.json["files"]) == (1, "review", []), made.err
    return folder


@pytest.fixture(scope="module")
def address(folder):
    """Serves the page, and stops it by SIGTERM at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}
    environment |= {"TALEPRESS_HOME": str(folder / "home"), "TALEPRESS_PROFILE": "test", "PYTHONPATH": str(ROOT)}
    serve = [sys.executable, "-c", RUN, "review", "serve", "--port", "0"]
    with subprocess.Popen(serve, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as page:
        line = page.stderr.readline()
        yield re.search(r"http://\S+", line)[0]
        page.send_signal(signal.SIGTERM)
        assert page.wait(120) in (130, -signal.SIGTERM)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """A page of a browser of its own; a script that fails, or is refused by the policy, fails the test."""
    troubles = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.goto(address)
    yield page
    context.close()
    assert [trouble for trouble in troubles if "409" not in trouble] == []


def open_book(page):
    page.keyboard.press("Tab")  # the way home
    while page.evaluate("document.activeElement.className") != "book":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sentence.here")
    page.wait_for_load_state()  # a sound that a test holds back before it would keep the page from ever being complete


def here(page):
    return page.get_attribute(".sentence.here", "data-place")


def said(page):
    return page.inner_text(".said")


def press_and_load(page, key):
    """Presses a key that sends a form, and waits for the page that answers it."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state()


def until(page, condition, seconds=30):
    """Waits for a condition of the whole page, which loads itself anew while a run works: half of it says nothing.

    Playwright's own way evaluates text in the page, which its policy forbids.
    """
    for _ in range(seconds * 2):
        try:
            if page.evaluate(f"document.readyState === 'complete' && ({condition})"):
                return
        except Exception as error:  # Playwright has one class for all: here, the page was just loaded anew
            if "navigation" not in str(error):
                raise
        page.wait_for_timeout(500)
    raise AssertionError(f"not within {seconds} s: {condition}; the page says: {page.inner_text('main')}")


def playing(page):
    until(page, "[...document.querySelectorAll('audio')].some(a => !a.paused && a.currentTime > 0)")
    return page.evaluate("[...document.querySelectorAll('audio')].find(a => !a.paused).getAttribute('aria-label')")


def test_without_a_script_a_decision_is_a_form(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.click(".book")
    page.check('[data-place="1:4"] input[value="2"]')
    page.click('[data-place="1:4"] >> text=Approve')
    assert "1:4 is approved." in said(page)
    with page.expect_navigation():
        page.click("text=Undo my last decision")
    assert page.locator(".sentence").count() == 2
    context.close()


def test_a_phone_shows_all_of_it(browser, address):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    for step in (".book", '[data-place="1:4"] h2 a'):
        with page.expect_navigation():
            page.click(step)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        sizes = [button.bounding_box()["height"] for button in page.locator(".judge button").all()]
        assert sizes and min(sizes) >= 40
    context.close()


def test_two_editors_at_once(browser, address):
    pages = []
    for name in ("Ann", "Ben"):
        page = browser.new_context().new_page()
        page.goto(address)
        page.fill("input[name=who]", name)
        page.click("text=Set")
        page.click(".book")
        pages.append(page)
    ann, ben = pages
    ann.click('[data-place="1:4"] >> text=Approve')
    ann.wait_for_selector(".said")
    ben.click('[data-place="1:4"] >> text=None is good')
    ben.wait_for_selector("text=That was not done")
    assert "Ann has decided on this sentence since you opened the page" in ben.inner_text("main")
    ann.click("text=Undo my last decision")
    ann.wait_for_selector("text=Undone")
    for page in pages:
        page.context.close()


def test_takes_are_heard_against_each_other_and_in_the_chapter_as_it_was_mastered(page):
    open_book(page)
    for number in ("1", "2", "1"):
        page.keyboard.press(number)
        assert playing(page) == f"take {number} of 1:4"
    press_and_load(page, "c")
    page.keyboard.press("c")
    assert playing(page) == "in its chapter"
    start = float(page.get_attribute("audio.mastered", "data-start"))
    assert page.evaluate("document.querySelector('audio.mastered').currentTime") >= start > 0
    page.keyboard.press("Shift+Digit2")
    assert playing(page) == "take 2 between its neighbours"
    press_and_load(page, "Escape")
    assert here(page) == "1:4"


def test_a_sound_that_is_stopped_before_it_has_come_is_no_fault(page):
    open_book(page)
    waiting = []

    def hold(route):
        waiting.append(route)

    page.route("**/audio/takes/*", hold)
    page.keyboard.press("2")
    for _ in range(60):
        if waiting:
            break
        page.wait_for_timeout(500)
    page.keyboard.press(" ")
    assert waiting and page.evaluate("[...document.querySelectorAll('audio')].every(a => a.paused)")
    for route in waiting:
        route.continue_()


def test_of_two_keys_pressed_at_once_the_last_one_is_heard(page):
    open_book(page)
    page.evaluate("""for (const number of [1, 2, 3, 2]) {
        const key = { key: `${number}`, code: `Digit${number}`, bubbles: true };
        document.querySelector(".sentence.here").dispatchEvent(new KeyboardEvent("keydown", key));
    }""")
    assert playing(page) == "take 2 of 1:4"


def test_the_filters_are_a_key_away(page):
    open_book(page)
    for show in ("rejected", "all", "doubtful"):
        press_and_load(page, "f")
        assert f"show={show}" in page.url


def test_a_book_is_heard_corrected_spoken_again_and_published_by_keys(page, folder):
    # 1. The doubtful sentences are heard and judged.
    open_book(page)
    assert here(page) == "1:4"
    page.keyboard.press("j")
    assert here(page) == "2:2"
    page.keyboard.press("k")
    page.keyboard.press("2")
    assert playing(page) == "take 2 of 1:4"
    page.keyboard.press(" ")
    assert page.evaluate("[...document.querySelectorAll('audio')].every(a => a.paused)")
    page.wait_for_selector(".sentence.here .wave:visible")
    press_and_load(page, "a")
    assert "1:4 is approved." in said(page) and here(page) == "2:2"
    press_and_load(page, "s")
    assert "2:2 will be spoken again" in said(page)
    press_and_load(page, "u")
    assert "Undone: the rejection" in said(page)
    press_and_load(page, "s")
    # 2. A name is corrected for the whole book.
    page.keyboard.press("/")
    page.keyboard.type("Ozma")
    press_and_load(page, "Enter")
    assert here(page) == "1:2"
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("Princess OZ-mah came down to the harbour before the sun was up.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    press_and_load(page, "Enter")
    assert "“Ozma” is said “OZ-mah” in this book, in 2 sentences of it" in said(page)
    # 3. All of that is spoken, and nothing is published.
    press_and_load(page, "Shift+S")
    until(page, "!/in the making|to be spoken/.test(document.querySelector('.work').innerText)", WORK_SECONDS)
    assert not list((folder / "audiobooks").glob("*.m4b"))
    # 4. What is new is heard and approved, and the book is published.
    page.goto(page.url.split("?")[0] + "?show=rejected")
    page.wait_for_selector(".sentence.here")
    assert page.inner_text(".sentence.here .badge") == "spoken again: hear it"
    page.keyboard.press(" ")
    assert playing(page) == "take 4 of 2:2"
    press_and_load(page, "a")
    page.goto(page.url.split("?")[0])
    while page.locator(".sentence").count():
        press_and_load(page, "a")
    assert page.is_enabled("text=Publish")
    press_and_load(page, "Shift+P")
    until(page, "document.querySelector('.work').innerText.includes('audiobooks')", WORK_SECONDS)
    # 5. The edition says what people decided.
    (manifest,) = (folder / "audiobooks").glob("*.manifest.json")
    words = json.loads(manifest.read_text("utf-8"))["decisions"]
    assert ("correct", "Ozma", "OZ-mah") in [(w["what"], w.get("written"), w.get("value")) for w in words]
    spoken = [
        row["spoken"] for part in json.loads(manifest.read_text("utf-8"))["chapters"] for row in part["utterances"]
    ]
    assert sum("oz-mah" in text for text in spoken) == 2
