"""`talepress train`: the training of a model, one stage or several. Knows nothing of what a stage does.

Needs no Prefect: a training is one long process with checkpoints of its own.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Annotated

import typer

from tasks import stopping

DEFAULT_WORKSPACE = Path("~/.cache/talepress/mini")


def _list_stages(wanted: bool) -> None:
    """Prints the stages in their order, and ends the command."""
    if not wanted:
        return
    from tortoise_core.training.run import STEPS  # here: other commands start without PyTorch

    for step, purpose in STEPS.items():
        print(f"{step:16} {purpose}")
    raise typer.Exit


def train(
    stages: Annotated[
        list[str], typer.Argument(help="Stages, in the order given; all: every one. --list says what there is.")
    ],
    config: Annotated[Path, typer.Option(help="The recipe: a TOML file such as configs/models/tortoise_mini.toml.")],
    workspace: Annotated[Path, typer.Option(help="Where corpus and checkpoints lie.")] = DEFAULT_WORKSPACE,
    sentences: Annotated[Path | None, typer.Option(help="corpus: text to be spoken, one sentence a line.")] = None,
    held_out: Annotated[
        list[Path] | None,
        typer.Option(help="corpus: a book whose sentences are left out, to test on; may be repeated."),
    ] = None,
    begin_with: Annotated[
        Path | None, typer.Option("--from", help="A model folder: stages without a checkpoint begin with its weights.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="export: the new model folder.")] = None,
    minutes: Annotated[
        float, typer.Option(help="Stop each stage after so many minutes; the same command goes on.")
    ] = math.inf,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as many as there are cores.")] = 0,
    list_stages: Annotated[
        bool, typer.Option("--list", callback=_list_stages, is_eager=True, help="Print the stages and end.")
    ] = False,
) -> None:
    """Trains the networks of a model; a stopped training continues from its last checkpoint."""
    import torch  # here: other commands start without it

    from tortoise_core.training.recipe_file import read_recipe
    from tortoise_core.training.run import RunOptions, adopt, run
    from tortoise_core.training.workspace import Workspace

    logging.basicConfig(format="%(message)s")
    logging.getLogger("tortoise_core").setLevel(logging.INFO)  # libraries have words for their own developers
    if threads:
        torch.set_num_threads(threads)
    place = Workspace(workspace.expanduser(), read_recipe(config), device)
    if begin_with is not None:
        adopt(place, begin_with)
    books = [_text_of(book) for book in held_out or ()]
    options = RunOptions(minutes=minutes, sentences=sentences, held_out_books=books, out=out, stop=stopping.requested)
    with stopping.orderly():  # a stage writes a checkpoint
        run(place, stages, options)
    stopping.check()


def _text_of(book: Path) -> str:
    """Reads all the text of a book."""
    from flows.services import read_settings
    from tasks.ingest.book import read_book

    return read_book(book, read_settings().ingest).text
