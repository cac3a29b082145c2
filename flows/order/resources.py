"""Measures the most memory that this process has held so far. Knows nothing of what it was used for."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class PeakMemory:
    """The most memory held at any time, in bytes; `gpu_bytes` on the GPU that held most, None where none was used."""

    resident_bytes: int
    gpu_bytes: int | None


def peak_memory() -> PeakMemory:
    """Measures the peak of this process until now. PyTorch is asked only if something else has imported it."""
    unit = 1 if sys.platform == "darwin" else 1024
    torch = sys.modules.get("torch")
    gpu_bytes = None
    if torch is not None and torch.cuda.is_initialized():
        gpu_bytes = max(torch.cuda.max_memory_allocated(number) for number in range(torch.cuda.device_count()))
    return PeakMemory(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, gpu_bytes)
