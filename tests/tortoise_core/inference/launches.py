"""Counts what code would ask of a GPU, on a machine without one: there, tensors on `cuda` hold no numbers.

An operation is one call into PyTorch that writes memory on the device, so that it launches a kernel or, seldom, a few;
views are free. Fused attention counts once. A synchronisation is a moment at which the program waits for all that was
launched before: a number read on the CPU, a copy to it, or a copy from memory that is not pinned. What is read is zero
or True. Knows no network.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
_SOURCES = Path(__file__).parents[3]
_READS_A_NUMBER = (aten._local_scalar_dense.default, aten.equal.default, aten.nonzero.default)
_FREE = {aten.empty.memory_format, aten.empty_strided.default, aten.new_empty.default, aten.empty_like.default}
_FREE |= {aten.detach.default, aten.new_empty_strided.default, aten._unsafe_view.default}


class Launches(TorchDispatchMode):
    """What was launched since the last `clear`."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, tuple[tuple[int, ...], ...]]] = []  # operations with the shapes that they got
        self.syncs: Counter[str] = Counter()  # by file and line

    def clear(self) -> None:
        """Forgets everything."""
        self.log.clear()
        self.syncs.clear()

    @property
    def operations(self) -> int:
        """Counts the operations."""
        return len(self.log)

    def by_name(self) -> Counter[str]:
        """Counts the operations by their name, for messages."""
        return Counter(name for name, _ in self.log)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is aten.pin_memory.default:
            return args[0]
        leaves = tree_leaves((args, kwargs))
        stays = all(leaf.type == "cpu" for leaf in leaves if isinstance(leaf, torch.device))
        if stays and not any(isinstance(leaf, FakeTensor) for leaf in leaves):
            with unset_fake_temporarily():  # what is on the CPU holds numbers
                return func(*args, **kwargs)
        if func is aten.dropout.default and not args[2]:
            return args[0]  # as on a device; the decomposition would copy
        if func is aten.scaled_dot_product_attention.default:
            self._note(func, args)
            batch, heads, queries, _ = args[0].shape
            return args[0].new_empty(batch, queries, heads, args[2].shape[-1]).transpose(1, 2)  # as kernels lay it out
        if func.namespace == "aten":
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        return self._run(func, args, kwargs)

    def _run(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Notes a call that cannot be taken apart, and makes its result."""
        if func in _READS_A_NUMBER:
            self.syncs[_place()] += 1
            return args[0].new_empty(0, args[0].dim(), dtype=torch.long) if func is aten.nonzero.default else 0
        if func.namespace == "aten" and not (func.is_view or func in _FREE):
            self._note(func, args)
        if func is aten._to_copy.default or func is aten.copy_.default:
            return self._copy(func, args, kwargs)
        return func(*args, **kwargs)

    def _copy(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Makes a copy, and notes it if it is one between the devices that is waited for."""
        copies = func is aten._to_copy.default
        source = args[0] if copies else args[1]
        target = torch.device(kwargs.get("device") or source.device) if copies else args[0].device
        waits = not (kwargs.get("non_blocking") if copies else len(args) > 2 and args[2])
        if waits and source.device.type != target.type:
            self.syncs[_place()] += 1
        if target.type == "cuda":
            return func(*args, **kwargs)
        with unset_fake_temporarily():
            return torch.full(source.shape, source.dtype == torch.bool).to(source.dtype) if copies else args[0]

    def _note(self, func: Any, args: Any) -> None:
        shapes = tuple(tuple(leaf.shape) for leaf in tree_leaves(args) if isinstance(leaf, torch.Tensor))
        self.log.append((func.name(), shapes))


@contextmanager
def counted_launches() -> Iterator[Launches]:
    """Runs a block in which tensors on `cuda` are fake, and counts what it launches there."""
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode(), Launches() as launches:
        yield launches


def on_cuda(build: Callable[[], nn.Module]) -> nn.Module:
    """Builds a network on the fake device, for inference."""
    with torch.device("cuda"):
        return build().eval()


def _place() -> str:
    """Names the line of ours that is running."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(_SOURCES / "tortoise_core"):
            return f"{path.relative_to(_SOURCES)}:{frame.lineno}"
    return "outside"
