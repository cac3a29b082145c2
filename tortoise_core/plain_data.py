"""Reads the TOML and JSON of files that strangers may have written. Must not know what is in them."""

from __future__ import annotations

import json
import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """Reads TOML. Raises `ValueError` for what is none, and for what is nested too deeply to be read."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_json(text: str) -> Any:
    """Reads JSON. Raises `ValueError` for what is none, and for what is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
