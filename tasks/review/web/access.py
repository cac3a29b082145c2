"""Who may use the page: names of hosts, the token, forms that come from the page itself, and what a browser may run.

Wraps the application, so that no address of it can forget a check. Must not know books, nor what a form asks for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 * 1024
ENTRY = "/enter"  # where a token is typed
OPEN_PATHS = ("/static/", "/healthz")  # what is nobody's secret
PASS_COOKIE = "talepress_review"
SESSION_COOKIE = "talepress_session"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Keys:
    """What access rests on.

    `secret` signs and lasts longer than a process, so that forms that are open survive a restart. `token` is what a
    person shows once; empty: whoever reaches the page may use it. `hosts` are the names, with ports, that browsers may
    know the page by: another site's name that leads here (DNS rebinding) is refused.
    """

    secret: bytes
    hosts: frozenset[str]
    token: str = field(default="", repr=False)

    def sign(self, purpose: str, text: str) -> str:
        """Signs a text for one purpose; 64 hexadecimal digits."""
        return hmac.new(self.secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    def is_token(self, given: str) -> bool:
        """Tells whether this is the token, in a time that says nothing of it."""
        return bool(self.token) and hmac.compare_digest(given.encode(), self.token.encode())

    def may_pass(self, cookie: str) -> bool:
        """Tells whether a browser has shown the token before."""
        return not self.token or hmac.compare_digest(cookie.encode(), self.sign("pass", self.token).encode())

    def form_key(self, session: str) -> str:
        """The text by which a form shows that this page made it for that browser."""
        return self.sign("form", session)


def host_names(host: str, port: int, others: Iterable[str] = ()) -> frozenset[str]:
    """Lists the names by which a page on that host and port may be known; `others` as they are written in a browser."""
    names = {*LOOPBACK_NAMES, f"[{host}]" if ":" in host else host}
    return frozenset({f"{name}:{port}".lower() for name in names} | {other.lower() for other in others})


def own_address(address: str) -> str:
    """Returns an address of this site, path and query; the list of books for one that leads elsewhere."""
    own = address.startswith("/") and not address.startswith(("//", "/\\"))  # browsers take either for a host's name
    return address if own else "/"


class Access:
    """The application behind its checks. Each request gets `state.session`, `state.form_key` and `state.nonce`."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or lets the application do it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("the review page speaks HTTP alone")
        request = Request(scope, receive)
        session = request.cookies.get(SESSION_COOKIE, "")
        is_new = not session
        session = session or secrets.token_hex(16)
        nonce = secrets.token_urlsafe(16)
        scope["state"] = {
            **scope.get("state", {}),
            "session": session,
            "form_key": self._keys.form_key(session),
            "nonce": nonce,
        }

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _protect(headers, nonce)
                if is_new:
                    headers.append("Set-Cookie", _cookie(SESSION_COOKIE, session))
            await send(message)

        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that does not reach the application."""
        if request.headers.get("host", "").lower() not in self._keys.hosts:
            return PlainTextResponse("This page has another name: use the address that the command printed.", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("Only GET and POST are answered here.", 405)
        if request.url.path.startswith(OPEN_PATHS):
            return None
        if request.method != "POST" and "token" in request.query_params:
            return self._enter(request)
        refusal = _refused_form(request.headers) if request.method == "POST" else None
        if refusal is None and request.url.path != ENTRY and not self._may_pass(request):
            refusal = RedirectResponse(ENTRY, 303)
        return refusal

    def _may_pass(self, request: Request) -> bool:
        return self._keys.may_pass(request.cookies.get(PASS_COOKIE, ""))

    def _enter(self, request: Request) -> Response:
        """Takes the token out of an address, where others may read it, and gives a cookie for it."""
        if not self._keys.is_token(request.query_params["token"]):
            return PlainTextResponse("This is not the token: use the address that the command printed.", 403)
        rest = [(name, value) for name, value in parse_qsl(request.url.query) if name != "token"]
        path = f"/{request.url.path.lstrip('/')}"
        answer = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
        answer.headers.append("Set-Cookie", self.pass_cookie())
        return answer

    def pass_cookie(self) -> str:
        """The cookie of a browser that has shown the token."""
        return _cookie(PASS_COOKIE, self._keys.sign("pass", self._keys.token))


def _refused_form(headers: Headers) -> Response | None:
    """The answer to a form that comes from another site, or is longer than any of this page; None to one of its own."""
    origin = urlsplit(headers.get("origin", ""))
    if origin.scheme not in ("http", "https") or origin.netloc.lower() != headers.get("host", "").lower():
        return PlainTextResponse("This form does not come from the page itself: open the page and try again.", 403)
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return PlainTextResponse("A form says how long it is.", 411)
    if len(length) > len(str(MOST_BODY_BYTES)) or int(length) > MOST_BODY_BYTES:
        return PlainTextResponse("That is more than a form of this page holds.", 413)
    return None


def _cookie(name: str, value: str) -> str:
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict"


def _protect(headers: MutableHeaders, nonce: str) -> None:
    """Says to browsers that nothing runs or loads but what the page itself has."""
    headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; connect-src 'self'; media-src 'self'; img-src 'self' data:; "
        f"style-src 'self' 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"  # "no-referrer" would take the origin from forms, too
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
