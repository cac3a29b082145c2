"""What runs on this box: the note that `talepress up` leaves in the data folder, read and written.

Knows nothing of how processes are started.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from storage.processes import is_alive, this_process
from tasks.disk import output_errors
from tasks.errors import BadInputError, TalepressError

ASK_SECONDS = 10.0


@dataclass(frozen=True)
class PartNote:
    """One process that is kept running."""

    name: str
    pid: int  # 0 while it is being started again
    starts: int
    address: str  # where a person finds it; "" for what has no page
    log: str


@dataclass(frozen=True)
class BoxNote:
    """What one `talepress up` runs."""

    process: str  # its own, as `storage.processes` names it
    pid: int
    since: str  # ISO 8601
    api: str  # address of Prefect's API
    parts: tuple[PartNote, ...]


def note_of(api: str, since: datetime, parts: tuple[PartNote, ...]) -> BoxNote:
    """Writes down what the calling process runs."""
    return BoxNote(this_process(), os.getpid(), since.isoformat(timespec="seconds"), api, parts)


def save_note(home: Path, note: BoxNote) -> None:
    """Puts the note in its place in the data folder."""
    path = _path(home)
    with output_errors(home):
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(note), indent=2), "utf-8")
        fresh.replace(path)


def remove_note(home: Path) -> None:
    """Removes the note: nothing runs any more."""
    _path(home).unlink(missing_ok=True)


def read_note(home: Path) -> BoxNote | None:
    """Reads what runs with this data folder; None when nothing does. What a killed `up` has left is nothing."""
    try:
        values = json.loads(_path(home).read_text("utf-8"))
        note = BoxNote(**{**values, "parts": tuple(PartNote(**part) for part in values["parts"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return note if is_alive(note.process, datetime.fromtimestamp(0, UTC)) else None


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Holds the box's lock. Raises `BadInputError` when another `talepress up` has it."""
    with output_errors(home):
        (home / "locks").mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "locks" / "up.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BadInputError(
                f"`talepress up` runs already with the data folder {home}: `talepress status` shows what it runs, "
                "`talepress down` ends it"
            ) from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True)
class RunNote:
    """A flow run that Prefect knows as not ended."""

    name: str
    flow: str  # of the deployment
    state: str
    since: str  # ISO 8601


def runs_under_way(api: str) -> list[RunNote]:
    """Asks a Prefect server for the flow runs that run or wait for a worker. Raises `TalepressError`."""
    states = {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}, "name": {"any_": ["Late", "AwaitingRetry"]}}
    asked = {"flow_runs": {"state": {"operator": "or_", **states}}, "sort": "EXPECTED_START_TIME_ASC"}
    runs = _ask(f"{api}/flow_runs/filter", asked)
    flows = {flow["id"]: flow["name"] for flow in _ask(f"{api}/flows/filter", {})}
    return [
        RunNote(run["name"], flows.get(run["flow_id"], ""), run["state"]["name"], run["state"]["timestamp"][:19])
        for run in runs
    ]


def _ask(url: str, question: dict[str, Any]) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        url, data=json.dumps(question).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:
            found: list[dict[str, Any]] = json.load(answer)
    except (OSError, ValueError) as error:
        raise TalepressError(f"Prefect's server does not answer at {url} ({error}): is it being started?") from error
    return found


def _path(home: Path) -> Path:
    return home / "up.json"
