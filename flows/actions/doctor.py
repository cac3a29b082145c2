"""The checks of `talepress doctor`: each looks at one thing and says what it found and the remedy.

Reads only: no folder, database or file is made. Knows nothing of how results are shown.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from configs.settings import Settings
from flows.services import Services, read_settings
from storage.errors import StorageError
from tasks.disk import require_writable
from tasks.errors import TalepressError
from tortoise_core.errors import TortoiseError

SUPPORTED_PYTHON = ((3, 11), (3, 13))  # from, below
DISTRIBUTION = "talepress"
LITTLE_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `remedy` is empty when all is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine() -> tuple[CheckResult, ...]:
    """The results of all checks, in the order in which a person would put things right."""
    results = [python_version(), packages()]
    try:
        settings = read_settings()
    except TalepressError as error:
        return (*results, CheckResult("settings", False, str(error), "correct the setting named there"))
    results.append(CheckResult("settings", True, "readable"))
    checks: tuple[tuple[str, Callable[[Settings], CheckResult]], ...] = (
        ("ffmpeg", ffmpeg),
        ("disk", disk),
        ("device", device),
        ("database", database),
        ("model", model),
    )
    for name, check in checks:
        try:
            results.append(check(settings))
        except (TalepressError, TortoiseError, StorageError, OSError, ImportError) as error:
            results.append(CheckResult(name, False, " ".join(str(error).split()), "see the message"))
    return tuple(results)


def python_version() -> CheckResult:
    """The interpreter's version against what the pinned packages support."""
    lowest, below = SUPPORTED_PYTHON
    found = ".".join(map(str, sys.version_info[:3]))
    if lowest <= sys.version_info[:2] < below:
        return CheckResult("python", True, found)
    return CheckResult("python", False, found, f"install Python {lowest[0]}.{lowest[1]} and run `make book` again")


def packages() -> CheckResult:
    """Whether every package that the installed distribution asks for is there in a fitting version."""
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
    """Which ffmpeg will be used."""
    from tasks.package.audio.ffmpeg import ffmpeg_path, ffmpeg_version

    chosen = settings.package.ffmpeg
    try:
        return CheckResult("ffmpeg", True, f"{ffmpeg_path(chosen)}, version {ffmpeg_version(chosen)}")
    except TalepressError as error:
        remedy = "leave package.ffmpeg empty" if chosen else "pip install imageio-ffmpeg"
        return CheckResult("ffmpeg", False, str(error), remedy)


def disk(settings: Settings) -> CheckResult:
    """Whether the data folder can be written to and has room."""
    folder = settings.storage.folder
    require_writable(folder)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < LITTLE_DISK_BYTES:
        return CheckResult("disk", False, detail, "make room, or set storage.data_dir to a bigger disk")
    return CheckResult("disk", True, detail)


def device(settings: Settings) -> CheckResult:
    """What the model will run on."""
    import torch

    wanted = settings.synthesize.device
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    if wanted.startswith("cuda") and not gpu:
        return CheckResult("device", False, f"{wanted} is set, torch sees no GPU", "set synthesize.device to auto")
    if gpu and wanted != "cpu":
        return CheckResult("device", True, gpu)
    return CheckResult("device", True, f"CPU, {torch.get_num_threads()} threads")


def database(settings: Settings) -> CheckResult:
    """Whether the database opens (an older one is upgraded). None yet is fine: the first run makes it."""
    from storage.database import Database, database_exists, database_name

    name = database_name(settings.storage.database)
    if not database_exists(settings.storage.database):
        return CheckResult("database", True, f"{name} does not exist yet; the first run makes it")
    opened = Database(settings.storage.database)
    try:
        with opened.snapshot() as uow:
            books = len(uow.books.summaries())
    finally:
        opened.close()
    return CheckResult("database", True, f"{name}, {books} books")


def model(settings: Settings) -> CheckResult:
    """Whether the configured model loads."""
    services = Services(settings)
    numbers = f"computes in {services.precision}"
    return CheckResult("model", True, f"{settings.synthesize.model}, digest {services.engine.digest[:12]}, {numbers}")
