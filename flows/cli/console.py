"""What every command shares: exit codes, one-line errors, JSON on stdout, tables for people.

Stdout carries the result and nothing else; everything else goes to stderr. Knows nothing of books or models.
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from storage.errors import (
    DatabaseFullError,
    DatabaseUrlError,
    DuplicateError,
    NotFoundError,
    StorageError,
    StoreUnavailableError,
)
from tasks.errors import BadInputError, TalepressError
from tortoise_core.errors import OutOfMemoryError, TortoiseError


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    FLAGGED = 1  # done, with more doubtful takes than the configured share
    BAD_INPUT = 2
    FAILED = 3


def exit_code_of(error: BaseException) -> ExitCode:
    """Returns the exit code for an error that ended a command."""
    if isinstance(error, BadInputError | NotFoundError | DuplicateError | DatabaseUrlError):
        return ExitCode.BAD_INPUT
    if isinstance(error, StoreUnavailableError | DatabaseFullError):
        return ExitCode.BAD_INPUT  # a disk that the user mounts or makes room on
    if isinstance(error, TortoiseError) and not isinstance(error, OutOfMemoryError):
        return ExitCode.BAD_INPUT  # text, audio, weights or configuration that the model library refuses
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ExitCode.BAD_INPUT
    return ExitCode.FAILED


def one_line(error: BaseException) -> str:
    """Writes an error as one line for a person; an error that nobody foresaw is named by its type."""
    text = " ".join(str(error).split())
    if isinstance(error, TalepressError | StorageError | TortoiseError) and text:
        return text
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {text}; free some space and run the same command again"
    return f"unexpected {type(error).__name__}: {text or 'no message'} (`talepress --verbose ...` shows the details)"


def tell(line: str) -> None:
    """Prints one line for a person, on stderr."""
    print(line, file=sys.stderr, flush=True)


def emit_json(payload: Mapping[str, Any]) -> None:
    """Prints the command's result as exactly one JSON object on stdout."""
    print(json.dumps(payload, ensure_ascii=False, indent=2), flush=True)


def emit_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table for people on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")  # paths must stay whole, to be copied
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)
