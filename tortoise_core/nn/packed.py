"""Owns linear layers with bfloat16 weights, for inference. Must not know the networks that use them.

A processor reads weights fastest in the layout of its matrix kernels, so on the CPU they are laid out once, when the
layer is made (oneDNN's blocked format). Elsewhere they stay plain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

import torch
from torch import nn
from torch.nn import functional as F

_TYPICAL_ROWS = 16  # oneDNN chooses the layout for a batch size; other sizes are about as fast with it


@runtime_checkable
class LinearLayer(Protocol):
    """A linear layer that stores its weight in a way of its own.

    Methods alone: since Python 3.12 `isinstance` does not see what PyTorch keeps out of a module's own attributes, as a
    parameter.
    """

    def linear_weight(self) -> torch.Tensor:
        """Returns the weight as (outputs, inputs)."""

    def linear_bias(self) -> torch.Tensor:
        """Returns the bias as (outputs,)."""


class PackedLinear(nn.Module):
    """Computes y = x W^T + b in bfloat16, accumulated in float32.

    Shape: (..., inputs) of any float type to (..., outputs). The output is bfloat16. Inference only: there is no
    gradient, nothing for a state dict, and the layer stays on the device where it was made.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.outputs, self.inputs = weight.shape
        weight = weight.detach().to(torch.bfloat16).contiguous()
        self._prepacked = weight.device.type == "cpu" and torch.backends.mkldnn.is_available()
        # Neither parameters nor buffers: a blocked tensor can be neither saved, nor moved, nor cast.
        self._weight = _blocked(weight) if self._prepacked else weight
        self._bias = None if bias is None else bias.detach().to(torch.bfloat16)

    @classmethod
    def from_linear(cls, weight: torch.Tensor, bias: torch.Tensor | None = None) -> PackedLinear:
        """Makes a layer of `weight` (outputs, inputs) and `bias` (outputs,), on their device."""
        return cls(weight, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projects the last dimension."""
        x = x.to(torch.bfloat16)
        if self._prepacked:
            return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return F.linear(x, self._weight, self._bias)

    def gelu(self, x: torch.Tensor) -> torch.Tensor:
        """Projects, then applies the tanh form of GELU, in one pass over the output where that can be."""
        if self._prepacked:
            x = x.to(torch.bfloat16)
            return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "gelu", [], "tanh")
        if self._weight.device.type == "cuda" and self._bias is not None:
            rows = x.to(torch.bfloat16).flatten(0, -2)
            activated = torch.ops.aten._addmm_activation(self._bias, rows, self._weight.T, use_gelu=True)
            return activated.view(*x.shape[:-1], self.outputs)
        return F.gelu(self(x), approximate="tanh")

    def extra_repr(self) -> str:
        """Sizes, for `print`."""
        return f"inputs={self.inputs}, outputs={self.outputs}, bias={self._bias is not None}"


PackedKind = Callable[[torch.Tensor, torch.Tensor | None], nn.Module]  # makes a layer of its weight and bias


def pack_linears(module: nn.Module, keep: Collection[nn.Module] = (), kind: PackedKind = PackedLinear) -> None:
    """Replaces every linear layer inside `module` by one of this `kind`, in place, except those in `keep`.

    A linear layer is an `nn.Linear` or a `LinearLayer`. Everything else stays float32.
    """
    for name, child in module.named_children():
        if any(child is kept for kept in keep):
            continue
        if isinstance(child, nn.Linear):
            setattr(module, name, kind(child.weight, child.bias))
        elif isinstance(child, LinearLayer):
            setattr(module, name, kind(child.linear_weight(), child.linear_bias()))
        else:
            pack_linears(child, keep, kind)


def _blocked(weight: torch.Tensor) -> torch.Tensor:
    """Lays a weight out in oneDNN's blocked format."""
    return torch.ops.mkldnn._reorder_linear_weight(weight, _TYPICAL_ROWS)
