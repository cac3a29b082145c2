"""Owns another way to compute the layers of a network that hears one recording at a time. Must not know networks.

On a CPU, oneDNN arranges the weights of a convolution anew in every call, and a product with a transposed matrix is
slower than one with a matrix as it lies. Over the few hundred frames of a sentence both cost as much as a fifth of the
work. Results are those of the layers but for rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ProductConv1d(nn.Module):
    """Computes what a convolution without groups or dilation computes, as one matrix product."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.Conv1d) -> None:
        """Takes its weights from `conv`, whose padding is given in zeros on each side."""
        super().__init__()
        self.kernel = conv.kernel_size[0]
        self.stride = conv.stride[0]
        self.padding = int(conv.padding[0])
        by_tap = conv.weight.detach().permute(2, 1, 0)  # (kernel, C_in, C_out)
        self.register_buffer("weight", by_tap.flatten(0, 1).contiguous())
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """Shape: (B, C_in, T) to (B, C_out, T'), as the convolution's."""
        frames = F.pad(x.transpose(1, 2), (0, 0, self.padding, self.padding))
        windows = frames.unfold(1, self.kernel, self.stride).transpose(2, 3).flatten(2)  # (B, T', kernel * C_in)
        return F.linear(windows, self.weight.T, self.bias).transpose(1, 2)


@torch.no_grad()
def compute_by_products(network: nn.Module) -> None:
    """Has a network's convolutions and linear layers computed so from now on. It cannot be trained or saved then."""
    for name, layer in network.named_children():
        if isinstance(layer, nn.Conv1d) and layer.groups == 1:
            setattr(network, name, ProductConv1d(layer))
        elif isinstance(layer, nn.Linear):
            layer.weight.data = layer.weight.data.T.contiguous().T
        else:
            compute_by_products(layer)
