"""Owns the keys and values of many sequences that are decoded at once. Must not know the network that made them.

All rows write the same slot at a time. The prompt of a row that joins late is put right before the slot that is
written next, so that a row has no gap inside and `starts` alone says what it may attend to. Positions are already part
of the keys, so that a row may lie anywhere.

`shared_prompt_cache.py` has the variant for bfloat16 on the CPU, `static_cache.py` the one for GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional as F

_GROWTH = 128  # slots added at a time: most rows end long before the limit


@dataclass(frozen=True, eq=False)
class PromptKeys:
    """The keys and values of some prompts, right-padded."""

    keys: torch.Tensor  # (layers, prompts, H, L, D)
    values: torch.Tensor  # (layers, prompts, H, L, D)
    lengths: Sequence[int]  # positions of each prompt that are not padding

    def only(self, index: int) -> PromptKeys:
        """Copies one of the prompts, so that the others can be freed."""
        length = self.lengths[index]
        keys, values = (part[:, index : index + 1, :, :length].clone() for part in (self.keys, self.values))
        return PromptKeys(keys, values, [length])


class Cache(Protocol):
    """What decoding asks of a cache. A row is idle until `admit` gives it a prompt, and after `release`."""

    prompt_lengths: torch.Tensor  # (rows,)

    @property
    def rows(self) -> int:
        """Counts the rows, idle ones included."""

    def admit(self, places: Sequence[int], prompt: PromptKeys) -> None:
        """Restarts the rows at `places` after the only prompt of `prompt`."""

    def release(self, place: int) -> None:
        """Makes a row idle."""

    def keep(self, places: Sequence[int]) -> None:
        """Drops all rows but those at `places`, which move up in this order."""

    def open_slot(self) -> None:
        """Makes room for one more position of every row."""

    def close_slot(self) -> None:
        """Counts the slot as filled, once all layers have written their position."""

    def mask(self) -> torch.Tensor | None:
        """Builds the mask of the next position for `attend`, for all layers; None where nothing is hidden."""

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Adds the next position of every row to a layer and attends from it.

        Shape: q (rows, H, 1, D), kv (rows, 2H, 1, D), the keys of all heads and then their values, to q's shape.
        """

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Collects one head's keys at the first `width` prompt positions of every row.

        Shape: (rows, width, D), and (rows, width) bool, True where the row has that position.
        """


class KeyValueCache:
    """The keys and values of `rows` sequences, in slots that are moved or enlarged where they run out.

    A row is idle until `admit` gives it a prompt. Idle rows take part in every step; their output means nothing.
    """

    def __init__(self, prompts: PromptKeys, rows: int, slots: int) -> None:
        """Allocates `rows` rows of `slots` slots, with the sizes, type and device of `prompts`."""
        layers, _, self._heads, _, self._head_dim = prompts.keys.shape
        self._like = prompts.keys
        self.filled = 0  # slots that hold something
        self.slots = slots
        self._starts = [0] * rows
        self._start = torch.zeros(rows, dtype=torch.long, device=self._like.device)
        self.prompt_lengths = torch.zeros(rows, dtype=torch.long, device=self._like.device)
        self._keys = [self._new_slots() for _ in range(layers)]
        self._values = [self._new_slots() for _ in range(layers)]

    @property
    def rows(self) -> int:
        """Counts the rows, idle ones included."""
        return len(self._starts)

    def admit(self, places: Sequence[int], prompt: PromptKeys) -> None:
        """Restarts the rows at `places` after the only prompt of `prompt`."""
        length = prompt.lengths[0]
        if length > self.filled:
            self._move(length - self.filled)
        begin = self.filled - length
        rows = torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            keys[rows, :, begin : self.filled] = prompt.keys[layer, 0, :, :length]
            values[rows, :, begin : self.filled] = prompt.values[layer, 0, :, :length]
        self._start_rows(places, begin, length)

    def release(self, place: int) -> None:
        """Makes a row idle."""
        self._starts[place] = self.filled

    def keep(self, places: Sequence[int]) -> None:
        """Drops all rows but those at `places`, which move up in this order."""
        rows = torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            self._keys[layer] = keys[rows]
            self._values[layer] = values[rows]
        self._starts = [self._starts[place] for place in places]
        self._start = self._start[rows]
        self.prompt_lengths = self.prompt_lengths[rows]

    def open_slot(self) -> None:
        """Makes room for one more position of every row."""
        if self.filled < self.slots:
            return
        unused = min(self._starts)
        self._move(-unused if unused >= self._worth_moving() else 0)

    def close_slot(self) -> None:
        """Counts the slot as filled, once all layers have written their position."""
        self.filled += 1

    def mask(self) -> torch.Tensor | None:
        """Builds the mask of the next position for `attend`, for all layers; None where all rows start together."""
        begin = min(self._starts)
        if all(start == begin for start in self._starts):
            return None
        return self._bias(torch.arange(begin, self.filled + 1, device=self._start.device))[:, None, None]

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """See `Cache`."""
        self._write(layer, kv)
        visible = slice(min(self._starts), self.filled + 1)
        keys = self._keys[layer][:, :, visible]
        values = self._values[layer][:, :, visible]
        return F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Cache`."""
        positions = torch.arange(width, device=self._start.device)
        slots = (self._start[:, None] + positions).clamp(max=self.slots - 1)
        keys = self._keys[layer][:, head]
        return keys.gather(1, slots[..., None].expand(-1, -1, self._head_dim)), positions < self.prompt_lengths[:, None]

    def _start_rows(self, places: Sequence[int], begin: int, prompt_length: int) -> None:
        """Records where rows begin, and how long their prompt is."""
        rows = torch.tensor(places, device=self._start.device)
        for place in places:
            self._starts[place] = begin
        self._start[rows] = begin
        self.prompt_lengths[rows] = prompt_length

    def _bias(self, slots: torch.Tensor) -> torch.Tensor:
        """Computes 0 where a row may attend to one of these slots (S,), -inf elsewhere: (rows, S)."""
        visible = (slots >= self._start[:, None]) & (slots <= self.filled)
        bias = torch.zeros(visible.shape, dtype=self._like.dtype, device=visible.device)
        return bias.masked_fill_(~visible, float("-inf"))

    def _write(self, layer: int, kv: torch.Tensor) -> None:
        """Stores keys and values (rows, 2H, 1, D) in the open slot of a layer."""
        k, v = kv.chunk(2, dim=1)
        self._keys[layer][:, :, self.filled : self.filled + 1] = k
        self._values[layer][:, :, self.filled : self.filled + 1] = v

    def _worth_moving(self) -> int:
        """Counts the unused slots in front that make moving the rows better than adding slots."""
        return self.slots // 4

    def _slots_for(self, needed: int) -> int:
        """Chooses how many slots to have from now on where at least so many are needed."""
        return self.slots if needed <= self.slots else needed - 1 + _GROWTH

    def _move(self, by: int) -> None:
        """Shifts all rows by so many slots, and makes room for one slot more at least."""
        begin = min(self._starts)
        filled = self.filled
        self.slots = self._slots_for(filled + by + 1)
        for tensors in (self._keys, self._values):
            for layer, old in enumerate(tensors):
                tensors[layer] = self._new_slots()
                tensors[layer][:, :, begin + by : filled + by] = old[:, :, begin:filled]
        self.filled += by
        self._starts = [start + by for start in self._starts]
        self._start += by

    def _new_slots(self) -> torch.Tensor:
        """Allocates zeros (rows, H, slots, D): masked values must be finite all the same."""
        return self._like.new_zeros(self.rows, self._heads, self.slots, self._head_dim)
