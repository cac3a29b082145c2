"""Sends a book's folder, as the output "library" makes it, to an Audiobookshelf server. Must not know how it was made.

The token comes from the environment and is in no file, message or record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tasks.errors import BadInputError, TalepressError, TransientError
from tasks.package.outputs.library import METADATA

TOKEN = "AUDIOBOOKSHELF_TOKEN"
CONNECT_SECONDS = 10.0
REFUSED = frozenset({401, 403})
SHOWN_CHARS = 200


@dataclass(frozen=True)
class Shelf:
    """A library of a server and the folder that its books go to."""

    library: str  # ids, as the server has them
    folder: str
    name: str  # of the library, for people


def push_book(folder: Path, server: str, library: str = "") -> Shelf:
    """Uploads all files of a book's folder.

    Args:
        folder: holds `metadata.json`, audio files, a cover.
        server: its address: "https://books.example.org".
        library: the name or id of one of its libraries; "" where it has but one for books.

    Returns:
        Where the book went.

    Raises:
        BadInputError: no such folder or library, no token, the server refuses it, or is another.
        TransientError: the server cannot be reached.
        TalepressError: the server does not take the book.
    """
    about = _metadata(folder)
    if not server.startswith(("http://", "https://")):
        raise BadInputError(f"--server {server!r} is no address: give one such as https://books.example.org")
    token = os.environ.get(TOKEN, "")
    if not token:
        raise BadInputError(f"there is no token: set {TOKEN} to one that the server's page for users shows")
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    with httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=timeout) as client:
        shelf = _shelf(_libraries(client), library)
        fields = {
            "title": str(about.get("title") or folder.name),
            "author": ", ".join(about.get("authors") or []),
            "series": _series(about),
            "library": shelf.library,
            "folder": shelf.folder,
        }
        with ExitStack() as stack:
            paths = sorted(path for path in folder.iterdir() if path.is_file())
            files = {str(n): (path.name, stack.enter_context(path.open("rb"))) for n, path in enumerate(paths)}
            _asked(client, "POST", "/api/upload", data=fields, files=files)
    return shelf


def _metadata(folder: Path) -> Mapping[str, Any]:
    try:
        about = json.loads((folder / METADATA).read_bytes())
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"{folder} has no {METADATA} that can be read: name the folder of a book that "
            "`talepress publish BOOK --as library` made"
        ) from error
    if not isinstance(about, dict):
        raise BadInputError(f"{folder / METADATA} is not what `talepress publish BOOK --as library` writes")
    return about


def _series(about: Mapping[str, Any]) -> str:
    """The name of the first series, without the book's number in it."""
    series = about.get("series") or []
    return str(series[0]).rpartition(" #")[0] or str(series[0]) if series else ""


def _libraries(client: httpx.Client) -> list[dict[str, Any]]:
    """Asks for the server's libraries. Raises as `push_book`."""
    answer = _asked(client, "GET", "/api/libraries")
    try:
        return [dict(one) for one in answer.json()["libraries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"{client.base_url} does not answer as Audiobookshelf does: is the address right?"
        ) from error


def _shelf(found: Sequence[Mapping[str, Any]], wanted: str) -> Shelf:
    """Chooses among the server's libraries of books."""
    libraries = [one for one in found if one.get("mediaType") == "book" and one.get("folders")]
    chosen = [one for one in libraries if wanted in ("", one["id"], one["name"])]
    if len(chosen) != 1:
        known = ", ".join(repr(one["name"]) for one in libraries) or "none"
        raise BadInputError(f"--library {wanted!r} does not name one library of books on the server: there is {known}")
    return Shelf(chosen[0]["id"], chosen[0]["folders"][0]["id"], chosen[0]["name"])


def _asked(client: httpx.Client, method: str, path: str, **content: Any) -> httpx.Response:
    """Asks the server. Raises as `push_book`."""
    try:
        answer = client.request(method, path, **content)
    except httpx.TransportError as error:
        raise TransientError(f"{client.base_url} cannot be reached ({error}): is the address right?") from error
    if answer.status_code in REFUSED:
        raise BadInputError(f"{client.base_url} refuses the token in {TOKEN}: take one of a user who may upload")
    if not answer.is_success:  # nor is it followed elsewhere: the token is for this address
        words = " ".join(answer.text.split())[:SHOWN_CHARS]
        raise TalepressError(f"{client.base_url} did not take it: {answer.status_code} {words}")
    return answer
