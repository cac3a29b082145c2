"""The `talepress` command: gathers the nouns, runs one, and turns what went wrong into one line and an exit code.

Knows nothing of what the commands do. Nothing heavy is imported before a command asks for it.
"""

from __future__ import annotations

import contextvars
import inspect
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Annotated, Any, TextIO

import typer

from flows.cli import (
    bench,
    book,
    check,
    clean,
    deploy,
    detect,
    doctor,
    drain,
    inbox,
    lexicon,
    maintain,
    make,
    model,
    plan,
    publish,
    push,
    report,
    retry,
    review,
    say,
    schedule,
    status,
    train,
    up,
    voice,
    worst,
)
from flows.cli.console import ExitCode, end, exit_code_of, one_line, tell

EXIT_CODES = (
    "0  done",
    "2  bad input or usage; everything is as it was",
    "3  failed",
    "130  stopped: the same command goes on (142: by the kernel, where the work in hand did not end)",
)
EXIT_CODES_OF_BOOKS = (
    EXIT_CODES[0],
    "1  done, but to be heard: more takes are flagged than execution.max_flagged_share, or it waits for review",
    *EXIT_CODES[1:],
    "Of several books, the highest of theirs.",
)
OF_BOOKS = (make.make, retry.retry, publish.publish)

# Commands and nouns in the order of the help, each with examples.
COMMANDS: tuple[tuple[Callable[..., Any], Sequence[str]], ...] = (
    (
        make.make,
        (
            "talepress make book.epub",
            "talepress make book.epub --out audiobooks --chapters 1-3 --voice joe",
            "talepress make a.epub b.epub",
            "talepress make library --recursive --json",
            "find library -name '*.txt' | talepress make --books -",
            "talepress make - < book.epub",
        ),
    ),
    (say.say, ('talepress say "It was five past ten." --out line.wav', "talepress say --lines lines.txt --out takes")),
    (plan.plan, ("talepress plan book.epub", "talepress plan book.epub --write plan.toml")),
    (status.status, ("talepress status", "talepress status book.epub")),
    (retry.retry, ("talepress retry book.epub", "talepress retry book.epub --only 20:18,20:22")),
    (report.report, ("talepress report book.epub", "talepress report book.epub --out book.html")),
    (worst.worst, ("talepress worst book.epub -n 50",)),
    (
        publish.publish,
        ("talepress publish book.epub --as mp3,opus", "talepress publish book.epub --as acx --out for-the-shop"),
    ),
    (check.check, ("talepress check for-the-shop/*.mp3 --for acx",)),
    (push.push, ('talepress push "audiobooks/Oz (library)/L. Frank Baum/Oz" --server https://books.example.org',)),
    (up.up, ("talepress up",)),
    (up.down, ("talepress down",)),
    (deploy.deploy, ("talepress deploy",)),
    (drain.drain, ("talepress drain", "talepress drain --resume")),
    (train.train, ("talepress train all --config configs/models/tortoise_mini.toml", "talepress train --list")),
    (doctor.doctor, ("talepress doctor", "talepress doctor --repair")),
    (detect.detect, ("talepress detect clip.wav",)),
    (bench.bench, ("talepress bench --seconds 30",)),
    (clean.clean, ("talepress clean", "talepress clean --remove left --remove takes")),
)
NOUNS: tuple[tuple[str, typer.Typer, Sequence[str]], ...] = (
    ("book", book.app, ("talepress book list", "talepress book remove book.epub")),
    (
        "voice",
        voice.app,
        (
            "talepress voice list",
            "talepress voice add anna anna-1.wav anna-2.wav",
            "talepress voice add duo --mix 'joe&slt:0.3'",
            "talepress voice remove anna",
        ),
    ),
    ("inbox", inbox.app, ("talepress inbox list", "talepress inbox scan --here", "talepress inbox retry book.epub")),
    (
        "review",
        review.app,
        (
            "talepress review serve",
            "talepress review list book.epub",
            "talepress review play book.epub 3:12 --take 2",
            "talepress review approve book.epub 3:12",
            "talepress review approve book.epub --all",
            "talepress review choose book.epub 3:12 2",
            "talepress review reject book.epub 3:12",
            'talepress review edit book.epub 3:12 "OZ-mah came in." --reach book',
            "talepress review undo book.epub",
        ),
    ),
    ("lexicon", lexicon.app, ("talepress lexicon import words.pls", "talepress lexicon list")),
    (
        "model",
        model.app,
        (
            "talepress model list",
            "talepress model verify tortoise_mini",
            "talepress model pull",
            "talepress model import tortoise-files",
            "talepress model resynthesize clip.wav --out again.wav",
        ),
    ),
    (
        "schedule",
        schedule.app,
        (
            'talepress schedule add book.epub --cron "0 1 * * *"',
            'talepress schedule retry --cron "0 3 * * 0"',
            "talepress schedule list",
            "talepress schedule remove NAME",
        ),
    ),
    (
        "maintain",
        maintain.app,
        (
            "talepress maintain verify --repair",
            "talepress maintain restore",
            "talepress maintain rebuild",
            "talepress maintain sweep",
            "talepress maintain adopt-store",
            "talepress maintain copy-database postgresql+psycopg://user@host/name",
        ),
    ),
)


def listed(title: str, lines: Sequence[str]) -> str:
    """Writes a paragraph of the help that keeps its lines (the backslash and b say so)."""
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])


def ending(examples: Sequence[str], codes: Sequence[str]) -> str:
    """Writes what the help of a command ends with."""
    return "\n\n".join([listed("Examples", examples), listed("Exit codes", codes)])


def summary(command: Callable[..., Any]) -> str:
    """Returns the first paragraph of a command's help: a list of commands has it whole, on as many lines as it takes.

    Typer would cut it off where the line ends.
    """
    return " ".join((inspect.getdoc(command) or "").partition("\n\n")[0].split())


app = typer.Typer(
    name="talepress",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=ending([*COMMANDS[0][1], *COMMANDS[2][1][:1]], EXIT_CODES_OF_BOOKS),
)


def _version(wanted: bool) -> None:
    """Prints the version, and ends the command."""
    if wanted:
        print(f"talepress {metadata.version('talepress')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's log and the details of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Turns book files into finished audiobooks."""
    context.obj = verbose
    _show_help(context)


def _show_help(context: typer.Context) -> None:
    """Prints the help of what was named without a command."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for command, examples in COMMANDS:
    codes = EXIT_CODES_OF_BOOKS if command in OF_BOOKS else EXIT_CODES
    app.command(short_help=summary(command), epilog=ending(examples, codes))(command)
for noun, commands, examples in NOUNS:
    commands.callback(invoke_without_command=True)(_show_help)
    for part in commands.registered_commands:
        assert part.callback is not None
        line = f"talepress {noun} {part.name or part.callback.__name__}"
        own = [example for example in examples if f"{example} ".startswith(f"{line} ")]
        part.epilog = ending(own, EXIT_CODES)
        part.short_help = summary(part.callback)
    app.add_typer(commands, name=noun, epilog=listed("Examples", examples))


def main() -> None:
    """The console script; see `EXIT_CODES`."""
    contextvars.copy_context().run(_run_command)  # how the command speaks ends with it


def _run_command() -> None:
    try:
        code = app(standalone_mode=False, prog_name=app.info.name)
        sys.stdout.flush()
    except typer.TyperException as error:
        tell(f"talepress: {_in_one_line(error)}")
        code = ExitCode.BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        tell("talepress: interrupted; the same command continues where this one stopped")
        code = 130
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        code = _explain(ended.__context__)  # Typer has made of it an exit with code 1 and no word
    except Exception as error:
        code = _explain(error)
    end(int(code or ExitCode.DONE))


def _explain(error: Exception) -> ExitCode:
    """Tells an error in one line. Returns its exit code."""
    if isinstance(error, BrokenPipeError) and any(map(_reader_is_gone, (sys.stdout, sys.stderr))):
        _end_by_sigpipe()
    if "--verbose" in sys.argv[1:]:
        traceback.print_exc()
    tell(f"talepress: {one_line(error)}")
    return exit_code_of(error)


def _in_one_line(error: typer.TyperException) -> str:
    """Returns Typer's word on a wrong use, and where the right one is shown."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "talepress"
    return f"{' '.join(error.format_message().split())} (see `{path} --help`)"


def _reader_is_gone(stream: TextIO) -> bool:
    """Tells whether a stream is a pipe that nobody reads any more, as in `talepress plan book.epub | head`."""
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLOUT)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _end_by_sigpipe() -> None:
    """Ends the process as other programs end whose reader is gone."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
