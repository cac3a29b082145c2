"""Owns the variant of the cache for bfloat16 on the CPU, where the memory that a step reads decides how long it takes.

The candidates of an utterance continue the same prompt. It is stored once, and one product multiplies it with all of
them. Slots hold the positions after it. Attention spans all slots, because the CPU's batched product copies a tensor
that is not contiguous. Must not know the network that made keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from tortoise_core.nn.key_value_cache import KeyValueCache, PromptKeys

_BLOCK = 32  # slots, or positions of prompts, added at a time: oneDNN generates a kernel for every new shape


class SharedPromptCache(KeyValueCache):
    """The keys and values of `rows` sequences; those of a prompt are stored once for all rows that continue it."""

    def __init__(self, prompts: PromptKeys, rows: int, slots: int) -> None:
        """Allocates as `KeyValueCache` does, but few slots at first, whatever `slots` says."""
        super().__init__(prompts, rows, min(slots, _BLOCK))
        layers, _, heads, _, head_dim = prompts.keys.shape
        self._stored: list[PromptKeys] = []  # P prompts; L is their longest, rounded up
        self._prompt_keys = [self._like.new_zeros(0, heads, 0, head_dim) for _ in range(layers)]  # (P, H, L, D)
        self._prompt_values = [self._like.new_zeros(0, heads, 0, head_dim) for _ in range(layers)]
        self._owners = [0] * rows  # the stored prompt that each row continues; meaningless for idle rows
        self._busy = [False] * rows
        self._seat_rows()

    def admit(self, places: Sequence[int], prompt: PromptKeys) -> None:
        """Restarts the rows at `places` after a prompt."""
        stored = self._store(prompt)
        for place in places:
            self._owners[place] = stored
            self._busy[place] = True
        self._seat_rows()
        self._start_rows(places, self.filled, prompt.lengths[0])

    def release(self, place: int) -> None:
        """Makes a row idle."""
        super().release(place)
        self._busy[place] = False

    def keep(self, places: Sequence[int]) -> None:
        """Drops all rows but those at `places`, and the prompts that none of these continues."""
        super().keep(places)
        used = sorted({self._owners[place] for place in places})
        self._stored = [self._stored[index] for index in used]
        for tensors in (self._prompt_keys, self._prompt_values):
            tensors[:] = [tensor[used] for tensor in tensors]
        self._owners = [used.index(self._owners[place]) for place in places]
        self._busy = [self._busy[place] for place in places]
        self._seat_rows()

    def mask(self) -> torch.Tensor:
        """Computes 0 where a row may attend, -inf elsewhere: (rows, 1, L + slots)."""
        device = self._start.device
        prompt = torch.arange(self._prompt_keys[0].shape[2], device=device) < self.prompt_lengths[:, None]
        bias = torch.zeros(prompt.shape, dtype=self._like.dtype, device=device).masked_fill_(~prompt, float("-inf"))
        return torch.cat([bias, self._bias(torch.arange(self.slots, device=device))], dim=1)[:, None]

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Adds the next position of every row to a layer and attends from it; see `Cache`."""
        self._write(layer, kv)
        rows, heads, _, dim = q.shape
        q = q[:, :, 0] * dim**-0.5
        on_prompt = self._to_rows(self._to_prompts(q) @ self._prompt_keys[layer].mT)
        # Keys times query: with the keys first they are read as they lie, which takes half the time of the transpose.
        on_slots = torch.bmm(self._keys[layer].flatten(0, 1), q.reshape(rows * heads, dim, 1)).view(rows, heads, -1)
        logits = torch.cat([on_prompt, on_slots], dim=-1)
        weights = (logits if mask is None else logits + mask).softmax(-1)
        prompt_weights, slot_weights = weights.split([on_prompt.shape[-1], on_slots.shape[-1]], dim=-1)
        from_prompt = self._to_rows(self._to_prompts(prompt_weights) @ self._prompt_values[layer])
        slot_weights = slot_weights.reshape(rows * heads, 1, -1)
        from_slots = torch.bmm(slot_weights, self._values[layer].flatten(0, 1)).view(rows, heads, dim)
        return (from_prompt + from_slots)[:, :, None]

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Collects keys as `Cache` says."""
        positions = torch.arange(width, device=self._start.device)
        keys = self._prompt_keys[layer][self._owner, head, :width]
        return F.pad(keys, (0, 0, 0, width - keys.shape[1])), positions < self.prompt_lengths[:, None]

    def _to_prompts(self, x: torch.Tensor) -> torch.Tensor:
        """Sorts a tensor of rows, (rows, H, X), by prompt and member: (P, H, members, X)."""
        grouped = x.unflatten(0, self._members.shape) if self._in_order else x[self._members]
        return grouped.transpose(1, 2)

    def _to_rows(self, x: torch.Tensor) -> torch.Tensor:
        """Reverses `_to_prompts`: (P, H, members, X) to (rows, H, X)."""
        x = x.transpose(1, 2)
        return x.flatten(0, 1) if self._in_order else x[self._owner, self._seat]

    def _seat_rows(self) -> None:
        """Numbers the rows of each prompt. Where a prompt has fewer rows than another, row 0 fills the gap."""
        groups: list[list[int]] = [[] for _ in self._stored]
        seats = []
        if groups:
            for row, owner in enumerate(self._owners):
                seats.append(len(groups[owner]))
                groups[owner].append(row)
        widest = max(map(len, groups), default=0)
        device = self._start.device
        self._owner = torch.tensor(self._owners, device=device)
        self._seat = torch.tensor(seats, device=device)
        padded = [rows + [0] * (widest - len(rows)) for rows in groups]
        self._members = torch.tensor(padded, device=device)
        self._in_order = [row for rows in padded for row in rows] == list(range(self.rows))  # nothing to be copied

    def _store(self, prompt: PromptKeys) -> int:
        """Finds a prompt's place, or puts it in place of one that no row continues, or makes room for it."""
        for index, stored in enumerate(self._stored):
            if stored is prompt:
                return index
        used = {owner for owner, busy in zip(self._owners, self._busy, strict=True) if busy}
        index = next((index for index in range(len(self._stored)) if index not in used), len(self._stored))
        self._stored[index : index + 1] = [prompt]
        length = prompt.lengths[0]
        longer = max(0, -(-length // _BLOCK) * _BLOCK - self._prompt_keys[0].shape[2])
        more = len(self._stored) - len(self._prompt_keys[0])
        for kept, new in ((self._prompt_keys, prompt.keys), (self._prompt_values, prompt.values)):
            for layer in range(len(kept)):
                if longer or more:
                    kept[layer] = F.pad(kept[layer], (0, 0, 0, longer, 0, 0, 0, more))
                kept[layer][index, :, :length] = new[layer, 0, :, :length]
        return index

    def _worth_moving(self) -> int:
        return _BLOCK

    def _slots_for(self, needed: int) -> int:
        return -(-needed // _BLOCK) * _BLOCK
