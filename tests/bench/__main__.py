"""`python -m tests.bench [PART ...]`: measures parts (all of them by default) and writes docs/numbers.md.

`--quick` measures what can be measured in a minute, writes nothing, and fails when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.bars import Bar, all_bars, linear_bar, orchestration_bars
from tests.bench.parts import PARTS, QUICK_LENGTHS
from tests.bench.pipeline import books

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "numbers" / "figures.json"


def quick() -> list[Bar]:
    """Orchestration and linear cost on two short books."""
    rows = books(QUICK_LENGTHS, short=True, threads=1)
    each = [1000 * row["wall_s"] / row["utterances"] for row in rows]
    # The start of a run is shared by fewer utterances in a shorter book, so only the longer one can be found too dear.
    return [*orchestration_bars(rows[-1]), linear_bar([each[0], max(each)])]


def measure(parts: Sequence[str]) -> dict[str, Any]:
    """Measures the parts and keeps their figures beside those of parts measured earlier."""
    from tests.bench.report import machine

    figures: dict[str, Any] = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    for part in parts:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        figures[part] = PARTS[part]()
        figures["machine"] = machine()
        when_and_where = f"{time.strftime('%Y-%m-%d')}, {figures['machine']['processor']}"
        figures.setdefault("dates", {})[part] = when_and_where
        FIGURES.parent.mkdir(exist_ok=True)
        FIGURES.write_text(json.dumps(figures, indent=1), "utf-8")
    return figures


def show(bars: Sequence[Bar]) -> bool:
    """Prints the bars; whether all are reached."""
    for bar in bars:
        sign = ">=" if bar.least else "<="
        print(f"{'ok    ' if bar.reached else 'MISSED'} {bar.work}: {bar.value:.3g} {bar.unit} ({sign} {bar.bound:g})")
    return all(bar.reached for bar in bars)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}")
    if chosen.quick:
        sys.exit(0 if show(quick()) else 1)
    from tests.bench.report import write_report

    figures = measure(chosen.parts or list(PARTS))
    bars = list(all_bars(figures))
    write_report(DOCS / "numbers.md", figures, bars)
    show(bars)


if __name__ == "__main__":
    main()
