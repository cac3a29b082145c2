"""The `talepress` command: gathers the nouns, runs one, and turns what went wrong into one line and an exit code.

Knows nothing of what the commands do. Nothing heavy is imported before a command asks for it.
"""

from __future__ import annotations

import contextvars
import os
import select
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, TextIO

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
    "1  done, but to be heard: more takes are flagged than execution.max_flagged_share, or it waits for review",
    "2  bad input or usage; everything is as it was",
    "3  failed",
    "130  stopped: the same command goes on (142: by the kernel, where the work in hand did not end)",
    "Of several books, the highest of theirs.",
)

# Commands and nouns in the order of the help, each with examples.
COMMANDS = (
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
NOUNS = (
    ("book", book.app, ("talepress book list", "talepress book remove book.epub")),
    ("voice", voice.app, ("talepress voice list", "talepress voice add anna anna-1.wav anna-2.wav")),
    ("inbox", inbox.app, ("talepress inbox list", "talepress inbox scan --here")),
    ("review", review.app, ("talepress review serve", "talepress review list book.epub")),
    ("lexicon", lexicon.app, ("talepress lexicon import words.pls",)),
    ("model", model.app, ("talepress model list", "talepress model verify tortoise_mini")),
    ("schedule", schedule.app, ('talepress schedule add book.epub --cron "0 1 * * *"', "talepress schedule list")),
    ("maintain", maintain.app, ("talepress maintain verify --repair", "talepress maintain restore")),
)


def listed(title: str, lines: Sequence[str]) -> str:
    """Writes a paragraph of the help that keeps its lines (the backslash and b say so)."""
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])


app = typer.Typer(
    name="talepress",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n\n".join([listed("Examples", COMMANDS[0][1] + COMMANDS[2][1][:1]), listed("Exit codes", EXIT_CODES)]),
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
    app.command(epilog="\n\n".join([listed("Examples", examples), listed("Exit codes", EXIT_CODES)]))(command)
for noun, commands, examples in NOUNS:
    commands.callback(invoke_without_command=True)(_show_help)
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
