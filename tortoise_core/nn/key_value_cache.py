"""Owns the keys and values of many sequences under way at once; knows nothing of the network that made them.

All rows write the same slot at a time. The prompt of a row that joins late is put right before the slot that is
written next, so a row needs no padding inside and `starts` alone says what it may look at. Positions are in the keys
already, which is why a row may stand anywhere.

`shared_prompt_cache.py` has the variant for bfloat16 on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

_GROWTH = 128  # slots added at a time: most rows end long before the limit


@dataclass(frozen=True, eq=False)
class PromptKeys:
    """Keys and values of some prompts, right-padded."""

    keys: torch.Tensor  # (layers, prompts, H, L, D)
    values: torch.Tensor  # (layers, prompts, H, L, D)
    lengths: Sequence[int]  # positions of each prompt that are not padding

    def only(self, index: int) -> PromptKeys:
        """One of the prompts, in memory of its own."""
        length = self.lengths[index]
        keys, values = (part[:, index : index + 1, :, :length].clone() for part in (self.keys, self.values))
        return PromptKeys(keys, values, [length])


class KeyValueCache:
    """Keys and values of `rows` sequences, in slots that are moved or enlarged where they run out.

    A row is idle until `admit` gives it a prompt. Idle rows take part in every step; what they yield is noise.
    """

    def __init__(self, prompts: PromptKeys, rows: int, slots: int) -> None:
        """Room for `rows` rows, and for `slots` slots to begin with, of the sizes, type and device of `prompts`."""
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
        """Rows, idle ones included."""
        return len(self._starts)

    def admit(self, places: Sequence[int], prompt: PromptKeys) -> None:
        """Starts the rows at `places` anew after a prompt, the only one of `prompt`."""
        length = prompt.lengths[0]
        if length > self.filled:
            self._move(length - self.filled)
        begin, rows = self.filled - length, torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            keys[rows, :, begin : self.filled] = prompt.keys[layer, 0, :, :length]
            values[rows, :, begin : self.filled] = prompt.values[layer, 0, :, :length]
        self._start_rows(places, begin, length)

    def release(self, place: int) -> None:
        """Makes a row idle."""
        self._starts[place] = self.filled

    def keep(self, places: Sequence[int]) -> None:
        """Drops all other rows; those kept move up, in this order."""
        rows = torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            self._keys[layer], self._values[layer] = keys[rows], values[rows]
        self._starts = [self._starts[place] for place in places]
        self._start, self.prompt_lengths = self._start[rows], self.prompt_lengths[rows]

    def open_slot(self) -> None:
        """Sees to it that there is room for one more position of every row."""
        if self.filled < self.slots:
            return
        unused = min(self._starts)
        self._move(-unused if unused >= self._worth_moving() else 0)

    def close_slot(self) -> None:
        """Tells that all layers have written their position."""
        self.filled += 1

    def mask(self) -> torch.Tensor | None:
        """What `attend` needs to know of the next position; the same for all layers."""
        begin = min(self._starts)
        if all(start == begin for start in self._starts):
            return None
        return self._bias(torch.arange(begin, self.filled + 1, device=self._start.device))[:, None, None]

    def attend(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Adds the next position of every row to a layer and lets it look back: q, k, v (rows, H, 1, D) to the same."""
        self._write(layer, k, v)
        seen = slice(min(self._starts), self.filled + 1)
        keys, values = self._keys[layer][:, :, seen], self._values[layer][:, :, seen]
        return F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One head's keys at the first `width` prompt positions of every row: (rows, width, D), and which of them the
        row has, (rows, width) bool."""
        positions = torch.arange(width, device=self._start.device)
        slots = (self._start[:, None] + positions).clamp(max=self.slots - 1)
        keys = self._keys[layer][:, head]
        return keys.gather(1, slots[..., None].expand(-1, -1, self._head_dim)), positions < self.prompt_lengths[:, None]

    def _start_rows(self, places: Sequence[int], begin: int, prompt_length: int) -> None:
        rows = torch.tensor(places, device=self._start.device)
        for place in places:
            self._starts[place] = begin
        self._start[rows] = begin
        self.prompt_lengths[rows] = prompt_length

    def _bias(self, slots: torch.Tensor) -> torch.Tensor:
        """0 where a row may look at one of these slots (S,), -inf elsewhere: (rows, S)."""
        seen = (slots >= self._start[:, None]) & (slots <= self.filled)
        return torch.zeros(seen.shape, dtype=self._like.dtype, device=seen.device).masked_fill_(~seen, float("-inf"))

    def _write(self, layer: int, k: torch.Tensor, v: torch.Tensor) -> None:
        self._keys[layer][:, :, self.filled : self.filled + 1] = k
        self._values[layer][:, :, self.filled : self.filled + 1] = v

    def _worth_moving(self) -> int:
        """Unused slots in front from which on it is better to move the rows than to add slots."""
        return self.slots // 4

    def _slots_for(self, needed: int) -> int:
        """How many slots to have from now on if at least so many are needed."""
        return self.slots if needed <= self.slots else needed - 1 + _GROWTH

    def _move(self, by: int) -> None:
        """Shifts all rows by so many slots, and sees to it that there is room for one slot more at least."""
        begin, filled = min(self._starts), self.filled
        self.slots = self._slots_for(filled + by + 1)
        for tensors in (self._keys, self._values):
            for layer, old in enumerate(tensors):
                tensors[layer] = self._new_slots()
                tensors[layer][:, :, begin + by : filled + by] = old[:, :, begin:filled]
        self.filled += by
        self._starts = [start + by for start in self._starts]
        self._start += by

    def _new_slots(self) -> torch.Tensor:
        """Zeros (rows, H, slots, D): what is masked must be finite all the same."""
        return self._like.new_zeros(self.rows, self._heads, self.slots, self._head_dim)
