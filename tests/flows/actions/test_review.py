"""What access to the review page rests on, and what the page is given of a library."""

import errno
import ipaddress
import socket
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from filelock import FileLock

from flows.actions import review
from flows.actions.review import (
    TOKEN_VARIABLE,
    is_loopback,
    make_keys,
    make_shelf,
    open_desk,
    sayer_of,
    serve,
    voice_credits,
)
from flows.operate.up import SERVER_STOP_SECONDS
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.errors import BadInputError, OutputError
from tasks.review.web import app
from tests.flows.cli.test_plan import ordered
from tests.flows.samples import add_voice

OTHER_HOSTS = [
    "0.0.0.0",
    "::",
    "192.168.1.7",
    "10.0.0.1",
    "169.254.1.1",
    "2001:db8::1",
    "box.example",
    "localhost.example",
]
OWN_HOSTS = ["127.0.0.1", "127.1.2.3", "::1", "localhost"]


@pytest.fixture
def services(home, monkeypatch):
    """An empty data folder: keys rest on no library."""
    home.mkdir()
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def library(services, home):
    """The same with a voice."""
    add_voice(home)
    return services


def keys_of(services, host="127.0.0.1", names=(), wants_token=False):
    return make_keys(services.settings, host, 4210, names, wants_token=wants_token)


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_a_page_that_other_machines_reach_has_a_token_wanted_or_not(services, host):
    assert is_loopback(host) is False
    for wants_token in (False, True):
        token = keys_of(services, host, wants_token=wants_token).token
        assert len(token) == 32 and int(token, 16) >= 0


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_a_page_of_this_machine_alone_has_a_token_where_it_is_wanted(services, host):
    assert is_loopback(host) is True
    assert keys_of(services, host).token == ""
    assert len(keys_of(services, host, wants_token=True).token) == 32


@pytest.mark.parametrize("host", [*OWN_HOSTS, *OTHER_HOSTS])
@pytest.mark.parametrize("wants_token", [False, True])
def test_a_token_of_the_users_own_holds_everywhere_unless_it_could_be_guessed(services, monkeypatch, host, wants_token):
    monkeypatch.setenv(TOKEN_VARIABLE, "0123456789abcdef")
    assert keys_of(services, host, wants_token=wants_token).token == "0123456789abcdef"
    for short in ("0123456789abcde", "x"):
        monkeypatch.setenv(TOKEN_VARIABLE, short)
        with pytest.raises(BadInputError, match="give it 16 characters or more"):
            keys_of(services, host, wants_token=wants_token)


def test_secret_and_token_are_the_librarys_own_and_outlive_a_restart(services, tmp_path):
    first = keys_of(services, "0.0.0.0")
    assert keys_of(services, "0.0.0.0") == first
    assert len(first.secret) == 32
    file = services.settings.storage.folder / "review" / "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(file.read_text()) == first.secret
    assert first.token == first.sign("token", "1")[:32] not in (first.secret.hex()[:32], "")
    others = make_keys(read_settings(storage={"data_dir": str(tmp_path / "b")}), "0.0.0.0", 4210, (), wants_token=False)
    assert (others.secret != first.secret, others.token != first.token) == (True, True)


@pytest.mark.parametrize("left", ["", "ab", "ab" * 31, "ab" * 33, "no secret", "é"])
def test_a_part_of_a_secret_is_none_and_another_is_made(services, left):
    """Of a page that was killed while it made one, or that makes one now: an empty one could be guessed."""
    file = services.settings.storage.folder / "review" / "secret"
    file.parent.mkdir()
    file.write_text(left, "utf-8")
    made = keys_of(services).secret
    assert (len(made), made.hex()) == (32, file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys_of(services).secret == made


def test_a_secret_is_whole_before_it_is_in_its_place(services, monkeypatch):
    seen = []

    def publish(fresh, path):
        seen.append((len(fresh.read_text()), fresh.stat().st_mode & 0o777, path.exists()))
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(review, "publish", publish)
    for _ in range(2):  # what the first has left is in nobody's way
        with pytest.raises(OutputError):
            keys_of(services)
    assert seen == [(64, 0o600, False)] * 2


def test_a_secret_that_another_page_has_made_meanwhile_is_taken(services, monkeypatch):
    made = []

    class Waiting(FileLock):
        def acquire(self, *arguments, **options):
            monkeypatch.setattr(review, "FileLock", FileLock)
            made.append(keys_of(services).secret)
            return super().acquire(*arguments, **options)

    monkeypatch.setattr(review, "FileLock", Waiting)
    assert [keys_of(services).secret] == made


def test_a_secret_that_cannot_be_kept_is_an_error_and_no_page_without_one(services):
    (services.settings.storage.folder / "review").write_text("a file where the folder should be")
    with pytest.raises(OutputError):
        keys_of(services, "0.0.0.0")


def test_a_page_answers_to_its_own_names_and_to_those_that_are_given(services):
    hosts = keys_of(services, "192.168.1.7", ["Review.example.org", "box:80"]).hosts
    own = {f"{name}:4210" for name in ("192.168.1.7", "127.0.0.1", "localhost", "[::1]")}
    assert hosts == own | {"review.example.org", "box:80"}


@pytest.mark.parametrize("wants_token", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_the_address_that_is_told_is_where_the_page_is_with_the_token_it_asks_for(services, host, wants_token):
    if ":" in host and not socket.has_ipv6:
        pytest.skip("needs IPv6")
    serving = serve(services, None, host, 0, (), wants_token=wants_token)
    try:
        address = urlsplit(next(serving))
        assert address.scheme == "http" and address.port > 0
        assert ipaddress.ip_address(address.hostname).is_loopback
        with socket.create_connection((address.hostname, address.port), timeout=5):
            pass  # the port is taken, by us
        given = parse_qs(address.query).get("token", [""])[0]
        assert given == keys_of(services, host, wants_token=wants_token).token
        assert bool(given) is (wants_token or host == "0.0.0.0")
    finally:
        serving.close()
    with pytest.raises(OSError):
        socket.create_connection((address.hostname, address.port), timeout=5)


@pytest.mark.parametrize("wants_token", [True, False])
def test_the_page_is_served_to_whoever_has_its_keys_and_tells_nobody_the_token(services, monkeypatch, wants_token):
    served = []
    monkeypatch.setattr(app, "make_app", lambda shelf, keys: served.append((shelf.starter, keys)) or "the app")
    monkeypatch.setattr(uvicorn, "Config", lambda app, **options: SimpleNamespace(app=app, options=options))
    monkeypatch.setattr(uvicorn.Server, "__init__", lambda server, config: setattr(server, "config", config))
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: served.append((server.config, sockets)))
    serving = serve(services, "starter", "127.0.0.1", 0, ["review.example.org"], wants_token=wants_token)
    address = urlsplit(next(serving))
    assert list(serving) == []
    (starter, keys), (config, (listener,)) = served
    port = address.port
    expected = make_keys(services.settings, "127.0.0.1", port, ["review.example.org"], wants_token=wants_token)
    assert (starter, keys, keys.token) == ("starter", expected, parse_qs(address.query).get("token", [""])[0])
    assert {f"127.0.0.1:{port}", "review.example.org"} <= keys.hosts
    assert config.app == "the app"
    options = config.options
    assert (options["access_log"], options["server_header"]) == (False, False)  # the token is in the first address
    assert 0 < config.timeout_graceful_shutdown < SERVER_STOP_SECONDS
    assert listener.fileno() == -1  # closed at the end


def test_a_port_that_is_taken_is_named_with_the_remedy(services):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInputError, match=f"port {port} .*--host and --port"):
            next(serve(services, None, "127.0.0.1", port, (), wants_token=False))


def test_what_the_page_says_of_voices_is_true_of_those_that_users_added_too(library):
    credits = voice_credits(library)
    assert [credit.name for credit in credits][-1] == "tone"
    assert len({credit.name for credit in credits}) == len(credits)


def test_the_page_works_with_the_librarys_database_store_and_settings(library, monkeypatch):
    starter = object()
    shelf = make_shelf(library, starter)
    assert (shelf.database, shelf.store, shelf.starter) == (library.database, library.store, starter)
    assert (shelf.stitch, shelf.master) == (library.settings.stitch, library.settings.master)
    assert shelf.voices() == voice_credits(library)
    assert shelf.inbox == library.settings.storage.folder / "inbox"
    monkeypatch.setattr(review, "sayer_of", lambda services, source: (services, source))
    assert shelf.sayer_of("a book") == (library, "a book")


def test_sentences_are_said_as_the_books_last_run_said_them(library, book, tmp_path):
    order = ordered(book, tmp_path / "out")
    with library.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    assert sayer_of(library, order.source).narrator == library.settings.synthesize.voice
    for voice, locale in (("older", "en-US"), ("later", "en-GB")):
        with library.database.unit_of_work() as uow:
            run = uow.runs.start(order.source, "book_to_audio", {**order.record, "voice": voice, "locale": locale})
            uow.runs.finish(run, RunState.DONE)
            uow.commit()
    said = sayer_of(library, order.source)
    assert (said.narrator, said.settings.locale, said.language) == ("later", "en-GB", order.book.language)
    model = library.front_end
    tokens = said.token_count("It was late in the evening.")
    assert (tokens, said.max_tokens) == (model.most_tokens("It was late in the evening."), model.max_text_tokens)
    desk = open_desk(library, order.source, "Ann")
    assert (desk.database, desk.source, desk.who) == (library.database, order.source, "Ann")
