"""`python -m tests.quality [PART ...]`: measures how the shipped model sounds and reads, and writes docs/quality.md.

Needs both teachers (flite, and Piper of the extra `train`), the training text, the held-out books and `speech_report`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from tests.quality import language, parts, scaling
from tests.quality.judge import Judge
from tests.quality.material import BEST, HARD, OTHERS, held_out_sentences, material_arguments, record
from tortoise_core.inference.presets import SamplingSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "quality" / "figures.json"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    of_text = dict(language.PARTS)
    if scaling.RESULTS.exists():  # made by `make scaling`, which takes hours
        of_text["scaling"] = scaling.scaling
    known = [*parts.PARTS, *of_text]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(known)}; all if none is named")
    material_arguments(parser)
    parser.add_argument("--voices", nargs="+", default=["joe", "slt", "rms", "awb"], help="teachers, the best first")
    parser.add_argument("--stranger", default="kal16", help="a teacher's voice that training never heard")
    parser.add_argument("--clips", type=int, nargs=2, default=[BEST, OTHERS], help="of the best voice, of each other")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(known):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: use {', '.join(known)}")
    out = chosen.out.expanduser()
    texts = held_out_sentences(chosen.sentences, chosen.held_out)
    counts = [chosen.clips[0], *[chosen.clips[1]] * (len(chosen.voices) - 1)]
    hard = HARD.read_text("utf-8").splitlines()
    speakers = [record(v, texts, count, hard, out / "teachers") for v, count in zip(chosen.voices, counts, strict=True)]
    judge = Judge(chosen.speech_report, out / "reports")
    stranger = record(chosen.stranger, texts, 0, [], out / "teachers")
    bench = parts.load_bench(speakers, stranger, judge, out / "spoken")
    reader = language.load_reader(speakers, judge, chosen.held_out[0], out / "read")
    figures: dict[str, Any] = _kept()
    measured: dict[str, Any] = {}
    for part in chosen.parts or known:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        measured[part] = parts.PARTS[part](bench) if part in parts.PARTS else of_text[part](reader)
        figures = _kept() | measured  # read anew: other parts may be measured beside these
        figures.setdefault("dates", {})[part] = time.strftime("%Y-%m-%d")
        figures["about"] = {
            "preset": reader.services.settings.synthesize.preset,
            "sampler": _sampler(bench.settings),
            "torch": torch.__version__,
            "held-out books": ", ".join(book.stem for book in chosen.held_out),
        }
        FIGURES.parent.mkdir(exist_ok=True)
        kept = dict(figures)
        if "pictures" in figures:  # their texts alone: the rest is paths of this machine
            kept["pictures"] = [{"text": row["text"]} for row in figures["pictures"]]
        FIGURES.write_text(json.dumps(kept, indent=1), "utf-8")
    from tests.quality.report import write_report

    write_report(DOCS / "quality.md", figures)


def _kept() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    return figures


def _sampler(settings: SamplingSettings) -> str:
    evaluations = settings.diffusion_steps * parts.per_step(settings)
    guided = f", guidance {settings.cond_free_k:g}" if settings.cond_free else ""
    return f"{settings.sampler}, {settings.diffusion_steps} steps{guided}: {evaluations} evaluations of the network"


if __name__ == "__main__":
    main()
