"""The order file beside a book, and `defaults.toml` for all books: which voice, which preset, and so on.

Must not know what can be ordered: the request says that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tasks.errors import BadInputError

MAX_BYTES = 65_536


def read_order(file: Path | None, defaults: Path, inbox: Path, path_fields: Collection[str]) -> dict[str, Any]:
    """Reads what is ordered: the defaults, and over them what the file beside the book says.

    Args:
        file: the order file; None where the book has none.
        defaults: the file with the defaults; it need not be there.
        inbox: the folder that paths in both files count from.
        path_fields: names of the values that are paths.

    Raises `BadInputError` for a file that is no TOML, or too large.
    """
    values = {**(_read(defaults) if defaults.is_file() else {}), **(_read(file) if file else {})}
    for name in path_fields:
        if isinstance(path := values.get(name), str) and path:
            values[name] = str(inbox / path)
    return values


def _read(file: Path) -> dict[str, Any]:
    if file.stat().st_size > MAX_BYTES:
        raise BadInputError(f"{file.name} is no order: it has more than {MAX_BYTES} bytes")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # `TOMLDecodeError`, and what is not UTF-8, are ValueErrors
        remedy = 'write lines such as voice = "joe"'
        raise BadInputError(f"{file.name} cannot be read as TOML ({error}): {remedy}") from error
