"""The application with a small library, and a browser without a script."""

import re
from dataclasses import dataclass, field

import lxml.html
import pytest
from starlette.testclient import TestClient

from tasks.review.web.access import Keys, host_names
from tasks.review.web.app import make_app
from tests.tasks.review.library import SOURCE, make_shelf

HOST = "127.0.0.1:4210"
ORIGIN = f"http://{HOST}"
BOOK = f"/books/{SOURCE[:16]}"


@dataclass
class Browser:
    """Opens pages, fills forms and presses buttons as a browser does whose user has switched scripts off."""

    client: TestClient
    origin: str = ORIGIN
    page: lxml.html.HtmlElement | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def open(self, address):
        answer = self.client.get(address)
        self._look(answer)
        return answer

    def _look(self, answer):
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = lxml.html.document_fromstring(answer.text)

    @property
    def text(self):
        return " ".join(self.page.xpath("//main")[0].text_content().split())

    def sentences(self):
        return [article.get("data-place") for article in self.page.find_class("sentence")]

    def form(self, place="", action=""):
        """The form of a sentence that has the button, or the one whose address ends so."""
        if place:
            return self.page.xpath(
                f"//article[@data-place='{place}']//form[.//button[@value='{action or 'approve'}']]"
            )[0]
        return next(form for form in self.page.forms if form.action.endswith(action))

    def press(self, form, button="", **fields):
        """Sends a form by one of its buttons ("action=approve"); returns the answer after the way back."""
        data = dict(form.form_values()) | fields
        name, _, value = button.partition("=")
        if name:
            known = [b for b in form.iter("button") if (b.get("name"), b.get("value")) == (name, value)]
            assert known and known[0].get("disabled") is None, f"no button {button} to press"
            data[name] = value
        headers = {"Origin": self.origin, "Referer": f"{self.origin}{BOOK}?show=all"} | self.headers
        answer = self.client.post(re.sub("^http://[^/]*", "", form.action), data=data, headers=headers)
        self._look(answer)
        return answer

    def sign_in(self, name):
        """Says who is looking, and opens the book."""
        self.open(BOOK)
        self.press(self.form(action="/name"), who=name)
        self.open(BOOK)


@pytest.fixture
def serve(library, starter, tmp_path):
    """Makes a browser before the application; `token` and `names` as the command would have them."""

    def start(token="", names=(), host=HOST):
        keys = Keys(b"0" * 32, host_names("127.0.0.1", 4210, names), token)
        app = make_app(make_shelf(*library, starter, tmp_path / "inbox"), keys)
        return Browser(TestClient(app, base_url=f"http://{host}", raise_server_exceptions=False), f"http://{host}")

    return start


@pytest.fixture
def browser(serve):
    return serve()
