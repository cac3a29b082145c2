"""Prefect's server with its page, as a process of its own: `python -m flows.operate.server HOST PORT`.

The one that lives for a single command, without a page, is in `flows/run/server.py`. Must not know what the flows do.
"""

from __future__ import annotations

import sys

import uvicorn

GOODBYE_SECONDS = 2  # for requests that are under way when it is told to stop


def serve(host: str, port: int) -> None:
    """Serves until SIGTERM comes."""
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host=host,
        port=port,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
