import http.server
import json
import logging
import threading

import pytest

from tasks.notify.send import send


@pytest.fixture
def receiver():
    """A web server that keeps what is posted to it."""
    posted = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.posted = posted
        yield server
        server.shutdown()


def test_a_message_goes_to_every_address(receiver):
    address = f"json://127.0.0.1:{receiver.server_port}/"
    assert send([address, address], "Emma is ready", "4 chapters") == 2
    assert [(one["title"], one["message"]) for one in receiver.posted] == [("Emma is ready", "4 chapters")] * 2


def test_an_address_that_does_not_answer_fails_nothing_and_its_password_stays_out_of_the_log(receiver, caplog):
    good = f"json://127.0.0.1:{receiver.server_port}/"
    with caplog.at_level(logging.WARNING, logger="tasks.notify"):
        assert send(["nonsense://secret", "json://user:secret@127.0.0.1:1/", good], "t", "b") == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("tasks.")]
    assert len(ours) == 2
    assert "secret" not in " ".join(ours)
