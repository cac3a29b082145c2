"""What `talepress up` runs on a box, and in which order: a table of processes. How they are kept running, the
supervisor knows. Must not import Prefect: this process stays small and lives long."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from configs.settings import Settings
from flows.actions.box import PartNote, note_of, only_one, remove_note, save_note
from flows.actions.inbox import folders_of
from flows.operate.supervisor import Part, Running, Supervisor
from flows.run.private_server import import_path
from flows.run.server import environment_defaults, require_health
from tasks import stopping
from tasks.errors import BadInputError, TalepressError

STOP_SECONDS = 24.0  # for everything, from Ctrl-C on
WORKER_STOP_SECONDS = 16.0  # longer than a run that is told to stop may take (`flows/operate/worker.py`)
SERVER_STOP_SECONDS = 5.0
ASK_SECONDS = 2.0
DAY_SECONDS = 86_400
TIDY_SECONDS = 300.0  # between looks of Prefect's server for what it need not keep
CHATTER_SECONDS = 600.0  # that it keeps events of which its tables remember the same
LOOK_SECONDS = 0.25
SWEEP = Part("sweep", ("flows.cli.entry", "maintain", "sweep"), stop_s=1.0)
COUNT_GPUS = "import torch; print(torch.cuda.device_count())"


def up(settings: Settings, tell: Callable[[str], None]) -> None:
    """Runs everything until the user asks for the end.

    Raises:
        BadInputError: it runs already with this data folder, the port is taken, a server of the user's does not answer.
        TalepressError: something does not start.
    """
    home = settings.storage.folder
    with only_one(home), stopping.orderly(grace_s=STOP_SECONDS):
        given = os.environ.get("PREFECT_API_URL", "")
        host = settings.production.host
        port = 0 if given else _free_port(host, settings.production.port, "Prefect's page", "production.port")
        api = given or f"http://{_reached_at(host)}:{port}/api"
        environment = environment_of_parts(settings, api)
        began = datetime.now(UTC)

        def note(running: Sequence[Running]) -> None:
            parts = tuple(_note_of(one, supervisor.log_of(one.part.name)) for one in running)
            save_note(home, note_of(api, began, parts))

        supervisor = Supervisor(environment, home, tell, note, remains=SWEEP)
        timeout = settings.execution.server_start_timeout_s
        try:
            if given:
                require_health(given, hint="start that server, or unset PREFECT_API_URL")
            else:
                tell("starting Prefect's server ...")
                supervisor.begin([prefect_server(host, port, api)], timeout)
            devices = count_devices(settings)
            _prepare(environment, home, 0 if given else devices, tell)  # on a server that others work for as well
            supervisor.begin([*workers(devices), *pages(settings)], timeout)
            _tell_addresses(supervisor.running, api, tell)
            tell(f"inbox: {folders_of(settings).inbox}")
            tell("ready; Ctrl-C or `talepress down` ends it")
            supervisor.watch()
        except stopping.Stopped:
            pass  # asked for while it was starting: the same end
        finally:
            supervisor.stop()
            remove_note(home)


def prefect_server(host: str, port: int, api: str) -> Part:
    """Prefect's server with its page."""
    return Part(
        "Prefect",
        ("flows.operate.server", host, str(port)),
        ready=partial(answers, f"{api}/health"),
        address=api.removesuffix("/api"),
        stop_s=SERVER_STOP_SECONDS,
    )


def workers(devices: int) -> list[Part]:
    """One worker for each device on the pool `gpu`, and one on `desk`."""
    box = socket.gethostname()
    speaking = [
        Part(
            f"worker gpu {number}",
            ("flows.operate.worker", "gpu", f"{box}-gpu{number}", "1"),
            environment=_device_environment(number, devices),
            stop_s=WORKER_STOP_SECONDS,
        )
        for number in range(devices)
    ]
    desk = Part("worker desk", ("flows.operate.worker", "desk", f"{box}-desk", "2"), stop_s=WORKER_STOP_SECONDS)
    return [*speaking, desk]


def pages(settings: Settings) -> list[Part]:
    """Pages of our own: a line here for each, with an address for people."""
    review = settings.review
    _free_port(review.host, review.port, "the review page", "review.port")
    reached = partial(answers, f"http://{_reached_at(review.host)}:{review.port}")
    serve = ("flows.cli.entry", "review", "serve")
    return [Part("review", serve, ready=reached, address=review.page_address, stop_s=SERVER_STOP_SECONDS)]


def count_devices(settings: Settings) -> int:
    """How many runs may speak at a time on this box."""
    if settings.production.workers:
        return settings.production.workers
    if settings.synthesize.engine == "fake" or settings.synthesize.device not in ("auto", "cuda"):
        return 1
    if shutil.which("nvidia-smi") is None:
        return 1  # PyTorch takes seconds to say the same
    counted = subprocess.run([sys.executable, "-c", COUNT_GPUS], capture_output=True, text=True, check=False)
    return max(1, int(counted.stdout)) if counted.returncode == 0 else 1


def environment_of_parts(settings: Settings, api: str) -> dict[str, str]:
    """The environment of every process: settings as they are here, though each runs in another folder."""
    home = settings.storage.folder
    timeout = settings.execution.server_start_timeout_s
    ours = {
        "PREFECT_SERVER_UI_V2_ENABLED": "false",  # the newer page asks a company for its configuration
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "prefect" / "ui"),
        "PREFECT_WORKER_QUERY_SECONDS": "5",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(settings.production.keep_days * DAY_SECONDS),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": str(TIDY_SECONDS),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": json.dumps(
            dict.fromkeys(chatty_events(), CHATTER_SECONDS)
        ),
    }
    config = os.environ.get("TALEPRESS_CONFIG") or ("talepress.toml" if Path("talepress.toml").exists() else "")
    fixed = {
        "PREFECT_API_URL": api,
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",  # into the logs of the parts
        "PYTHONPATH": import_path(),
        "TALEPRESS_STORAGE__DATA_DIR": str(home),
        **({"TALEPRESS_CONFIG": str(Path(config).absolute())} if config else {}),
    }
    defaults = environment_defaults(home / "prefect", start_timeout_s=timeout, verbose=True)
    return {**defaults, **ours, **os.environ, **fixed}


def chatty_events() -> Iterator[str]:
    """Names Prefect's events that say what its tables of runs and artifacts say as well: most of its database."""
    states = ("Scheduled", "Pending", "Submitting", "Running", "Completed", "Cancelled", "Late")
    for kind in ("task-run", "flow-run"):
        yield from (f"prefect.{kind}.{state}" for state in states)
    yield "prefect.flow-run.heartbeat"
    yield from (f"prefect.worker.{what}-flow-run" for what in ("submitted", "executed"))
    for kind in ("artifact", "artifact-collection"):
        yield from (f"prefect.{kind}.{what}" for what in ("created", "updated"))


def answers(url: str) -> bool:
    """Whether a page is there."""
    try:
        with urllib.request.urlopen(url, timeout=ASK_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True  # it asks for a token
    except (urllib.error.URLError, OSError):
        return False


def _device_environment(number: int, devices: int) -> dict[str, str]:
    """Lets a worker see the device of that number alone, of those that this process sees."""
    if devices == 1:
        return {}
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    named = seen.split(",") if seen else [str(one) for one in range(devices)]
    return {"CUDA_VISIBLE_DEVICES": named[number % len(named)]}


def _prepare(environment: Mapping[str, str], home: Path, devices: int, tell: Callable[[str], None]) -> None:
    """Deploys and sweeps. Raises `TalepressError` when that fails, `Stopped`."""
    tell("deploying ...")
    preparing = subprocess.Popen(
        [sys.executable, "-P", "-m", "flows.operate.prepare", str(devices)],
        env=dict(environment),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with preparing:
        try:
            while preparing.poll() is None:
                stopping.check()
                time.sleep(LOOK_SECONDS)
        finally:
            preparing.kill()
        done, fault = preparing.communicate()
    if preparing.returncode:
        raise TalepressError(f"deploying failed: {fault.strip()}")
    for line in done.splitlines():
        tell(line)


def _free_port(host: str, port: int, page: str, setting: str) -> int:
    """Finds a free port where any will do. Raises `BadInputError` where the named one is taken."""
    try:
        with socket.create_server((host, port)) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        raise BadInputError(
            f"{page} cannot be served at {host}:{port} ({error.strerror}): end what uses that port, or set {setting} "
            "to another"
        ) from error


def _reached_at(host: str) -> str:
    """The address by which processes of this box reach a server that listens at `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def _tell_addresses(running: Sequence[Running], api: str, tell: Callable[[str], None]) -> None:
    if not any(one.part.name == "Prefect" for one in running):
        tell(f"Prefect's server: {api} (yours)")
    for one in running:
        if one.part.address:
            tell(f"{one.part.name}: {one.part.address}")


def _note_of(one: Running, log: Path) -> PartNote:
    return PartNote(one.part.name, one.pid, one.starts, one.part.address, str(log))
