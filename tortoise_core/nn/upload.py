"""Owns the way of tensors from the CPU to a device. Must not know what they hold."""

from __future__ import annotations

import torch


def upload(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copies a tensor of the CPU to a device without waiting for what runs there.

    From ordinary memory a GPU's driver copies only once all work before it is done; from pinned memory, in its turn.
    """
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
