"""`python -m tests.quality [PART ...]`: measures how the shipped model sounds, reads and hears, for docs/quality.md.

Needs both teachers (flite, and Piper of the extra `train`), the training text, the held-out books and `speech_report`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from flows.services import Services, read_settings
from tests.quality import language, parts, scaling
from tests.quality.ears import listening
from tests.quality.ears.gathering import KINDS
from tests.quality.judge import Judge
from tests.quality.material import BEST, HARD, OTHERS, Speaker, held_out_sentences, material_arguments, record
from tortoise_core.inference.presets import SamplingSettings, own_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "quality" / "figures.json"


class Inputs:
    """What the parts work with, each made when a part first needs it."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._chosen = chosen
        self._out: Path = chosen.out.expanduser()

    @cached_property
    def judge(self) -> Judge:
        """Who rates recordings."""
        return Judge(self._chosen.speech_report, self._out / "reports")

    @cached_property
    def speakers(self) -> list[Speaker]:
        """The teachers' recordings, the best voice first."""
        chosen = self._chosen
        counts = [chosen.clips[0], *[chosen.clips[1]] * (len(chosen.voices) - 1)]
        hard = HARD.read_text("utf-8").splitlines()
        folder = self._out / "teachers"
        return [record(v, self._texts, n, hard, folder) for v, n in zip(chosen.voices, counts, strict=True)]

    @cached_property
    def bench(self) -> parts.Bench:
        """For the acoustic half."""
        stranger = record(self._chosen.stranger, self._texts, 0, [], self._out / "teachers")
        return parts.load_bench(self.speakers, stranger, self.judge, self._out / "spoken")

    @cached_property
    def reader(self) -> language.Reader:
        """For the whole model."""
        return language.load_reader(self.speakers, self.judge, self._chosen.held_out[0], self._out / "read")

    @cached_property
    def listening(self) -> listening.Listening:
        """For the listeners."""
        books = self._chosen.held_out[0].parent
        chosen = self._chosen
        measured = _kept().get("ears", [])
        return listening.Listening(
            chosen.sentences, books, chosen.whisper, chosen.listeners, measured, self.judge, self._out / "ears"
        )

    @cached_property
    def _texts(self) -> list[str]:
        return held_out_sentences(self._chosen.sentences, self._chosen.held_out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    of_text = dict(language.PARTS)
    if scaling.RESULTS.exists():  # made by `make scaling`, which takes hours
        of_text["scaling"] = scaling.scaling
    known = [*parts.PARTS, *of_text, *listening.PARTS]
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(known)}; all but the listeners' if none"
    )
    material_arguments(parser)
    parser.add_argument("--voices", nargs="+", default=["joe", "slt", "rms", "awb"], help="teachers, the best first")
    parser.add_argument("--stranger", default="kal16", help="a teacher's voice that training never heard")
    parser.add_argument("--clips", type=int, nargs=2, default=[BEST, OTHERS], help="of the best voice, of each other")
    parser.add_argument(
        "--whisper", default="base.en", help="what listens beside us: a CTranslate2 model or its folder"
    )
    parser.add_argument("--listeners", nargs="+", choices=KINDS, default=KINDS, help="which kinds are measured")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(known):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: use {', '.join(known)}")
    inputs = Inputs(chosen)
    services = Services(read_settings())
    figures: dict[str, Any] = _kept()
    measured: dict[str, Any] = {}
    for part in chosen.parts or [*parts.PARTS, *of_text]:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        if part in parts.PARTS:
            measured[part] = parts.PARTS[part](inputs.bench)
        elif part in listening.PARTS:
            measured[part] = listening.PARTS[part](inputs.listening)
        else:
            measured[part] = of_text[part](inputs.reader)
        figures = _kept() | measured  # read anew: other parts may be measured beside these
        figures.setdefault("dates", {})[part] = time.strftime("%Y-%m-%d")
        figures["about"] = {
            "preset": services.synthesize.preset,
            "sampler": _sampler(own_settings(services.sampling)),
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
