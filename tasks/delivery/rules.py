"""Holds measured files to a shop's numbers: one finding for each rule, with the number and the limit.

The rules are in `shops.toml`. Must not know how a file is measured. It says "meets the technical numbers", never more.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tasks.delivery.measure import Measured
from tasks.errors import BadInputError
from tasks.package.naming import safe_name

_FILE = Path(__file__).parent / "shops.toml"
_UNITS = {"_dbfs": "dBFS", "_dbtp": "dBTP", "lufs": "LUFS", "_s": "s", "seconds": "s", "_kbps": "kb/s", "_rate": "Hz"}
_LABELS = {
    "rms_dbfs": "RMS",
    "peak_dbfs": "peak",
    "true_peak_dbtp": "true peak",
    "lufs_per_ear": "loudness",
    "floor_dbfs": "noise floor, quietest half second",
    "pauses_dbfs": "noise floor, pauses",
    "head_s": "silence before",
    "tail_s": "silence after",
    "sample_rate": "sample rate",
    "bitrate_kbps": "bit rate",
    "channel_kbps": "bit rate of a channel",
    "bitrate_mode": "bit rate is",
    "seconds": "length",
}
MOST_NAME_BYTES = 250  # of 255 that file systems take, for what comes before the suffix
ROUNDING = 0.005  # numbers are shown with two digits, and hold what they show


@dataclass(frozen=True)
class Finding:
    """What one rule says of one file."""

    rule: str  # the name of what is measured
    label: str  # for people
    value: str  # with its unit
    limit: str
    passed: bool


@dataclass(frozen=True)
class Delivery:
    """What a shop's rules say of one file."""

    path: Path
    shop: str  # its name, for people
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the file meets all of the shop's technical numbers."""
        return all(finding.passed for finding in self.findings)


def shops() -> tuple[str, ...]:
    """Lists the shops whose rules are known."""
    return tuple(_rules())


def judge(files: Sequence[Measured], shop: str) -> tuple[Delivery, ...]:
    """Holds the files of one book to a shop's rules. Raises `BadInputError` for a shop that is not known."""
    if shop not in _rules():
        raise BadInputError(f"there are no rules of {shop!r}: known are {', '.join(_rules())}")
    rules = _rules()[shop]
    return tuple(
        Delivery(file.path, rules["title"], (*_own(file, rules), *_shared(file, files[0], rules))) for file in files
    )


def _own(file: Measured, rules: dict[str, Any]) -> list[Finding]:
    """Judges a file by itself."""
    found = []
    for name, limit in rules["limits"].items():
        value = getattr(file, name)
        lowest = limit.get("min", float("-inf"))
        highest = limit.get("max", float("inf"))
        passed = bool(lowest - ROUNDING <= value <= highest + ROUNDING)
        found.append(Finding(name, _label(name), _shown(name, value), _range(name, limit), passed))
    for name, allowed in rules["one_of"].items():
        value = getattr(file, name)
        found.append(Finding(name, _label(name), str(value), " or ".join(allowed), value in allowed))
    stem = unicodedata.normalize("NFC", file.path.stem)  # macOS takes accents apart
    portable = safe_name(stem, MOST_NAME_BYTES) == stem
    found.append(Finding("name", "file name", file.path.name, "one that every system and upload page takes", portable))
    missing = [name for name in rules["tags"] if name not in file.tags]
    found.append(Finding("tags", "tags", ", ".join(file.tags) or "none", ", ".join(rules["tags"]), not missing))
    return found


def _shared(file: Measured, first: Measured, rules: dict[str, Any]) -> list[Finding]:
    """Judges whether a file is like the first one where all must be alike."""
    return [
        Finding(f"same {name}", f"{_label(name)} as the first file's", _of(file, name), _of(first, name), passed=False)
        for name in rules["alike"]
        if _of(file, name) != _of(first, name)
    ]


def _of(file: Measured, name: str) -> str:
    return str(getattr(file, name))


def _label(name: str) -> str:
    return _LABELS.get(name, name)


def _shown(name: str, value: float) -> str:
    number = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{number} {_unit(name)}".strip()


def _range(name: str, limit: dict[str, float]) -> str:
    """Writes a limit: "-23 to -18 dBFS", "at most -3 dBFS"."""
    unit = _unit(name)
    if limit.get("min") == limit.get("max"):
        return f"{limit['min']} {unit}".strip()
    if "min" in limit and "max" in limit:
        return f"{limit['min']:g} to {limit['max']:g} {unit}".strip()
    return f"at least {limit['min']:g} {unit}".strip() if "min" in limit else f"at most {limit['max']:g} {unit}".strip()


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending) or name.startswith(ending)), "")


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
