"""A book's folder goes to a library server: what is sent, and what is said where it cannot be."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from tasks.delivery.audiobookshelf import TOKEN, push_book
from tasks.errors import BadInputError, TalepressError, TransientError

SECRET = "s3cret-token"
LIBRARIES = [
    {"id": "lib1", "name": "Books", "mediaType": "book", "folders": [{"id": "fol1"}]},
    {"id": "lib2", "name": "Podcasts", "mediaType": "podcast", "folders": [{"id": "fol2"}]},
]


class Server(BaseHTTPRequestHandler):
    """As much of the server as is spoken to."""

    libraries = LIBRARIES
    status = 200
    page: str | None = None  # in place of the libraries
    excuse = "already there"  # for what is not taken
    moved = ""
    received: ClassVar[list] = []

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Location", self.moved)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers["Authorization"] != f"Bearer {SECRET}":
            return self.answer(401)
        if self.moved:
            return self.answer(301)
        page = json.dumps({"libraries": self.libraries}) if self.page is None else self.page
        self.answer(200, page.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        self.answer(self.status, self.excuse.encode() if self.status != 200 else b"")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setattr(Server, "received", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, args=(0.005,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def folder(tmp_path):
    book = tmp_path / "2 - Oz"
    book.mkdir()
    about = {"title": "Oz", "authors": ["L. Frank Baum", "Anon"], "series": ["The Oz Books #2"]}
    (book / "metadata.json").write_text(json.dumps(about))
    (book / "Oz.m4b").write_bytes(b"\0audio\xff" * 1000)
    return book


def test_all_files_of_the_folder_are_sent_with_what_they_are(server, folder):
    assert push_book(folder, server).name == "Books"
    ((path, body),) = Server.received
    assert path == "/api/upload"
    fields = dict(re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n', body))
    assert fields == {
        b"title": b"Oz", b"author": b"L. Frank Baum, Anon", b"series": b"The Oz Books",
        b"library": b"lib1", b"folder": b"fol1",
    }  # fmt: skip
    assert re.findall(rb'filename="([^"]+)"', body) == [b"Oz.m4b", b"metadata.json"]
    assert b"\0audio\xff" * 1000 in body


def test_files_go_in_the_order_of_their_names_and_folders_stay(server, folder):
    for name in ("10.mp3", "02.mp3", "cover.jpg", "01.mp3"):
        (folder / name).write_bytes(b"x")
    (folder / "00 notes").mkdir()
    push_book(folder, server)
    ((_, body),) = Server.received
    names = [name.decode() for name in re.findall(rb'filename="([^"]+)"', body)]
    assert names == ["01.mp3", "02.mp3", "10.mp3", "Oz.m4b", "cover.jpg", "metadata.json"]


def test_what_cannot_be_sent_is_said_in_words_without_the_token(server, folder, tmp_path, monkeypatch):
    def refused(kind, words, **changes):
        arguments = {"folder": folder, "server": server, **changes}
        with pytest.raises(kind, match=words) as raised:
            push_book(**arguments)
        assert SECRET not in str(raised.value)

    refused(BadInputError, "does not name one library .*there is 'Books'", library="Films")
    refused(BadInputError, "has no metadata.json", folder=tmp_path)
    refused(TransientError, "cannot be reached", server="http://127.0.0.1:9")
    monkeypatch.setattr(Server, "status", 500)
    refused(TalepressError, "did not take it: 500 already there")
    for status in (401, 403):  # no such user, or one who may not upload
        monkeypatch.setattr(Server, "status", status)
        refused(BadInputError, "refuses the token in AUDIOBOOKSHELF_TOKEN")
    monkeypatch.setenv(TOKEN, "another")
    refused(BadInputError, "refuses the token in AUDIOBOOKSHELF_TOKEN")
    monkeypatch.delenv(TOKEN)
    refused(BadInputError, "set AUDIOBOOKSHELF_TOKEN")


@pytest.mark.parametrize("page", ["<html>", "[]", "{}", '{"libraries": 3}', '{"libraries": ["x"]}', "null"])
def test_a_server_of_another_kind_is_said_to_be_one(server, folder, monkeypatch, page):
    monkeypatch.setattr(Server, "page", page)
    with pytest.raises(BadInputError, match="does not answer as Audiobookshelf does: is the address right"):
        push_book(folder, server)
    assert Server.received == []


def test_a_long_excuse_is_told_in_part(server, folder, monkeypatch):
    monkeypatch.setattr(Server, "status", 418)
    monkeypatch.setattr(Server, "excuse", "<html>" + "no \n" * 100_000)
    with pytest.raises(TalepressError, match=r"418.*<html>no no") as error:
        push_book(folder, server)
    assert len(str(error.value)) < 500


def test_a_token_does_not_follow_to_another_address(server, folder, monkeypatch):
    monkeypatch.setattr(Server, "moved", server.replace("127.0.0.1", "localhost"))
    with pytest.raises(TalepressError, match="did not take it: 301"):
        push_book(folder, server)


BOOKS = {"id": "b", "name": "Books", "mediaType": "book", "folders": [{"id": "f1"}, {"id": "f2"}]}
KIDS = {"id": "k", "name": "Kids", "mediaType": "book", "folders": [{"id": "f3"}]}
OTHERS = [
    {"id": "p", "name": "Podcasts", "mediaType": "podcast", "folders": [{"id": "f4"}]},
    {"id": "e", "name": "Empty", "mediaType": "book", "folders": []},
]


@pytest.mark.parametrize(
    ("libraries", "wanted", "chosen"),
    [
        ([BOOKS], "", ("b", "f1", "Books")),
        ([*OTHERS, KIDS], "", ("k", "f3", "Kids")),
        ([BOOKS, KIDS], "Kids", ("k", "f3", "Kids")),
        ([BOOKS, KIDS], "b", ("b", "f1", "Books")),
        ([BOOKS, KIDS], "", "there is 'Books', 'Kids'"),
        ([BOOKS, *OTHERS], "Podcasts", "there is 'Books'$"),
        ([BOOKS, *OTHERS], "Empty", "there is 'Books'$"),
        ([], "", "there is none"),
    ],
)
def test_the_library_is_the_one_that_is_named_or_the_only_one_of_books(
    server, folder, monkeypatch, libraries, wanted, chosen
):
    monkeypatch.setattr(Server, "libraries", libraries)
    if isinstance(chosen, str):
        with pytest.raises(BadInputError, match=chosen):
            push_book(folder, server, wanted)
    else:
        shelf = push_book(folder, server, wanted)
        assert (shelf.library, shelf.folder, shelf.name) == chosen


@pytest.mark.parametrize(
    ("about", "title", "author", "series"),
    [
        ({}, "2 - Oz", "", ""),
        ({"title": "", "authors": None, "series": []}, "2 - Oz", "", ""),
        ({"title": "Oz", "authors": ["Ann"], "series": ["Oz #2.5", "Other #1"]}, "Oz", "Ann", "Oz"),
        ({"title": "Oz", "series": ["Oz #2 and #3 #4"]}, "Oz", "", "Oz #2 and #3"),
        ({"title": "Oz", "series": ["Oz"]}, "Oz", "", "Oz"),
    ],
)
def test_what_is_not_known_of_a_book_is_left_to_its_folder(server, folder, about, title, author, series):
    (folder / "metadata.json").write_text(json.dumps(about))
    push_book(folder, server)
    ((_, body),) = Server.received
    sent = dict(re.findall(rb'name="(title|author|series)"\r\n\r\n(.*?)\r\n', body))
    assert sent == {b"title": title.encode(), b"author": author.encode(), b"series": series.encode()}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "is not what `talepress publish BOOK --as library`"),
        ("{", "has no metadata.json that can be read"),
    ],
)
def test_what_is_no_folder_of_a_library_is_said_before_anybody_is_asked(folder, text, words):
    (folder / "metadata.json").write_text(text)
    with pytest.raises(BadInputError, match=words):
        push_book(folder, "http://127.0.0.1:9")


@pytest.mark.parametrize("server", ["books.example.org", "ftp://books.example.org", "https:books.example.org", ""])
def test_what_is_no_address_is_refused(folder, monkeypatch, server):
    monkeypatch.setenv(TOKEN, SECRET)
    with pytest.raises(BadInputError, match="is no address: give one such as https://books"):
        push_book(folder, server)


def test_a_server_that_is_away_is_noticed_and_one_that_is_slow_is_waited_for(folder, monkeypatch):
    """Books are large."""
    given = {}

    def client(**options):
        given.update(options)
        raise httpx.ConnectTimeout("late")

    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setattr(httpx, "Client", client)
    with pytest.raises(httpx.ConnectTimeout):
        push_book(folder, "https://books.example.org")
    assert given["timeout"] == httpx.Timeout(None, connect=10.0)
    assert (given["base_url"], given["headers"]) == ("https://books.example.org", {"Authorization": f"Bearer {SECRET}"})
