"""A book's folder goes to a library server: what is sent, and what is said where it cannot be."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

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
    received: ClassVar[list] = []

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers["Authorization"] != f"Bearer {SECRET}":
            return self.answer(401)
        self.answer(200, json.dumps({"libraries": self.libraries}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        self.answer(self.status, b"already there" if self.status != 200 else b"")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setattr(Server, "received", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
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
