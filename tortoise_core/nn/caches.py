"""Owns the choice among the caches of keys and values. Must not know how they work."""

from __future__ import annotations

import torch

from tortoise_core.nn.key_value_cache import Cache, KeyValueCache, PromptKeys
from tortoise_core.nn.shared_prompt_cache import SharedPromptCache
from tortoise_core.nn.static_cache import StaticCache


def make_cache(prompts: PromptKeys, rows: int, slots: int, most_slots: int) -> Cache:
    """Makes the cache that is fastest for keys of this type on this device.

    Args:
        prompts: examples of what it will hold.
        rows: sequences.
        slots: of each to begin with, where the cache can grow.
        most_slots: that a sequence can ever need, and one more.
    """
    if prompts.keys.device.type == "cuda":
        return StaticCache(prompts, rows, most_slots)
    if prompts.keys.dtype == torch.bfloat16:
        return SharedPromptCache(prompts, rows, slots)
    return KeyValueCache(prompts, rows, slots)
