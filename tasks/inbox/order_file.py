"""The order file beside a book, and `defaults.toml` for all books: which voice, which preset, and so on.

Must not know what can be ordered: the request says that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tasks.errors import BadInputError

MAX_BYTES = 65_536


def read_order(
    files: Mapping[str, Path], inbox: Path, options: Collection[str], path_fields: Collection[str]
) -> dict[str, Any]:
    """Reads what is ordered.

    Args:
        files: those that say it, by the names that people gave them; what a later one says holds.
        inbox: the folder that paths in them count from.
        options: names of the values that can be ordered.
        path_fields: names of the values that are paths.

    Raises `BadInputError` that names the file: it is no TOML or too large, or orders what is no option.
    """
    values: dict[str, Any] = {}
    for name, file in files.items():
        read = _read(file, name)
        for option in read:
            if option not in options:
                raise BadInputError(f"{name}: an order has no option {option!r}: options are {', '.join(options)}")
        values |= read
    for field in path_fields:
        if isinstance(path := values.get(field), str) and path:
            values[field] = str(inbox / path)
    return values


def _read(file: Path, name: str) -> dict[str, Any]:
    if file.stat().st_size > MAX_BYTES:
        raise BadInputError(f"{name} is no order: it has more than {MAX_BYTES} bytes")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # `TOMLDecodeError`, and what is not UTF-8, are ValueErrors
        remedy = 'write lines such as voice = "joe"'
        raise BadInputError(f"{name} cannot be read as TOML ({error}): {remedy}") from error
