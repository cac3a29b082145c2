"""`talepress check`: whether audio files meet a shop's technical numbers. Knows nothing of how they are measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import ExitCode, emit_json, emit_table

if TYPE_CHECKING:
    from tasks.delivery.rules import Delivery


def check(
    files: Annotated[list[Path], typer.Argument(help="Audio files of one book, whoever made them.", exists=True)],
    shop: Annotated[str, typer.Option("--for", help="Whose numbers: acx, inaudio, google, apple, podcast.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measures audio files and holds them to what a shop asks for in numbers. Exit code 3 if one fails."""
    from flows.order.report import deliveries_json
    from flows.services import read_settings
    from tasks.delivery.check import check_files

    deliveries = check_files(files, shop, read_settings().package.ffmpeg)
    if json:
        emit_json({"files": deliveries_json(deliveries)})
    else:
        show_deliveries(deliveries)
    raise typer.Exit(ExitCode.DONE if all(delivery.passed for delivery in deliveries) else ExitCode.FAILED)


def show_deliveries(deliveries: Sequence[Delivery]) -> None:
    """Prints a table for each file, and a sentence for each shop that says how many meet its numbers."""
    for delivery in deliveries:
        rows = [[one.label, one.value, one.limit, "ok" if one.passed else "FAILS"] for one in delivery.findings]
        emit_table(delivery.path.name, ["", "measured", f"limits of {delivery.shop}", ""], rows)
    for shop in dict.fromkeys(delivery.shop for delivery in deliveries):
        own = [delivery.passed for delivery in deliveries if delivery.shop == shop]
        print(f"{sum(own)} of {len(own)} files meet the technical numbers of {shop}.")
