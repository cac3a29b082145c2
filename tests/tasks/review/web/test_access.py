"""Who may use the page, and what a browser may do with it. Each check has a request that only it refuses."""

import hmac
import re

import lxml.html
import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from tasks.review.web import access
from tasks.review.web.access import MOST_BODY_BYTES, PASS_COOKIE, SESSION_COOKIE, Keys, host_names
from tests.tasks.review.library import SOURCE
from tests.tasks.review.web.conftest import BOOK, HOST, ORIGIN

TOKEN = "a-token-of-enough-characters"
EVERY_PAGE = (
    "/",
    BOOK,
    f"{BOOK}/places/1:1",
    f"{BOOK}/state",
    f"/audio/takes/{'0' * 64}",
    f"/audio/chapters/{'0' * 64}",
    f"/peaks/{'0' * 64}",
    f"{BOOK}/places/1:1/between/{'0' * 64}",
    "/about",
    "/nowhere",
    "/static/review.js",
)


def test_the_page_answers_to_its_own_names_alone(serve):
    for host in (HOST, "localhost:4210", "[::1]:4210"):
        assert serve().client.get("/", headers={"Host": host}).status_code == 200
    for host in ("evil.example:4210", "127.0.0.1:80", "127.0.0.1", ""):
        assert serve().client.get("/", headers={"Host": host}).status_code == 421
    assert serve(names=["review.example.org"], host="review.example.org").open("/").status_code == 200
    client = serve().client
    for address in (*EVERY_PAGE, "/healthz", "/enter"):  # also what is nobody's secret
        assert client.get(address, headers={"Host": "evil.example:4210"}).status_code == 421
    assert client.get("/", headers={"Host": HOST.replace("127.0.0.1", "LocalHost")}).status_code == 200


def test_a_form_must_come_from_the_page_itself(browser):
    browser.open(BOOK)
    form = browser.form("1:1")
    for origin in (
        "http://evil.example",
        "http://127.0.0.1:8080",
        "null",
        "",
        "file://127.0.0.1:4210",
        "http://127.0.0.1:42",
        "http://evil-127.0.0.1:4210",
        "http://127.0.0.1:4210.evil.example",
        "http://ann@127.0.0.1:4210",
        "http://",
    ):
        browser.headers["Origin"] = origin
        assert browser.press(form, "action=approve").status_code == 403
    browser.headers.clear()
    assert browser.press(form, "action=approve").status_code == 200


def test_without_the_token_nothing_but_the_way_in_is_shown(serve):
    browser = serve(TOKEN)
    like_open_ones = ("/static", "/stage", "/health", "/x/static/review.js")
    for address in (*EVERY_PAGE[:-1], *like_open_ones):
        answer = browser.client.get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
    assert (
        browser.client.post("/name", headers={"Origin": ORIGIN}, follow_redirects=False).headers["location"] == "/enter"
    )
    assert browser.client.get("/?token=wrong").status_code == 403
    answer = browser.client.get(f"{BOOK}?show=all&token={TOKEN}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BOOK}?show=all")
    (cookie,) = [value for value in answer.headers.get_list("set-cookie") if value.startswith("talepress_review=")]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
    assert browser.open(BOOK).status_code == 200


def test_a_token_leads_to_no_other_site(serve):
    for address in (f"//evil.example/?token={TOKEN}", f"/\\evil.example?token={TOKEN}"):
        answer = serve(TOKEN).client.get(f"http://{HOST}{address}", follow_redirects=False)
        assert answer.headers["location"].startswith("/") and not answer.headers["location"].startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        (f"{ORIGIN}{BOOK}?show=all", f"{BOOK}?show=all"),
        (f"{ORIGIN}//evil.example/", "/"),  # a page of this site that is not there: what it links to is not
        (f"{ORIGIN}/\\evil.example", "/"),
        ("http://evil.example/books", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_from_an_error_leads_to_no_other_site(browser, came_from, back):
    answer = browser.client.get("/books/5", headers={"Referer": came_from})
    links = lxml.html.document_fromstring(answer.text).xpath("//main//a/@href")
    assert (answer.status_code, links[0]) == (404, back)
    assert not [link for link in links if "evil" in link]


def test_a_body_has_a_length_and_it_is_small(browser):
    long = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    assert browser.client.post(f"{BOOK}/decide", content=b"x" * (MOST_BODY_BYTES + 1), headers=long).status_code == 413
    assert browser.client.post(f"{BOOK}/decide", content=iter([b"key=1"]), headers=long).status_code == 411


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_every_answer_says_what_a_browser_may_do_with_it(browser, address):
    first = browser.client.get(address).headers
    policy = first["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';") and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert (first["x-content-type-options"], first["referrer-policy"]) == ("nosniff", "same-origin")
    assert policy != browser.client.get(address).headers["content-security-policy"]  # a nonce is used once


def test_a_token_is_compared_whole():
    keys = Keys(b"s", host_names("::1", 4210), TOKEN)
    assert keys.is_token(TOKEN) and not keys.is_token(TOKEN[:-1]) and not keys.is_token("")
    assert not Keys(b"s", frozenset()).is_token("")
    assert "[::1]:4210" in keys.hosts and TOKEN not in repr(keys)
    assert keys.may_pass(keys.sign("pass", TOKEN)) and not keys.may_pass(keys.sign("form", TOKEN))
    assert not keys.may_pass("") and Keys(b"s", frozenset()).may_pass("")


def test_what_is_signed_is_good_for_its_purpose_its_token_and_its_page_alone():
    hosts = host_names("::1", 4210)
    keys = Keys(b"s", hosts, TOKEN)
    given = keys.sign("pass", TOKEN)
    assert re.fullmatch("[0-9a-f]{64}", given) and keys.may_pass(given)
    assert given == hmac.new(b"s", f"pass:{TOKEN}".encode(), "sha256").hexdigest()  # browsers keep it for long
    assert not Keys(b"t", hosts, TOKEN).may_pass(given)  # another library's page
    assert not Keys(b"s", hosts, f"{TOKEN}x").may_pass(given)  # the token was changed
    assert len({keys.form_key("a"), keys.form_key("b"), Keys(b"t", hosts).form_key("a"), keys.sign("pass", "a")}) == 4
    for sign in ("\u00e4", "\u20ac"):
        assert not keys.is_token(sign) and not keys.may_pass(sign)
    assert Keys(b"s", hosts, "\u20ac" * 9).is_token("\u20ac" * 9)


def test_what_changes_nothing_is_asked_by_get_or_head_and_nothing_else_is_answered(browser):
    assert browser.client.head("/static/review.css").status_code == 200
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = browser.client.request(method, "/static/review.css", headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.text) == (405, "Only GET and POST are answered here.")
    assert browser.client.get(f"{BOOK}/approve").status_code == 405


def test_the_way_in_has_its_looks_without_a_token(serve):
    client = serve(TOKEN).client
    assert client.get("/static/review.css", follow_redirects=False).status_code == 200
    for origin, host in (  # behind a proxy the page is reached by https; browsers and people write names as they like
        ("http://review.example.org", "review.example.org"),
        ("https://review.example.org", "Review.Example.ORG"),
        ("https://Review.example.org", "review.example.org"),
    ):
        client = serve(TOKEN, ["review.example.org"], "review.example.org").client
        answer = client.post("/enter", data={"token": TOKEN}, headers={"Origin": origin, "Host": host})
        assert answer.status_code == 200, (origin, host)


def test_the_health_check_needs_no_token(serve):
    assert TestClient(serve(TOKEN).client.app, base_url=f"http://{HOST}").get("/healthz").text == "ok"
    assert SOURCE[:16] not in serve(TOKEN).client.get("/enter").text


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (str(MOST_BODY_BYTES), None),
        ("65536", None),
        ("65537", 413),
        (str(MOST_BODY_BYTES + 1), 413),
        ("9" * 5000, 413),  # a number of so many digits is not even read
        ("", 411),
        ("-1", 411),
        ("1_0", 411),
        ("²", 411),
        (" 5", 411),
    ],
)
def test_the_length_of_a_form_is_a_number_that_is_small(length, status):
    headers = Headers({"host": HOST, "origin": ORIGIN, "content-length": length})
    answer = access._refused_form(headers)
    assert (answer and answer.status_code) == status


def test_a_token_in_the_address_of_a_form_opens_nothing(serve):
    client = serve(TOKEN).client
    evil = client.post(f"/name?token={TOKEN}", headers={"Origin": "http://evil.example"}, follow_redirects=False)
    own = client.post(f"/name?token={TOKEN}", headers={"Origin": ORIGIN}, follow_redirects=False)
    assert (evil.status_code, own.status_code, own.headers["location"]) == (403, 303, "/enter")
    assert PASS_COOKIE not in client.cookies
    for origin in ("http://evil.example", "null"):  # nor does the token, typed on another site
        typed = client.post("/enter", data={"token": TOKEN}, headers={"Origin": origin}, follow_redirects=False)
        assert (typed.status_code, PASS_COOKIE in client.cookies) == (403, False)
    typed = client.post("/enter", data={"token": f" {TOKEN}\n"}, headers={"Origin": ORIGIN}, follow_redirects=False)
    assert (typed.headers["location"], PASS_COOKIE in client.cookies) == ("/", True)


def test_all_that_protects_an_answer_is_there(browser):
    headers = browser.client.get("/").headers
    nonce = re.search("'nonce-([^']+)'", headers["content-security-policy"])[1]
    assert len(nonce) >= 16
    assert headers["content-security-policy"].replace(nonce, "N").split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "img-src 'self' data:",
        "style-src 'self' 'nonce-N'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    with pytest.raises(RuntimeError, match="HTTP alone"), browser.client.websocket_connect("/"):
        pass
    other = TestClient(browser.client.app, base_url=f"http://{HOST}")  # keeps its session
    given = {other.get("/").cookies[SESSION_COOKIE], browser.client.cookies[SESSION_COOKIE]}
    assert [len(session) for session in given] == [32, 32] and "set-cookie" not in other.get("/").headers


def test_names_are_compared_as_browsers_write_them():
    names = host_names("192.168.0.7", 80, ["Review.Example.org"])
    assert host_names("FE80::7", 80) == {"127.0.0.1:80", "localhost:80", "[::1]:80", "[fe80::7]:80"}
    assert {"192.168.0.7:80", "localhost:80", "127.0.0.1:80", "review.example.org"} <= names


@pytest.mark.parametrize(
    ("address", "own"),
    [("/a?b#c", "/a?b#c"), ("", "/"), ("a", "/"), ("//a", "/"), ("/\\a", "/"), ("\\/a", "/"), ("http:/a", "/")],
)
def test_an_address_is_of_this_site_or_the_list_of_books(address, own):
    assert access.own_address(address) == own
