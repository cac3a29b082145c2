"""Owns linear layers that multiply 8-bit numbers by 8-bit weights on a CPU. Must not know the networks that use them.

Half the bytes of bfloat16 are read, and a processor with VNNI instructions multiplies twice as many numbers at a time.
Each output has a scale of its own (its largest weight becomes 127), and so has each row of x: what a row gets does not
depend on those beside it. There is one layer for many rows and one for few: oneDNN's kernels are faster from some
hundred rows on, FBGEMM's below.

Source: vector-wise quantisation, arXiv 2208.07339, section 2.1.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.nn.packed import PackedLinear

_STEPS = 127  # on either side of zero; -128 is not used
_STEPS_WITHOUT_VNNI = 63  # of weights: pairs of products are added in 16 bits there, which must not overflow
_WIDE = 512  # inputs; in narrower layers rounding x takes longer than the product saves
_ZERO = 128  # what stands for zero among the unsigned bytes that both libraries want on one side


class OneDnnInt8Linear(nn.Module):
    """Computes y = x W^T + b with both factors rounded to 8 bits, summed up exactly; made for hundreds of rows.

    Shape: (..., inputs) of any float type to (..., outputs), bfloat16 so that it can replace a `PackedLinear`.
    Inference on the CPU only.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.outputs, self.inputs = weight.shape
        weight = weight.detach().float().contiguous()  # oneDNN reads it as it lies
        # Neither parameters nor buffers, like the blocked weight of `PackedLinear`.
        self._scales = _scales_of(weight)
        self._zeros = torch.zeros(self.outputs, dtype=torch.int32)
        rounded = (weight / self._scales[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._bias = torch.zeros(self.outputs) if bias is None else bias.detach().float()
        self._bias = self._bias.to(torch.bfloat16)

    @classmethod
    def from_linear(cls, weight: torch.Tensor, bias: torch.Tensor | None = None) -> OneDnnInt8Linear:
        """Makes a layer of `weight` (outputs, inputs), rounded to 8 bits, and `bias` (outputs,), to bfloat16."""
        return cls(weight, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projects the last dimension."""
        rows = x.reshape(-1, self.inputs).float()
        largest = torch.maximum(rows.amax(dim=1, keepdim=True), -rows.amin(dim=1, keepdim=True))
        sizes = largest.to(torch.bfloat16).clamp_min_(torch.finfo(torch.bfloat16).tiny)
        codes = torch.quantize_per_tensor(rows / sizes.float(), 1 / _STEPS, _ZERO, torch.quint8)
        # A bfloat16 result costs no pass of its own; the size of a row is a bfloat16 number to begin with.
        product = torch.ops.onednn.qlinear_pointwise(
            _bytes(codes), 1 / _STEPS, _ZERO, self._packed, self._scales, self._zeros, None,
            1.0, 0, torch.bfloat16, "none", [], "",
        )  # fmt: skip
        return torch.addcmul(self._bias, product, sizes).view(*x.shape[:-1], self.outputs)

    def gelu(self, x: torch.Tensor) -> torch.Tensor:
        """Projects, then applies the tanh form of GELU."""
        return F.gelu(self(x), approximate="tanh")

    def extra_repr(self) -> str:
        """Sizes, for `print`."""
        return f"inputs={self.inputs}, outputs={self.outputs}"


class FbgemmInt8Linear(nn.Module):
    """Computes y = x W^T + b with both factors rounded to 8 bits, summed up exactly; made for a step of decoding.

    Shape: (..., inputs) of any float type to (..., outputs), bfloat16 so that it can replace a `PackedLinear`.
    Inference on the CPU only.

    Source: FBGEMM, arXiv 2101.05615.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.outputs, self.inputs = weight.shape
        weight = weight.detach().float()
        points = torch.zeros(self.outputs, dtype=torch.long)
        rounded = torch.quantize_per_channel(weight, _scales_of(weight).double(), points, axis=0, dtype=torch.qint8)
        # Neither parameters nor buffers, like the blocked weight of `PackedLinear`.
        self._packed = torch.ops.quantized.linear_prepack(rounded, None)
        self._bias = torch.zeros(self.outputs) if bias is None else bias.detach().float()

    @classmethod
    def from_linear(cls, weight: torch.Tensor, bias: torch.Tensor | None = None) -> FbgemmInt8Linear:
        """Makes a layer of `weight` (outputs, inputs), rounded to 8 bits, and of `bias` (outputs,), not rounded."""
        return cls(weight, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projects the last dimension."""
        return self._project(x).to(torch.bfloat16)

    def gelu(self, x: torch.Tensor) -> torch.Tensor:
        """Projects, then applies the tanh form of GELU; float32, as the next layer rounds it once more."""
        return F.gelu(self._project(x), approximate="tanh")

    def _project(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, self.inputs).float()
        sizes = rows.abs().amax(dim=1, keepdim=True).clamp_min_(torch.finfo(torch.float32).tiny)
        # Rounds the numbers between -1 and 1 that it is given, too.
        product: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            rows / sizes, 1 / _STEPS, _ZERO, self._packed
        )
        return product.mul_(sizes).add_(self._bias).view(*x.shape[:-1], self.outputs)

    def extra_repr(self) -> str:
        """Sizes, for `print`."""
        return f"inputs={self.inputs}, outputs={self.outputs}"


def int8_for_many_rows(weight: torch.Tensor, bias: torch.Tensor | None) -> OneDnnInt8Linear | PackedLinear:
    """Makes an 8-bit layer for hundreds of rows, or a bfloat16 one where 8 bits would gain nothing."""
    return OneDnnInt8Linear(weight, bias) if weight.shape[1] >= _WIDE else PackedLinear(weight, bias)


def int8_for_few_rows(weight: torch.Tensor, bias: torch.Tensor | None) -> FbgemmInt8Linear | PackedLinear:
    """Makes an 8-bit layer for few rows, or a bfloat16 one where 8 bits would gain nothing."""
    return FbgemmInt8Linear(weight, bias) if weight.shape[1] >= _WIDE else PackedLinear(weight, bias)


def _scales_of(weight: torch.Tensor) -> torch.Tensor:
    """Computes the width of a step of each output of a weight (outputs, inputs), float32: (outputs,)."""
    steps = _STEPS if torch.cpu._is_vnni_supported() else _STEPS_WITHOUT_VNNI
    return weight.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / steps


def _bytes(codes: torch.Tensor) -> torch.Tensor:
    """Shows a tensor of quantised numbers as its bytes, without the copy that `int_repr` makes."""
    return torch.empty(0, dtype=torch.uint8).set_(codes.untyped_storage(), 0, codes.shape, codes.stride())
