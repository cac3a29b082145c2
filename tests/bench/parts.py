"""The parts of `make bench`, each a function without arguments that gives figures fit for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tortoise_core.inference.precision import choose_precision

QUICK_LENGTHS = (60, 240)
LENGTHS = (100, 1_000, 10_000)
ORCHESTRATED = 2_000
BOOK = 1_500
BATCHES = (1, 2, 4, 8, 16, 32)


def official() -> dict[str, Any]:
    """The `ultra_fast` work of one utterance at the published sizes, by device; on a CPU in 8-bit numbers, too."""
    import torch

    from tests.bench import autoregressive, decoder

    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    chosen = {device: (device, choose_precision("auto", device)) for device in devices}
    figures = {
        name: {"codes": autoregressive.measure(precision, device), "audio": decoder.measure(precision, device)}
        for name, (device, precision) in {**chosen, "cpu, w8a8": ("cpu", "w8a8")}.items()
    }
    int8 = autoregressive.decoding_figures("int8", torch.device("cpu"))
    figures["cpu"]["codes"] |= {f"int8_{name}": value for name, value in int8.items()}
    return figures


def embedded() -> list[dict[str, Any]]:
    """The embedded model's real-time factor by batch size."""
    from tests.bench.embedded import real_time_factors

    return real_time_factors(BATCHES)


def start() -> dict[str, Any]:
    """One short sentence from a cold start, and a stream's first audio."""
    from tests.bench.start import costs

    return costs()


def orchestration() -> dict[str, Any]:
    """A book of two thousand utterances of natural length, spoken by the fake engine, one batch at a time."""
    from tests.bench.pipeline import books

    return books([ORCHESTRATED], threads=1)[0]


def length() -> list[dict[str, Any]]:
    """Books of short utterances, a hundred to ten thousand of them, spoken by the fake engine."""
    from tests.bench.pipeline import books

    return books(LENGTHS, short=True)


def book() -> dict[str, Any]:
    """A whole book spoken by the embedded model."""
    from tests.bench.pipeline import books

    return books([BOOK], engine="tortoise")[0]


PARTS: Mapping[str, Callable[[], Any]] = {
    "official": official,
    "embedded": embedded,
    "start": start,
    "orchestration": orchestration,
    "length": length,
    "book": book,
}
