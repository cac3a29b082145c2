"""Owns the keys and values of many sequences under way at once; knows nothing of the network that made them.

All rows write the same slot at a time. The prompt of a row that joins late is put right before the slot that is
written next, so a row needs no padding inside and `starts` alone says what it may look at. Positions are in the keys
already, which is why a row may stand anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

_GROWTH = 128  # slots added at a time: most rows end long before the limit
_BLOCK = 32  # the same where attention spans all slots; fewer would generate more of oneDNN's kernels, one per shape


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
        # One query against all keys in bfloat16: the CPU's batched product is fast along slots, and copies what is not
        # contiguous. So keys lie transposed there, and there are never many more slots than are in use.
        self._tight = self._like.dtype == torch.bfloat16 and self._like.device.type == "cpu"
        self.filled = 0  # slots that hold something
        self.slots = _BLOCK if self._tight else slots
        self._starts = [0] * rows
        self._start = torch.zeros(rows, dtype=torch.long, device=self._like.device)
        self.prompt_lengths = torch.zeros(rows, dtype=torch.long, device=self._like.device)
        self._keys = [self._allocate(transposed=self._tight) for _ in range(layers)]
        self._values = [self._allocate(transposed=False) for _ in range(layers)]

    @property
    def rows(self) -> int:
        """Rows, idle ones included."""
        return len(self._starts)

    def admit(self, places: Sequence[int], prompts: PromptKeys, index: int) -> None:
        """Starts the rows at `places` anew after prompt `index`."""
        length = prompts.lengths[index]
        if length > self.filled:
            self._move(length - self.filled)
        begin, rows = self.filled - length, torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            keys[rows, :, begin : self.filled] = prompts.keys[layer, index, :, :length]
            values[rows, :, begin : self.filled] = prompts.values[layer, index, :, :length]
        for place in places:
            self._starts[place] = begin
        self._start[rows] = begin
        self.prompt_lengths[rows] = length

    def release(self, place: int) -> None:
        """Makes a row idle."""
        self._starts[place] = self.filled

    def keep(self, places: Sequence[int]) -> None:
        """Drops all other rows; those kept move up, in this order."""
        rows = torch.tensor(places, device=self._start.device)
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            self._keys[layer] = keys.mT[rows].mT if self._tight else keys[rows]
            self._values[layer] = values[rows]
        self._starts = [self._starts[place] for place in places]
        self._start, self.prompt_lengths = self._start[rows], self.prompt_lengths[rows]

    def open_slot(self) -> None:
        """Sees to it that there is room for one more position of every row."""
        if self.filled < self.slots:
            return
        unused = min(self._starts)
        self._move(-unused if unused >= (_BLOCK if self._tight else self.slots // 4) else 0)

    def close_slot(self) -> None:
        """Tells that all layers have written their position."""
        self.filled += 1

    def mask(self) -> torch.Tensor | None:
        """What to add to attention logits of the next position: (rows, 1, slots), 0 or -inf; None for nothing."""
        begin, end = self._window()
        if end == self.filled + 1 and all(start == begin for start in self._starts):
            return None
        slots = torch.arange(begin, end, device=self._start.device)
        seen = (slots >= self._start[:, None]) & (slots <= self.filled)
        mask = torch.zeros(seen.shape, dtype=self._like.dtype, device=seen.device)
        return mask.masked_fill_(~seen, float("-inf"))[:, None]

    def attend(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Adds the next position of every row to a layer and lets it look back: q, k, v (rows, H, 1, D) to the same."""
        keys, values = self._keys[layer], self._values[layer]
        keys[:, :, self.filled : self.filled + 1] = k
        values[:, :, self.filled : self.filled + 1] = v
        begin, end = self._window()
        keys, values = keys[:, :, begin:end], values[:, :, begin:end]
        if not self._tight:
            return F.scaled_dot_product_attention(q, keys, values, attn_mask=None if mask is None else mask[:, None])
        scale = q.shape[-1] ** -0.5
        logits = torch.bmm(q.flatten(0, 1) * scale, keys.transpose(-1, -2).flatten(0, 1)).unflatten(0, q.shape[:2])
        weights = logits.softmax(-1) if mask is None else (logits + mask[:, None]).softmax(-1)
        return torch.bmm(weights.flatten(0, 1), values.flatten(0, 1)).view_as(q)

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One head's keys at the first `width` prompt positions of every row: (rows, width, D), and which of them the
        row has, (rows, width) bool."""
        positions = torch.arange(width, device=self._start.device)
        slots = (self._start[:, None] + positions).clamp(max=self.slots - 1)
        keys = self._keys[layer][:, head]
        return keys.gather(1, slots[..., None].expand(-1, -1, self._head_dim)), positions < self.prompt_lengths[:, None]

    def _window(self) -> tuple[int, int]:
        """The slots that any row looks at, the one being written included."""
        return (0, self.slots) if self._tight else (min(self._starts), self.filled + 1)

    def _move(self, by: int) -> None:
        """Shifts all rows by so many slots, and sees to it that there is room for one slot more at least."""
        begin, filled = min(self._starts), self.filled
        if self._tight:
            self.slots = -(-(filled + by + 1) // _BLOCK) * _BLOCK
        elif filled + by >= self.slots:
            self.slots = filled + by + _GROWTH
        for tensors, transposed in ((self._keys, self._tight), (self._values, False)):
            for layer, old in enumerate(tensors):
                tensors[layer] = self._allocate(transposed)
                tensors[layer][:, :, begin + by : filled + by] = old[:, :, begin:filled]
        self.filled += by
        self._starts = [start + by for start in self._starts]
        self._start += by

    def _allocate(self, transposed: bool) -> torch.Tensor:
        """Zeros (rows, H, slots, D): what is masked must be finite all the same."""
        shape = (self.rows, self._heads, self.slots, self._head_dim)
        if transposed:
            return self._like.new_zeros(*shape[:2], shape[3], shape[2]).transpose(-1, -2)
        return self._like.new_zeros(shape)
