"""Figures as docs/numbers.md with its plots. Knows nothing of how they were measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.bars import Bar
from tests.bench.launches import BUDGETS
from tests.bench.pipeline import outside_ms, waiting_ms

PACKAGES = ("torch", "prefect", "sqlalchemy", "numpy")
INTRODUCTION = """# Numbers

Written by `make bench` (close everything else). `python -m tests.bench PART` measures one of its parts again: official,
embedded, start, orchestration, length, book. `make bench-quick` takes a minute and fails when orchestration or linear
cost miss their bars. `talepress bench` forecasts the speed of every preset on your own machine. Short runs are medians
of five; each ratio is of one run.

Orchestration is measured with one batch in work, so that nothing of it hides behind the engine: checks, files, database
and Prefect. In use three batches are, and the engine waits for almost none of it. Mastering and AAC grow with the audio
and not with the utterances; "all but the engine" has them too.
"""


ON_A_GPU = """## On a GPU, by count

Nobody has timed this on a GPU yet: every speed there is an estimate until it is measured. What can be counted without
one is held by tests: the operations that the host launches and the times it waits for the device, at the published
sizes in bfloat16. Launching one takes the host some 5 to 10 microseconds, so at 64 rows it was the host that decided.
Fused attention counts as one. What limits each stage then, by estimate: decoding the host still (capturing a step as a
graph would end that), denoising the card's matrix products, the vocoder its memory. [gpu.md](gpu.md) has the rest.
"""


def machine() -> dict[str, str]:
    """What the last figures were measured on."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text("utf-8", "replace").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    import torch

    found = {"processor": model, "cores": str(os.cpu_count()), "system": platform.platform(terse=True)}
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name(0)
    return found | {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def write_report(path: Path, figures: Mapping[str, Any], bars: Sequence[Bar]) -> None:
    """Writes the page, and its plots into the folder beside it that is named like it."""
    sections = [INTRODUCTION, _table(["", ""], list(figures["machine"].items())), "## Bars", _bars(bars)]
    for name, section in SECTIONS.items():
        if name in figures:
            heading, *rest = section(figures[name], path.with_suffix(""))
            sections += [heading, f"`python -m tests.bench {name}`, {figures['dates'][name]}", *rest]
    sections += [ON_A_GPU, _budgets()]
    path.write_text("\n\n".join(section.strip() for section in sections) + "\n", "utf-8")


def _bars(bars: Sequence[Bar]) -> str:
    rows = [
        [
            bar.work,
            f"{bar.value:.3g} {bar.unit}",
            f"{'at least' if bar.least else 'at most'} {bar.bound:g}",
            _verdict(bar),
        ]
        for bar in bars
    ]
    return _table(["work", "measured", "bar", ""], rows)


def _budgets() -> str:
    rows = [[budget.work, budget.before, f"{budget.operations}; {budget.waits} waits"] for budget in BUDGETS]
    return _table(["work", "operations once", "now at most"], rows)


def _verdict(bar: Bar) -> str:
    return "reached" if bar.reached else "**missed**"


def _official(devices: Mapping[str, Any], plots: Path) -> list[str]:
    rows = [
        [device, half, name, f"{value:.3g}"]
        for device, halves in devices.items()
        for half, figures in halves.items()
        for name, value in figures.items()
    ]
    stages = {
        "decoding": devices["cpu"]["codes"]["decoding_seconds"],
        "CLVP": devices["cpu"]["codes"]["clvp_s"],
        "latents": devices["cpu"]["codes"]["latents_s"],
        "diffusion": devices["cpu"]["audio"]["diffusion_s"],
        "vocoder": devices["cpu"]["audio"]["vocoder_s"],
    }

    def draw(axes: Axes) -> None:
        axes.barh(list(stages), [value / sum(stages.values()) for value in stages.values()])
        axes.set_xlabel("share of the time of an utterance")

    return ["## `ultra_fast` at the official sizes", _plot(plots, "stages", draw), _table(["", "", "", ""], rows)]


def _embedded(rows: Sequence[Mapping[str, Any]], plots: Path) -> list[str]:
    def draw(axes: Axes) -> None:
        axes.plot([row["batch"] for row in rows], [row["rtf"] for row in rows], marker="o")
        axes.set(xlabel="utterances at once", ylabel="real-time factor", xscale="log", ylim=(0, None))
        axes.set_xticks([row["batch"] for row in rows], [str(row["batch"]) for row in rows])

    cells = [[row["batch"], f"{row['rtf']:.3f}", row["precision"]] for row in rows]
    table = _table(["utterances at once", "real-time factor", "precision"], cells)
    return ["## The embedded model at its default preset", _plot(plots, "batches", draw), table]


def _length(rows: Sequence[dict[str, Any]], plots: Path) -> list[str]:
    def draw(axes: Axes) -> None:
        axes.plot([row["utterances"] for row in rows], [row["wall_s"] for row in rows], marker="o")
        axes.set(xlabel="utterances", ylabel="wall seconds", xscale="log", yscale="log")

    return ["## Cost against length", "Three-word utterances.", _plot(plots, "length", draw), _runs(rows)]


def _orchestration(row: dict[str, Any], _plots: Path) -> list[str]:
    return ["## Orchestration", "Utterances of natural length, spoken by the fake engine.", _runs([row])]


def _book(row: dict[str, Any], _plots: Path) -> list[str]:
    return ["## A whole book", "Spoken by the embedded model at its default preset.", _runs([row])]


def _start(figures: Mapping[str, Any], _plots: Path) -> list[str]:
    steps = [[name, f"{seconds:.2f}"] for name, seconds in figures["cpu_s"].items()]
    total = [["together", f"{sum(figures['cpu_s'].values()):.2f}"]]
    first = [[name, f"{seconds:.2f}"] for name, seconds in figures["first_audio_s"].items()]
    return [
        "## A short sentence from a cold start",
        _table(["`talepress say`", "CPU s"], steps + total),
        _table(["`say --stream`, model loaded", "first audio after s"], first),
    ]


SECTIONS = {
    "official": _official,
    "embedded": _embedded,
    "start": _start,
    "orchestration": _orchestration,
    "length": _length,
    "book": _book,
}


def _runs(rows: Sequence[dict[str, Any]]) -> str:
    cells = [
        [
            row["utterances"],
            *(f"{row[name]:.1f}" for name in ("audio_s", "wall_s", "synthesis_s", "engine_s", "cpu_s")),
            f"{waiting_ms(row):.1f}",
            f"{outside_ms(row):.1f}",
            f"{row['rss_growth'] / 1024**2:.0f}",
        ]
        for row in rows
    ]
    names = ["audio s", "wall s", "until the last take s", "engine s", "CPU s", "engine waits ms each"]
    return _table(["utterances", *names, "all but the engine ms each", "RSS growth MiB"], cells)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)


def _plot(folder: Path, name: str, draw: Any) -> str:
    """Draws into `folder/name.svg` and gives the Markdown that shows it."""
    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    draw(axes)
    axes.grid(visible=True, alpha=0.3)
    folder.mkdir(exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "talepress"}):  # equal figures, equal files
        figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    return f"![{name}]({folder.name}/{name}.svg)"
