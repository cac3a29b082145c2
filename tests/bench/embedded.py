"""How fast the embedded model speaks at its default preset, by the number of utterances spoken at once.

`python -m tests.bench.embedded` prints the table. Random weights would do as well, but these are here.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from typing import Any

from configs.settings import load_settings
from flows.actions.bench import SENTENCES
from flows.services import Services
from tasks.voices.catalogue import read_latents
from tortoise_core.inference.interface import SpeechRequest

REPEATS = 5


def real_time_factors(batches: Sequence[int], repeats: int = REPEATS) -> list[dict[str, Any]]:
    """The median real-time factor of each batch size, after one call to warm up."""
    services = Services(load_settings())
    voice = read_latents(services.voice(), services.store)
    engine = services.engine
    rows = []
    for batch in batches:
        factors = []
        for attempt in range(repeats + 1):
            texts = enumerate(itertools.islice(itertools.cycle(SENTENCES), batch))
            requests = [SpeechRequest(text, voice, services.sampling, n) for n, text in texts]
            began = time.perf_counter()
            results = engine.speak(requests)
            wall = time.perf_counter() - began
            if attempt:
                factors.append(wall / sum(len(result.audio) / result.sample_rate for result in results))
        rows.append({"batch": batch, "rtf": statistics.median(factors), "precision": services.precision})
    return rows


if __name__ == "__main__":
    for row in real_time_factors((1, 2, 4, 8, 16, 32)):
        print(f"{row['batch']:3d} utterances at once: real-time factor {row['rtf']:.3f} ({row['precision']})")
