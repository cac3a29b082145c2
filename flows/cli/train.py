"""`talepress train`: one stage of a model's training. Knows nothing of what a stage does.

Needs no Prefect: a training is one long process with checkpoints of its own.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_WORKSPACE = Path("~/.cache/talepress/mini")


def train(
    stage: Annotated[
        str,
        typer.Argument(
            help="corpus, dvae, vocoder, autoregressive, clvp, speller, diffusion_codes, diffusion, vocoder_decoded or "
            "export, in that order."
        ),
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
    minutes: Annotated[float, typer.Option(help="Stop after so many minutes; the same command goes on.")] = math.inf,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as many as there are cores.")] = 0,
) -> None:
    """Trains one network; a stopped training continues from its last checkpoint."""
    import torch  # here: other commands start without it

    from tortoise_core.training.recipe import read_recipe
    from tortoise_core.training.workspace import Workspace

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if threads:
        torch.set_num_threads(threads)
    place = Workspace(workspace.expanduser(), read_recipe(config), device)
    if begin_with is not None:
        place.adopt(begin_with)
    place.run(
        stage,
        minutes=minutes,
        sentences=sentences,
        held_out_books=[_text_of(book) for book in held_out or ()],
        out=out,
    )


def _text_of(book: Path) -> str:
    """All that stands in a book."""
    from flows.services import read_settings
    from tasks.ingest.book import read_book

    return read_book(book, read_settings().ingest).text
