"""What must be reached, from the figures of the parts. Pure: nothing is measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.pipeline import marginal_ms, waiting_ms
from tests.bench.start import PYTORCH

UNEVEN = 1.2  # time per utterance, the longest book against the shortest
MIB = 1024 * 1024
REFERENCE_S = 87.7  # the original implementation on 2 cores of this class: RTF 18.9 at batch 16 for 4.64 s of audio


@dataclass(frozen=True)
class Bar:
    """A figure and its bound. `least`: the figure must not be smaller; otherwise it must not be larger."""

    work: str
    value: float
    bound: float
    unit: str = ""
    least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side."""
        return self.value >= self.bound if self.least else self.value <= self.bound


def all_bars(figures: Mapping[str, Any]) -> Iterator[Bar]:
    """The bars of all parts that have been measured."""
    if official := figures.get("official"):
        codes = official["cpu"]["codes"]
        audio = official["cpu"]["audio"]
        total = codes["total_s"] + audio["total_s"]
        solver = codes["total_s"] + audio["solver_total_s"]
        yield Bar("ultra_fast, official sizes, one utterance, 30 evaluations", total, 25, "s")
        yield Bar(f"the same, share of the reference's {REFERENCE_S} s", total / REFERENCE_S, 1 / 3)
        yield Bar("the same with 8 evaluations of the multistep solver", solver, 18, "s")
        if eight_bit := official.get("cpu, w8a8"):
            share = (eight_bit["codes"]["total_s"] + eight_bit["audio"]["total_s"]) / total
            yield Bar("30 evaluations in w8a8, share of bfloat16's time", share, 0.65)
        yield Bar("codes a second, 16 rows, official sizes", codes["decoding_codes_per_s"], 200, least=True)
        if "int8_decoding_codes_per_s" in codes:
            rate = codes["int8_decoding_codes_per_s"]
            yield Bar("the same with int8 weights", rate, 200, least=True)
        yield Bar("diffusion, share of the ceiling", audio["diffusion_share_of_ceiling"], 0.5, least=True)
    if embedded := figures.get("embedded"):
        sixteen = next(row for row in embedded if row["batch"] == 16)
        yield Bar("embedded model, default preset, 16 at once", sixteen["rtf"], 0.3, "x real time")
    if start := figures.get("start"):
        yield Bar("a sentence from a cold start, all but importing PyTorch", _ours(start["cpu_s"]), 1.6, "s of CPU")
        yield Bar("first audio of a stream, model loaded", max(start["first_audio_s"].values()), 0.4, "s")
    if row := figures.get("orchestration"):
        yield from orchestration_bars(row)
    if rows := figures.get("length"):
        yield linear_bar(marginal_ms(rows))
    if row := figures.get("book"):
        yield Bar(f"book of {row['utterances']} utterances, wall / engine", row["wall_s"] / row["engine_s"], 1.08)


def _ours(steps: Mapping[str, float]) -> float:
    """CPU seconds of all steps of a start but one, which nobody here can shorten."""
    return sum(seconds for name, seconds in steps.items() if name != PYTORCH)


def orchestration_bars(row: Mapping[str, Any]) -> Iterator[Bar]:
    """What the pipeline may cost beside the engine."""
    name = f"{row['utterances']} utterances, fake engine"
    yield Bar(f"{name}: not the model, each", waiting_ms(dict(row)), 25, "ms")
    yield Bar(f"{name}: growth of resident memory", row["rss_growth"] / MIB, 100, "MiB")


def linear_bar(each_ms: Sequence[float]) -> Bar:
    """Later utterances must not cost more than earlier ones (nor less, beyond the same share: that is noise)."""
    return Bar("cost of an utterance, longest book / shortest", max(each_ms) / min(each_ms), UNEVEN)
