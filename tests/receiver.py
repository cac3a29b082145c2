"""A web server on this machine that keeps what is posted to it: what messages and automations are tested with."""

import contextlib
import http.server
import json
import threading


@contextlib.contextmanager
def receiver():
    """Yields the server's address without its scheme, and the list of what was posted, as JSON values."""
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
        try:
            yield f"127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
