"""The cache against attention over each row's whole history, whatever joins, leaves or is moved."""

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.nn import key_value_cache, static_cache
from tortoise_core.nn.caches import make_cache
from tortoise_core.nn.key_value_cache import PromptKeys
from tortoise_core.nn.static_cache import StaticCache

LAYERS = 2
HEADS = 3
DIM = 8
LENGTHS = [5, 2, 40]


def normal(*shape):
    return torch.randn(*shape)


class Rows:
    """What each row of a cache has seen, kept the obvious way."""

    def __init__(self, prompts, rows):
        self.prompts = prompts
        self.histories = [None] * rows

    def admit(self, places, index):
        length = self.prompts.lengths[index]
        for place in places:
            self.histories[place] = [part[:, index, :, :length] for part in (self.prompts.keys, self.prompts.values)]

    def attend(self, layer, q, k, v):
        out = []
        for place, history in enumerate(self.histories):
            if history is None:
                out.append(None)
                continue
            keys, values = (
                torch.cat([old[layer], new[place]], dim=1) for old, new in zip(history, (k, v), strict=True)
            )
            out.append(F.scaled_dot_product_attention(q[place], keys, values))
        return out

    def advance(self, k, v):
        for place, history in enumerate(self.histories):
            if history is not None:
                pair = zip(history, (k, v), strict=True)
                self.histories[place] = [torch.cat([old, new[:, place]], dim=2) for old, new in pair]


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def prompts(request):
    torch.manual_seed(4)
    shape = LAYERS, len(LENGTHS), HEADS, max(LENGTHS), DIM
    return PromptKeys(normal(*shape).to(request.param), normal(*shape).to(request.param), LENGTHS)


def step(cache, rows):
    shape = LAYERS, cache.rows, HEADS, 1, DIM
    q, k, v = (normal(*shape).to(rows.prompts.keys.dtype) for _ in range(3))
    tolerance = 1e-5 if q.dtype == torch.float32 else 0.05
    cache.open_slot()
    mask = cache.mask()
    for layer in range(LAYERS):
        seen = cache.attend(layer, q[layer], torch.cat([k[layer], v[layer]], dim=1), mask)
        assert seen.isfinite().all()
        for place, expected in enumerate(rows.attend(layer, q[layer], k[layer], v[layer])):
            if expected is not None:
                torch.testing.assert_close(seen[place], expected, atol=tolerance, rtol=tolerance)
    cache.close_slot()
    rows.advance(k, v)


def growing(prompts, rows, slots):
    """The cache for the CPU, which begins with few slots."""
    return make_cache(prompts, rows, slots, 500)


def static(prompts, rows, slots):
    """The cache for GPUs, which has all its slots from the start."""
    return StaticCache(prompts, rows, max(LENGTHS) + 91)


@pytest.mark.parametrize(("make", "slots"), [(growing, 1), (growing, 500), (static, 0)])
def test_rows_see_their_own_past_and_nothing_else(prompts, make, slots, monkeypatch):
    monkeypatch.setattr(key_value_cache, "_GROWTH", 4)
    monkeypatch.setattr(static_cache, "_VIEW", 8)
    cache = make(prompts, 4, slots)
    rows = Rows(prompts, 4)
    for places, index in (([0, 3], 0), ([1], 1)):  # one row stays idle
        cache.admit(places, prompts.only(index))
        rows.admit(places, index)
    for number in range(90):
        if number == 3:  # longer than all that is there: everything moves
            cache.admit([2], prompts.only(2))
            rows.admit([2], 2)
        if number == 50:
            cache.release(0)
            rows.histories[0] = None
            cache.admit([3, 1], prompts.only(1))
            rows.admit([3, 1], 1)
        if number == 70:
            cache.keep([1, 2])
            rows.histories = [rows.histories[1], rows.histories[2]]
        if number == 75:
            cache.admit([1], prompts.only(0))
            rows.admit([1], 0)
        step(cache, rows)


def test_slots_are_used_again(prompts):
    """Rows come and go for ever; the cache does not grow with their number."""
    cache = growing(prompts, 2, 64)
    rows = Rows(prompts, 2)
    most = 0
    for number in range(60):
        cache.admit([number % 2], prompts.only(number % 2))
        rows.admit([number % 2], number % 2)
        for _ in range(10):
            step(cache, rows)
        most = max(most, cache.slots)
    assert most <= 5 + 30 + key_value_cache._GROWTH + 64


@pytest.mark.parametrize("make", [growing, static])
def test_tells_a_head_s_keys_of_the_prompt(prompts, make):
    cache = make(prompts, 2, 64)
    cache.admit([1], prompts.only(2))
    cache.admit([0], prompts.only(1))
    keys, valid = cache.prompt_keys(1, 2, 40)
    assert keys[1].equal(prompts.keys[1, 2, 2]) and valid[1].all()
    assert keys[0, :2].equal(prompts.keys[1, 1, 2, :2]) and valid[0].tolist() == [True] * 2 + [False] * 38


def test_a_static_cache_keeps_its_memory_and_its_shapes(prompts):
    cache = static(prompts, 2, 0)
    rows = Rows(prompts, 2)
    cache.admit([0, 1], prompts.only(2))
    rows.admit([0, 1], 2)
    address = cache._pairs.data_ptr()
    shapes = set()
    for _ in range(80):
        cache.open_slot()
        shapes.add(cache.mask().shape)
        step(cache, rows)
    assert cache._pairs.data_ptr() == address
    assert shapes == {(2, 1, 1, 128)}
