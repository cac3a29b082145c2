"""Owns weight-normalised convolutions under the published key names. Must not know the networks that use them.

`torch.nn.utils.parametrizations.weight_norm` stores `parametrizations.weight.original0/1`; the published vocoders store
`weight_g` and `weight_v`, and so do these.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def normalised_weight(magnitude: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """Computes g * v / |v|, the norm over all axes but the first (arXiv 1602.07868, eq. 2).

    Shape: magnitude (N, 1, 1), direction (N, ...), output as direction.
    """
    norm = torch.linalg.vector_norm(direction, dim=tuple(range(1, direction.dim())), keepdim=True)
    return direction * (magnitude / norm)


class _WeightNorm(nn.Module):
    """Replaces `weight` by `weight_g` and `weight_v` until `fold` puts the product in its place."""

    weight: torch.Tensor
    weight_g: nn.Parameter | None
    weight_v: nn.Parameter | None

    def _split_weight(self) -> None:
        """Replaces the plain weight by its magnitude and direction."""
        direction = self.weight.detach()
        del self.weight
        axes = tuple(range(1, direction.dim()))
        self.weight_g = nn.Parameter(torch.linalg.vector_norm(direction, dim=axes, keepdim=True))
        self.weight_v = nn.Parameter(direction.clone())

    def _effective_weight(self) -> torch.Tensor:
        """Computes the weight to convolve with."""
        if self.weight_g is None or self.weight_v is None:
            return self.weight
        return normalised_weight(self.weight_g, self.weight_v)

    def fold(self) -> None:
        """Turns this into a plain convolution with the same output, under the plain key `weight`."""
        if self.weight_g is None:
            return
        weight = self._effective_weight().detach()
        self.weight_g = self.weight_v = None
        self.weight = nn.Parameter(weight)


class WeightNormConv1d(_WeightNorm, nn.Conv1d):
    """`nn.Conv1d` with a weight-normalised kernel; `reflect` mirrors the edges instead of adding zeros.

    Shape: (B, C_in, T) to (B, C_out, T').
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        padding: int = 0,
        dilation: int = 1,
        reflect: bool = False,
    ) -> None:
        nn.Conv1d.__init__(
            self,
            channels_in,
            channels_out,
            kernel,
            padding=padding,
            dilation=dilation,
            padding_mode="reflect" if reflect else "zeros",
        )
        self._split_weight()

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Convolves (B, C_in, T)."""
        return self._conv_forward(input, self._effective_weight(), self.bias)


class WeightNormConvTranspose1d(_WeightNorm):
    """`nn.ConvTranspose1d` with a kernel weight-normalised per input channel. Shape: (B, C_in, T) to (B, C_out, T')."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, *, stride: int, padding: int, output_padding: int = 0
    ) -> None:
        super().__init__()
        plain = nn.ConvTranspose1d(channels_in, channels_out, kernel)  # for its initial values
        self.stride = stride
        self.padding = padding
        self.output_padding = output_padding
        self.weight = plain.weight
        self.bias = plain.bias
        self._split_weight()

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Up-samples (B, C_in, T)."""
        weight = self._effective_weight()
        return F.conv_transpose1d(input, weight, self.bias, self.stride, self.padding, self.output_padding)


def fold_weight_norm(model: nn.Module) -> None:
    """Folds every weight-normalised convolution of a model, for inference. Folding twice changes nothing."""
    for module in model.modules():
        if isinstance(module, _WeightNorm):
            module.fold()
