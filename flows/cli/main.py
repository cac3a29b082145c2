"""The `talepress` command: gathers the nouns, runs one, and turns what went wrong into one line and an exit code.

Knows nothing of what the commands do. Nothing heavy is imported before a command asks for it.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from flows.cli import bench, doctor, lexicon, maintain, make, model, plan, report, retry, say, status, train, voice
from flows.cli.console import ExitCode, exit_code_of, one_line, tell

app = typer.Typer(
    name="talepress",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def root(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's log and the details of errors.")] = False,
) -> None:
    """Turns book files into finished audiobooks."""
    context.obj = verbose


for command in (
    make.make,
    say.say,
    plan.plan,
    status.status,
    retry.retry,
    report.report,
    train.train,
    doctor.doctor,
    bench.bench,
):
    app.command()(command)
app.add_typer(voice.app, name="voice")
app.add_typer(lexicon.app, name="lexicon")
app.add_typer(model.app, name="model")
app.add_typer(maintain.app, name="maintain")


def main() -> None:
    """The console script. Exit codes: 0 done, 1 done with too many flagged takes, 2 bad input or usage, 3 failed."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        tell(f"talepress: {error.format_message()} (see `talepress --help`)")
        code = ExitCode.BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        tell("talepress: interrupted; the same command continues where this one stopped")
        code = 130
    except Exception as error:
        if "--verbose" in sys.argv[1:]:
            traceback.print_exc()
        tell(f"talepress: {one_line(error)}")
        code = exit_code_of(error)
    sys.exit(int(code or ExitCode.DONE))
