"""Owns the variant of the cache for GPUs, where what counts is how few kernels a step launches, and of what shapes.

Every row begins at slot 0, and its length lies on the device: nothing is moved, nothing is read back, and each step
launches the same kernels with the same shapes until the longest row outgrows the slots in view. That is what capturing
a step as a graph needs. Must not know the network that made keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from tortoise_core.nn.key_value_cache import PromptKeys
from tortoise_core.nn.upload import upload

_VIEW = 128  # slots by which the view grows; kernels want a multiple of 8


class StaticCache:
    """The keys and values of `rows` sequences in one allocation that is never enlarged."""

    def __init__(self, prompts: PromptKeys, rows: int, slots: int) -> None:
        """Allocates `rows` rows of `slots` slots, one of which stays free, like `prompts` in size, type and device."""
        layers, _, heads, _, head_dim = prompts.keys.shape
        self.slots = -(-slots // _VIEW) * _VIEW
        self._pairs = prompts.keys.new_zeros(layers, rows, self.slots, 2 * heads, head_dim)  # keys, then values
        device = prompts.keys.device
        self._filled = torch.zeros(rows, dtype=torch.long, device=device)
        self.prompt_lengths = torch.zeros(rows, dtype=torch.long, device=device)
        self._most = [0] * rows  # slots that a row can have filled by now; 0 for idle rows
        self._every = torch.arange(rows, device=device)
        self._numbers = torch.arange(self.slots, device=device)
        self._seen = prompts.keys.new_zeros(())
        self._unseen = prompts.keys.new_full((), float("-inf"))
        self._view = 0

    @property
    def rows(self) -> int:
        """Counts the rows, idle ones included."""
        return len(self._most)

    def admit(self, places: Sequence[int], prompt: PromptKeys) -> None:
        """Restarts the rows at `places` after the only prompt of `prompt`."""
        length = prompt.lengths[0]
        heads = prompt.keys.shape[2]
        rows = upload(torch.tensor(places), self._filled.device)
        for first, part in ((0, prompt.keys), (heads, prompt.values)):
            slots = part[:, 0, :, :length].transpose(1, 2)[:, None].expand(-1, len(places), -1, -1, -1)
            self._pairs[:, :, :length, first : first + heads].index_copy_(1, rows, slots)
        self._filled.index_fill_(0, rows, length)
        self.prompt_lengths.index_fill_(0, rows, length)
        for place in places:
            self._most[place] = length

    def release(self, place: int) -> None:
        """Makes a row idle."""
        self._most[place] = 0

    def keep(self, places: Sequence[int]) -> None:
        """Drops all rows but those at `places`, which move up in this order."""
        rows = upload(torch.tensor(places), self._filled.device)
        self._pairs = self._pairs.index_select(1, rows)
        self._filled = self._filled.index_select(0, rows)
        self.prompt_lengths = self.prompt_lengths.index_select(0, rows)
        self._most = [self._most[place] for place in places]
        self._every = self._every[: len(places)]

    def open_slot(self) -> None:
        """Brings one more slot of the longest row into view."""
        needed = max(self._most) + 1
        assert needed <= self.slots  # whoever made the cache knows how long rows can get
        self._view = -(-needed // _VIEW) * _VIEW

    def close_slot(self) -> None:
        """Counts one more slot of every row as filled; idle rows stay where they are once they run out of slots."""
        self._filled.add_(1).clamp_(max=self.slots - 1)
        self._most = [most + 1 if most else 0 for most in self._most]

    def mask(self) -> torch.Tensor:
        """Computes 0 where a row may attend, -inf elsewhere: (rows, 1, 1, slots in view)."""
        return torch.where(self._numbers[: self._view] <= self._filled[:, None], self._seen, self._unseen)[
            :, None, None
        ]

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Adds the next position of every row to a layer and attends from it; see `Cache`."""
        pairs = self._pairs[layer]
        pairs.index_put_((self._every, self._filled), kv[:, :, 0].to(pairs.dtype))
        keys, values = pairs[:, : self._view].transpose(1, 2).chunk(2, dim=1)
        return F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)

    def prompt_keys(self, layer: int, head: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Collects keys as `Cache` says."""
        return self._pairs[layer, :, :width, head], self._numbers[:width] < self.prompt_lengths[:, None]
