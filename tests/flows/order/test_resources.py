"""The most memory that a process has held: in bytes, of the machine and of the GPU that held most."""

import resource
import sys
from types import SimpleNamespace

import pytest

from flows.order.resources import PeakMemory, peak_memory


def torch(*allocated, used=True):
    """A PyTorch whose GPUs have held so much."""
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_initialized=lambda: used,
            device_count=lambda: len(allocated),
            max_memory_allocated=lambda number: allocated[number],
        )
    )


@pytest.mark.parametrize(
    ("platform", "imported", "peak"),
    [
        ("linux", None, PeakMemory(7 * 1024, None)),
        ("darwin", None, PeakMemory(7, None)),
        ("linux", torch(5, used=False), PeakMemory(7 * 1024, None)),
        ("linux", torch(3, 9, 5), PeakMemory(7 * 1024, 9)),
    ],
)
def test_the_peak_is_in_bytes_and_of_gpus_that_were_used(monkeypatch, platform, imported, peak):
    asked = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setitem(sys.modules, "torch", imported)
    monkeypatch.setattr(resource, "getrusage", lambda whose: asked.append(whose) or SimpleNamespace(ru_maxrss=7))
    assert (peak_memory(), asked) == (peak, [resource.RUSAGE_SELF])
