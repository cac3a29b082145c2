"""A person at the review page who has no browser: loads it, presses its buttons, and tries again what did not work."""

import html
import re
import time

import httpx

FIELD = re.compile(r'name="(key|place|seen)" value="([^"]*)"')
PATIENCE_SECONDS = 300.0
AGAIN_SECONDS = 1.0
SEE_OTHER = 303


class Person:
    """Decides on books. Every word that the page has taken is remembered, so that one can ask later where it is."""

    def __init__(self, address):
        self._browser = httpx.Client(base_url=address, headers={"Origin": address}, timeout=120)
        self.again = 0  # how often something was pressed again, because the page did not answer

    def decide(self, source):
        """Approves what is doubtful, keeps a note, approves the first chapter. Returns the kinds that were taken."""
        book = f"/books/{source[:16]}"
        said = []
        for kind, more in (("note", {"note": "heard"}), ("approve", {})):
            self._press(book, f"{book}/decide", {"action": kind, **more})
            said.append(kind)
        self._press(book, f"{book}/chapters/1/approve", {})
        return [*said, "approve-chapter"]

    def publish(self, source):
        """Presses Publish."""
        book = f"/books/{source[:16]}"
        self._press(book, f"{book}/start", {"job": "publish"})

    def _press(self, page, form, values):
        """Loads a page and sends a form of it, until it is taken. As in a browser, an error page is no answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                shown = self._browser.get(page)
                fields = {name: html.unescape(value) for name, value in reversed(FIELD.findall(shown.text))}
                answer = self._browser.post(form, data={**fields, "back": page, **values})
                if answer.status_code == SEE_OTHER:
                    return
                trouble = f"{answer.status_code}: {answer.text[-300:]}"
            except httpx.TransportError as error:
                trouble = repr(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"{form} was not taken for {PATIENCE_SECONDS:.0f} s: {trouble}")
            self.again += 1
            time.sleep(AGAIN_SECONDS)
