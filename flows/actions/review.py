"""`talepress review`: puts together what the page and its commands need of a library, and serves the page.

Knows nothing of pages, and of work only that something starts it.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock

from configs.settings import Settings
from flows.actions.inbox import folders_of
from flows.order.request import Request
from flows.services import Services, open_services, read_settings
from tasks.disk import output_errors, publish
from tasks.errors import BadInputError
from tasks.review.desk import Desk
from tasks.review.web.access import Keys, host_names
from tasks.review.web.shelf import Shelf, Starter
from tasks.segment.corrected import Sayer
from tasks.voices.catalogue import VoiceCredit, credit_of, shipped_voices

TOKEN_VARIABLE = "TALEPRESS_REVIEW_TOKEN"
_SECRET_BYTES = 32


def sayer_of(services: Services, source: str) -> Sayer:
    """Makes what says a book's sentences as its last run did. Raises `NotFoundError`, `BadInputError`."""
    with services.database.snapshot() as uow:
        runs = uow.runs.of(source)
        _, _, language = uow.books.heading(source)
    request = Request.from_record(runs[0].request) if runs else None
    settings = read_settings(**request.overrides) if request else services.settings
    with open_services(settings) as as_asked:
        model = as_asked.front_end
        narrator = settings.synthesize.voice
        return Sayer(settings.segment, model.most_tokens, model.max_text_tokens, language, narrator)


def voice_credits(services: Services) -> tuple[VoiceCredit, ...]:
    """Lists whose voices may be heard: those that come with the program, and those that users added."""
    added = {voice.name: credit_of(voice) for voice in services.added_voices()}
    return (*(voice.credit for voice in shipped_voices()), *added.values())


def make_shelf(services: Services, starter: Starter) -> Shelf:
    """Puts together what the page works with. Raises as `Services.database` and `Services.store` do."""
    settings = services.settings
    return Shelf(
        database=services.database,
        store=services.store,
        stitch=settings.stitch,
        master=settings.master,
        sayer_of=lambda source: sayer_of(services, source),
        starter=starter,
        inbox=folders_of(settings).inbox,
        voices=lambda: voice_credits(services),
    )


def open_desk(services: Services, source: str, who: str) -> Desk:
    """Opens a person's desk on a book, for a command."""
    return Desk(services.database, source, who, sayer_of(services, source))


def make_keys(settings: Settings, host: str, port: int, names: Sequence[str], *, wants_token: bool) -> Keys:
    """Makes what access to the page rests on. A page that other machines reach has a token, wanted or not.

    The token is that of the environment, or one that is made once for the library. Raises `BadInputError` for a token
    that could be guessed, `OutputError`.
    """
    folder = settings.storage.folder / "review"
    secret = _kept_secret(folder)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if token and len(token) < 16:
        raise BadInputError(f"{TOKEN_VARIABLE} could be guessed: give it 16 characters or more")
    keys = Keys(secret, host_names(host, port, names))
    if not token and (wants_token or not is_loopback(host)):
        token = keys.sign("token", "1")[:32]
    return Keys(secret, keys.hosts, token)


def serve(
    services: Services, starter: Starter, host: str, port: int, names: Sequence[str], *, wants_token: bool
) -> Iterator[str]:
    """Serves the page: yields its address once the port is taken, then answers browsers until a signal comes.

    Args:
        services: of the library.
        starter: starts work for the page.
        host: the address to listen on.
        port: 0: any that is free.
        names: what browsers call the page besides, with the port where it is not their scheme's own.
        wants_token: whether even this machine's browsers need the token.

    Raises `BadInputError` for a host or port that cannot be had, and as `make_keys` and `make_shelf` do.
    """
    import uvicorn

    from tasks.review.web.app import make_app

    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadInputError(
            f"the page cannot listen on {host}, port {port} ({error.strerror}): name others by --host and --port"
        ) from error
    with listener:
        port = listener.getsockname()[1]
        keys = make_keys(services.settings, host, port, names, wants_token=wants_token)
        app = make_app(make_shelf(services, starter), keys)
        address = services.settings.review.model_copy(update={"host": host, "port": port}).page_address
        yield f"{address}/?token={keys.token}" if keys.token else address
        options = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
        options.timeout_graceful_shutdown = 3
        uvicorn.Server(options).run([listener])


def is_loopback(host: str) -> bool:
    """Tells whether only programs of this machine reach a page on that host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept_secret(folder: Path) -> bytes:
    """Reads the library's secret, which nobody else may read, and makes it where there is none that is whole."""
    path = folder / "secret"
    with output_errors(folder):
        if (secret := _whole_secret(path)) is not None:
            return secret
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "secret.lock"):  # two pages that begin at once have one secret
            if (secret := _whole_secret(path)) is None:
                secret = secrets.token_bytes(_SECRET_BYTES)
                fresh = path.with_suffix(".new")
                fresh.unlink(missing_ok=True)
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secret.hex())
                publish(fresh, path)
        return secret


def _whole_secret(path: Path) -> bytes | None:
    """Reads a secret; None where there is none, or a part of one, which could be guessed."""
    try:
        secret = bytes.fromhex(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return secret if len(secret) == _SECRET_BYTES else None
