"""The checks of `talepress doctor`: each looks at one thing and says what it found and the remedy.

Reads only: no folder, database or file is made. Knows nothing of how findings are shown.
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
class Finding:
    """What one check found. `remedy` is empty when all is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine() -> tuple[Finding, ...]:
    """All findings, in the order in which a person would put things right."""
    findings = [python_version(), packages(), ffmpeg()]
    try:
        settings = read_settings()
    except TalepressError as error:
        return (*findings, Finding("settings", False, str(error), "correct the setting named there"))
    findings.append(Finding("settings", True, "readable"))
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("disk", disk),
        ("device", device),
        ("database", database),
        ("model", model),
    )
    for name, check in checks:
        try:
            findings.append(check(settings))
        except (TalepressError, TortoiseError, StorageError, OSError, ImportError) as error:
            findings.append(Finding(name, False, " ".join(str(error).split()), "see the message"))
    return tuple(findings)


def python_version() -> Finding:
    """The interpreter's version against what the pinned packages support."""
    lowest, below = SUPPORTED_PYTHON
    found = ".".join(map(str, sys.version_info[:3]))
    if lowest <= sys.version_info[:2] < below:
        return Finding("python", True, found)
    return Finding("python", False, found, f"install Python {lowest[0]}.{lowest[1]} and run `make book` again")


def packages() -> Finding:
    """Whether every package that the installed distribution asks for is there in a fitting version."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        return Finding("packages", False, "talepress is not installed", "run `make book`, or `pip install -e .`")
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
        return Finding("packages", False, ", ".join(wrong), "pip install -c constraints.txt -e .")
    return Finding("packages", True, f"{len(wanted)} requirements met")


def ffmpeg() -> Finding:
    """Which ffmpeg will be used."""
    from tasks.package.audio.ffmpeg import ffmpeg_path

    try:
        return Finding("ffmpeg", True, ffmpeg_path())
    except TalepressError as error:
        return Finding("ffmpeg", False, str(error), "pip install imageio-ffmpeg")


def disk(settings: Settings) -> Finding:
    """Whether the data folder can be written to and has room."""
    folder = settings.storage.folder
    require_writable(folder)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < LITTLE_DISK_BYTES:
        return Finding("disk", False, detail, "make room, or set storage.data_dir to a bigger disk")
    return Finding("disk", True, detail)


def device(settings: Settings) -> Finding:
    """What the model will run on."""
    import torch

    from tortoise_core.errors import ConfigError
    from tortoise_core.inference.devices import torch_device

    try:
        target = torch_device(settings.synthesize.device)
    except ConfigError as error:
        return Finding("device", False, str(error), "set synthesize.device")
    if target.type == "cuda":
        return Finding("device", True, torch.cuda.get_device_name(target))
    return Finding("device", True, f"CPU, {torch.get_num_threads()} threads")


def database(settings: Settings) -> Finding:
    """Whether the database opens (an older one is upgraded). None yet is fine: the first run makes it."""
    from storage.database import Database, database_exists, database_name

    name = database_name(settings.storage.database)
    if not database_exists(settings.storage.database):
        return Finding("database", True, f"{name} does not exist yet; the first run makes it")
    opened = Database(settings.storage.database)
    try:
        with opened.snapshot() as uow:
            books = len(uow.books.summaries())
    finally:
        opened.close()
    return Finding("database", True, f"{name}, {books} books")


def model(settings: Settings) -> Finding:
    """Whether the configured model loads."""
    services = Services(settings)
    numbers = f"computes in {services.precision}"
    return Finding("model", True, f"{settings.synthesize.model}, digest {services.engine.digest[:12]}, {numbers}")
