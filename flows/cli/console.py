"""What every command shares: exit codes, one-line errors, JSON on stdout, tables for people.

Stdout carries the result and nothing else; everything else goes to stderr. Knows nothing of books or models.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from storage.errors import (
    BookBusyError,
    DatabaseFullError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
    DuplicateError,
    NotFoundError,
    StorageError,
    StoreUnavailableError,
)
from tasks.errors import BadInputError, TalepressError
from tortoise_core.errors import OutOfMemoryError, TortoiseError

if TYPE_CHECKING:
    from rich.console import Console

MAX_PATH_CHARS = 200
NARROW_COLUMNS = 60  # of a terminal in which tables cannot be read
BORDER_COLUMNS = 3  # that a column of a table takes beside its cells
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
WRONG_PATH = frozenset(  # of a file that the user named: there is another to be named
    {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL}
)
BAD_INPUT = (BadInputError, NotFoundError, DuplicateError, BookBusyError, DatabaseUrlError, DatabasePlaceError)
# What the user mounts, starts or makes room on.
ANOTHER_DISK = (StoreUnavailableError, DatabaseFullError, DatabaseLostError)

_at_once: ContextVar[bool] = ContextVar("talepress_at_once", default=False)
_for_programs: ContextVar[bool] = ContextVar("talepress_for_programs", default=False)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")]


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    FLAGGED = 1  # done, and to be heard: too many doubtful takes, or it waits for review
    BAD_INPUT = 2
    FAILED = 3


def exit_code_of(error: BaseException) -> ExitCode:
    """Returns the exit code for an error that ended a command."""
    if isinstance(error, BAD_INPUT + ANOTHER_DISK):
        return ExitCode.BAD_INPUT
    if isinstance(error, TortoiseError) and not isinstance(error, OutOfMemoryError):
        return ExitCode.BAD_INPUT  # text, audio, weights or configuration that the model library refuses
    if isinstance(error, OSError) and (error.errno in FULL_DISK or _names_wrong_path(error)):
        return ExitCode.BAD_INPUT
    return ExitCode.FAILED


def one_line(error: BaseException) -> str:
    """Writes an error as one line for a person; an error that nobody foresaw is named by its type."""
    text = " ".join(str(error).encode("utf-8", "backslashreplace").decode().split())  # names are any bytes
    if isinstance(error, TalepressError | StorageError | TortoiseError) and text:
        return text
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return f"the disk is full: {text}; free some space and run the same command again"
    if isinstance(error, OSError) and _names_wrong_path(error):
        return f"{shown_path(error.filename)}: cannot be used ({error.strerror}); name another place"
    return f"unexpected {type(error).__name__}: {text or 'no message'} (`talepress --verbose ...` shows the details)"


def shown_path(path: object) -> str:
    """Writes a path for people, in one line of at most 200 characters, whatever bytes its name has."""
    text = " ".join(os.fsdecode(path if isinstance(path, str | bytes) else str(path)).split())
    printable = text.encode("utf-8", "backslashreplace").decode()
    return printable if len(printable) <= MAX_PATH_CHARS else f"{printable[: MAX_PATH_CHARS - 4]} ..."


def shown_time(moment: datetime) -> str:
    """Writes a moment in UTC for people, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _names_wrong_path(error: OSError) -> bool:
    return error.errno in WRONG_PATH and error.filename is not None


def tell(line: str) -> None:
    """Prints one line for a person, on stderr; where progress is for programs, a line of JSON."""
    if _for_programs.get():
        tell_event({"event": "note", "text": line})
    else:
        print(line, file=sys.stderr, flush=True)


def tell_event(event: Mapping[str, Any]) -> None:
    """Prints an event as a line of JSON, on stderr."""
    print(json.dumps(event, ensure_ascii=False), file=sys.stderr, flush=True)


def tell_in_json() -> None:
    """From now on, and for this context alone, `tell` prints JSON: a program reads every line of stderr."""
    _for_programs.set(True)


def end_at_once() -> None:
    """From now on, and for this context alone, `end` waits for nobody: threads of Prefect's talk to a dead server."""
    _at_once.set(True)


def end(code: int) -> NoReturn:
    """Ends the process with an exit code."""
    if _at_once.get():
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def require_consent(what: str, *, yes: bool) -> None:
    """Asks whether something may go. Raises `BadInputError` where the answer is no, or nobody is there to be asked."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInputError(f"this would {what}: say --yes where nobody can be asked")
    print(f"{what[0].upper()}{what[1:]}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise BadInputError("nothing was removed")


def emit_json(payload: Mapping[str, Any]) -> None:
    """Prints the command's result as exactly one JSON object on stdout."""
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    print(text.encode("utf-8", "backslashreplace").decode(), flush=True)  # a path may have bytes that are no UTF-8


def emit_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "") -> None:
    """Prints a table for people on stdout; in a terminal too narrow for its heads, a line for each cell.

    Where there are no rows, tells what `empty` says in place of a table.
    """
    if empty and not rows:
        tell(empty)
        return
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    heads = [max(map(len, column.split()), default=0) for column in columns]
    if console.width < max(NARROW_COLUMNS, sum(heads) + BORDER_COLUMNS * len(heads) + 1):
        _print_cells(title, columns, rows)
        return
    table = Table(title=title or None, title_justify="left", show_header=any(columns))
    for column, head in zip(columns, heads, strict=True):
        table.add_column(column, min_width=head, overflow="fold")  # paths must stay whole, to be copied
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def make_console(*, stderr: bool = False) -> Console:
    """Makes Rich's console on stdout or stderr; one that leaves the answer to a reader that is gone to `main`."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            """Raises what Rich has caught, which would point stdout elsewhere and end with code 1."""
            raise  # noqa: PLE0704  # what Rich has caught

    return PipeConsole(stderr=stderr)


def _print_cells(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table as lines that the terminal may break where it likes: `column: cell`, rows apart."""
    if title:
        print(f"{title}\n")
    for row in rows:
        if any(columns):
            for column, cell in zip(columns, row, strict=True):
                print(f"{column}: {cell}" if column else cell)
            print()
        else:
            print(*row, sep=": ")
