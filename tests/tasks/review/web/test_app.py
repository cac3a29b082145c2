"""What forms need and what follows them: the key, the way back, cookies, errors in words."""

import re
from urllib.parse import quote

import pytest

from storage.errors import DamagedArtifactError, MissingArtifactError, NotFoundError
from storage.records import DecisionKind, Master, Reach
from tasks.errors import BadInputError, TalepressError
from tasks.review.desk import Corrected, DecidedMeanwhileError
from tasks.review.web import app
from tasks.review.web.access import PASS_COOKIE, SESSION_COOKIE
from tasks.review.web.pages import NAME_COOKIE, SAID_COOKIE
from tests.tasks.review.library import RATE, SOURCE
from tests.tasks.review.web.conftest import BOOK, ORIGIN

TOKEN = "a-token-of-enough-characters"
FORMS = {  # every address that changes something, with the least that it can be sent; decision 1 comes first
    "/books/{name}/decide": {"place": "1:1", "action": "approve", "seen": "0"},
    "/books/{name}/withdraw": {"decision": "1"},
    "/books/{name}/chapters/{number}/approve": {},
    "/books/{name}/approve": {},
    "/books/{name}/undo": {},
    "/books/{name}/start": {"job": "publish"},
    "/name": {},
}


def key_of(browser):
    browser.open(BOOK)
    return dict(browser.form(action="/name").form_values())["key"]


def send(browser, address, **fields):
    return browser.client.post(address, data=fields, headers={"Origin": ORIGIN}, follow_redirects=False)


def history(library):
    with library[0].snapshot() as uow:
        return uow.decisions.history(SOURCE)


def test_without_the_key_that_this_browser_was_given_no_form_does_anything(browser, serve, library, starter):
    paths = browser.client.app._app.openapi()["paths"]
    assert {path for path, methods in paths.items() if "post" in methods} == {"/enter", *FORMS}
    wrong = [{"key": key} for key in ("", "0" * 64, "\u00e4\u20ac", key_of(serve()))]  # the last one is another's
    own = {"key": key_of(browser), "back": "//evil.example"}

    def done():
        return len(history(library)), len(starter.jobs), NAME_COOKIE in browser.client.cookies

    for form, least in FORMS.items():
        address = form.format(name=SOURCE[:16], number=1)
        before = done()
        for key in ({}, *wrong):
            answer = send(browser, address, **key, **least)
            assert answer.status_code == 403 and "This form is out of date" in answer.text, (form, key)
        assert done() == before, form
        answer = send(browser, address, **own, **least)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), form
        assert done() != before, form


TAKE = "0" * 64  # the first one of the first sentence
PAGES = {  # every address that only shows something, and what is there
    "/healthz": ("text/plain", b"ok"),
    "/enter": ("text/html", b"Token"),
    "/": ("text/html", b"Books"),
    "/about": ("text/html", b"Voices and licences"),
    "/books/{name}": ("text/html", b"Doubtful"),
    "/books/{name}/places/{place}": ("text/html", b"Yes."),
    "/books/{name}/state": ("application/json", b'"running":false'),
    "/audio/takes/{key}": ("audio/flac", b"fLaC"),
    "/audio/chapters/{key}": ("audio/flac", b"fLaC"),
    "/peaks/{key}": ("application/json", b'"seconds":0.5'),
    "/books/{name}/places/{place}/between/{key}": ("audio/flac", b"fLaC"),
}


def test_every_address_shows_what_it_is_for(browser, library):
    paths = browser.client.app._app.openapi()["paths"]
    assert {path for path, methods in paths.items() if "get" in methods} == set(PAGES)
    with library[0].unit_of_work() as uow:
        address = uow.takes.get(TAKE).audio_sha256
        uow.masters.save(TAKE, Master(0, "One", address, RATE, RATE // 2, -19.0, -4.0, ()))
        uow.commit()
    for path, (kind, part) in PAGES.items():
        place = "1:1" if "between" in path else "1:2"
        answer = browser.client.get(path.format(name=SOURCE[:16], place=place, key=TAKE))
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind), path
        assert part in answer.content, path


def test_a_token_is_taken_from_the_form_as_well(serve):
    browser = serve(TOKEN)
    browser.open("/")
    assert browser.press(browser.form(action="/enter"), token="wrong").status_code == 401
    assert browser.press(browser.form(action="/enter"), token=TOKEN).status_code == 200
    assert browser.open("/").status_code == 200 and browser.page.find_class("book")


def test_the_way_back_leads_to_no_other_site(browser):
    form = {"key": key_of(browser), "who": "Ann"}
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "evil", ""):
        answer = send(browser, "/name", **form, back=back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), back
    assert send(browser, "/name", **form, back=f"{BOOK}?show=all#s-1-1").headers["location"].endswith("all#s-1-1")


def test_cookies_are_for_this_site_and_no_script(serve):
    browser = serve(TOKEN)
    cookies = []
    browser.client.event_hooks["response"].append(lambda answer: cookies.extend(answer.headers.get_list("set-cookie")))
    browser.open("/")
    browser.press(browser.form(action="/enter"), token=TOKEN)
    browser.sign_in("Ann")
    browser.press(browser.form("1:1"), "action=approve")  # told, and the cookie that tells it is taken back
    browser.open(f"/?token={TOKEN}")
    named = [cookie.partition("=")[0] for cookie in cookies]
    assert set(named) == {SESSION_COOKIE, PASS_COOKIE, NAME_COOKIE, SAID_COOKIE}
    assert named.count(PASS_COOKIE) == 2  # by the form and by the address
    for cookie in cookies:
        assert all(part in cookie.lower() for part in ("httponly", "samesite=strict", "path=/")), cookie
    kept = {cookie.partition("=")[0]: re.findall(r"Max-Age=([1-9]\d*)", cookie) for cookie in reversed(cookies)}
    assert kept == {
        SESSION_COOKIE: [],  # until the browser is closed
        PASS_COOKIE: [],
        NAME_COOKIE: [str(365 * 24 * 3600)],
        SAID_COOKIE: ["30"],  # what was done is not told to whoever comes back later
    }


def test_nobody_is_told_how_the_application_is_made(browser):
    for address in ("/docs", "/redoc", "/openapi.json", "/static/../app.py", "/static/%2e%2e/app.py"):
        assert browser.open(address).status_code == 404


def test_a_form_that_is_open_survives_a_restart(serve):
    ann = serve()
    ann.open(BOOK)
    restarted = serve()
    restarted.client.cookies = ann.client.cookies
    assert restarted.press(ann.form("1:1"), "action=approve").status_code == 200


def test_two_people_at_one_sentence(serve):
    ann = serve()
    ben = serve()
    ann.sign_in("Ann")
    ben.sign_in("Ben")
    ann.press(ann.form("1:1"), "action=reject")
    answer = ben.press(ben.form("1:1"), "action=approve")
    assert answer.status_code == 409
    assert "Ann has decided on this sentence since you opened the page (reject): look again" in ben.text
    ben.open(BOOK)
    assert "rejected by Ann" in ben.text
    ben.press(ben.form("1:1"), "action=approve", take="1")
    assert "1:1 is approved." in ben.text


def test_nobody_approves_what_somebody_else_has_just_changed(serve):
    ann = serve()
    ben = serve()
    ann.sign_in("Ann")
    ben.sign_in("Ben")
    open_forms = [
        ben.form(action=action) for action in ("/chapters/1/approve", "/chapters/2/approve", f"{BOOK}/approve")
    ]
    ann.press(ann.form("1:1"), "action=reject")  # another take is used now, which nobody has heard
    assert [ben.press(form).status_code for form in open_forms] == [409, 200, 409]  # the second chapter is as it was
    assert "Ann has decided on a sentence of it since you opened the page (reject): look again" in ben.text
    ben.open(BOOK)
    ben.press(ben.form(action=f"{BOOK}/approve"))
    assert "2 of 2 approved" in ben.text


def test_a_name_is_kept_tidy_and_short_and_a_button_that_there_is_not_does_nothing(browser, library):
    browser.sign_in(f"  Ann   {'x' * 80} ")
    form = dict(browser.form("1:1").form_values()) | {"action": "burn"}
    answer = browser.client.post(f"{BOOK}/decide", data=form, headers={"Origin": browser.origin})
    assert (answer.status_code, "there is no button" in answer.text) == (400, True)
    with library[0].snapshot() as uow:
        assert uow.decisions.history(SOURCE) == ()
    browser.press(browser.form("1:1"), "action=approve")
    with library[0].snapshot() as uow:
        assert [word.who for word in uow.decisions.history(SOURCE)] == [f"Ann {'x' * 56}"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("x"), 404),
        (MissingArtifactError("x"), 404),
        (DamagedArtifactError("x"), 500),
        (DecidedMeanwhileError("x"), 409),
        (BadInputError("x"), 400),
        (TalepressError("x"), 500),
    ],
)
def test_what_went_wrong_has_its_own_status(error, status):
    assert app._status_of(error) == status


@pytest.mark.parametrize(
    ("corrected", "reach", "words"),
    [
        (Corrected("", (), 1), Reach.PLACE, "The correction is undone."),
        (Corrected("", (("a", "b"),), 3), Reach.PLACE, "“a” is said “b” here, when"),
        (Corrected("", (("a", "b"), ("c", "d")), 3), Reach.BOOK, "“c” is said “d” in this book, in 3 sentences of it"),
        (Corrected("", (("a", "b"),), 3), Reach.ALWAYS, "“a” is said “b” in every book, when"),
    ],
)
def test_a_correction_is_told_with_where_it_holds(corrected, reach, words):
    assert words in app._said_of(corrected, reach)


def test_after_a_decision_the_page_stays_where_there_is_something_to_see(browser):
    form = {"key": key_of(browser), "seen": "9", "back": "/a?b=c#s-9-9"}
    for place, fields, fragment in (
        ("1:3", {"action": "note", "note": "Too loud?"}, "s-1-3"),
        ("2:1", {"action": "correct", "text": "The clock stood quite still."}, "s-2-1"),
        ("1:1", {"action": "reject"}, "s-1-1"),  # another take is to be heard
        ("1:1", {"action": "again"}, "s-9-9"),  # on to the next
        ("2:3", {"action": "reject"}, "s-9-9"),  # there is no other take
        ("1:3", {"action": "approve"}, "s-9-9"),
    ):
        answer = send(browser, f"{BOOK}/decide", place=place, **form, **fields)
        assert answer.headers["location"] == f"/a?b=c#{fragment}", (place, fields)


def test_what_a_form_leaves_out_is_the_take_in_use_and_this_place_alone(browser, library):
    form = {"key": key_of(browser), "seen": "0"}
    answer = send(browser, f"{BOOK}/decide", place="1:1", action="approve", **form)
    assert answer.headers["location"] == "/"
    said = "Nobody had seen OZ-mah before, they said."
    send(browser, f"{BOOK}/decide", place="1:3", action="correct", text=said, **form)
    assert [(word.kind, word.reach) for word in history(library)] == [
        (DecisionKind.APPROVE, Reach.PLACE),
        (DecisionKind.CORRECT, Reach.PLACE),
    ]


def test_what_went_wrong_is_a_page_that_says_it_in_words(browser):
    key = key_of(browser)
    nonsense = {"key": key, "place": "9", "action": "x", "seen": "0"}
    for answer, status, words in (
        (browser.client.get("/nowhere"), 404, "There is nothing at this address, or no form goes there."),
        (browser.client.get("/static/nothing.js"), 404, "There is nothing at this address, or no form goes there."),
        (browser.client.get(f"{BOOK}/decide"), 405, "There is nothing at this address, or no form goes there."),
        (browser.client.get("/books/5"), 404, "there is no such book: the list of books shows them"),
        (browser.client.get("/?page=many"), 400, "page: there is no such value. Go back, and load the page again."),
        (send(browser, f"{BOOK}/decide", key=key), 400, "action, place, seen: there is no such value."),
        (send(browser, f"{BOOK}/decide", **nonsense), 400, "'9' is no place: write chapter and sentence, such as"),
    ):
        browser._look(answer)
        assert answer.status_code == status
        assert f"That was not done {words}" in browser.text


def test_a_name_of_any_letters_is_kept(browser, library):
    browser.sign_in("Zoë; =\u2019 \u5d14")
    assert browser.client.cookies[NAME_COOKIE].strip('"') == quote("Zoë; =\u2019 \u5d14")
    browser.press(browser.form("1:1"), "action=approve")
    assert [word.who for word in history(library)] == ["Zoë; =\u2019 \u5d14"]
