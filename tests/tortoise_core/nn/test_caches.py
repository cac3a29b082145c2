"""Which cache of keys and values is made, and with how many slots."""

from types import SimpleNamespace

import pytest
import torch

from tortoise_core.nn import caches
from tortoise_core.nn.caches import make_cache


@pytest.mark.parametrize(
    ("device", "dtype", "made"),
    [
        ("cuda", torch.float32, ("StaticCache", 3, 70)),
        ("cuda:1", torch.bfloat16, ("StaticCache", 3, 70)),
        ("cpu", torch.bfloat16, ("SharedPromptCache", 3, 9)),
        ("cpu", torch.float32, ("KeyValueCache", 3, 9)),
    ],
)
def test_a_gpu_gets_all_slots_at_once_and_a_cpu_the_first_of_them(monkeypatch, device, dtype, made):
    for name in ("StaticCache", "SharedPromptCache", "KeyValueCache"):
        monkeypatch.setattr(caches, name, lambda *arguments, name=name: (name, *arguments))
    prompts = SimpleNamespace(keys=SimpleNamespace(device=torch.device(device), dtype=dtype))
    name, rows, slots = made
    assert make_cache(prompts, 3, 9, 70) == (name, prompts, rows, slots)
