"""Owns the choice of the numbers that a model computes in: float32, or bfloat16 where the machine multiplies it faster.

"int8" is bfloat16, but the large matrix products of the autoregressive model are of 8-bit integers. In "w8a8" those of
CLVP and the diffusion decoder are, too: the fastest on a CPU without matrix tiles (AMX). Both on request.
Knows no network. Must stay importable without PyTorch: the precision is part of every take's key, and a plan has keys.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import sys
from pathlib import Path
from typing import Literal

from tortoise_core.errors import ConfigError

Precision = Literal["float32", "bfloat16", "int8", "w8a8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8", "w8a8")
_CPU_ALONE: tuple[Precision, ...] = ("int8", "w8a8")
_X86 = ("x86_64", "amd64")  # the processors that the libraries of 8-bit products (FBGEMM, oneDNN) are for
_CPU_FLAGS = frozenset(["avx512_bf16", "amx_bf16"])  # as Linux names them
_CPU_INFO = Path("/proc/cpuinfo")
_LEAST_CAPABILITY = 8  # of NVIDIA GPUs (Ampere); older ones take bfloat16 and emulate it
_CAPABILITY_MAJOR = 75  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR


def choose_precision(name: str, device: str) -> Precision:
    """The precision to load an engine with.

    Args:
        name: one of `PRECISIONS`, or "auto": bfloat16 where the device has instructions for it.
        device: where the engine will run: "auto", "cpu", "cuda" or "cuda:1".

    Raises:
        ConfigError: there is no precision of that name, or not on that device.
    """
    on_gpu = device.startswith("cuda") or (device == "auto" and gpu_capability(0) > 0)
    if name in _CPU_ALONE and on_gpu:
        raise ConfigError(f"precision {name} is for the CPU, the device is {device}: use auto or bfloat16")
    if name in _CPU_ALONE and platform.machine().lower() not in _X86:
        raise ConfigError(f"precision {name} is for x86-64 processors, not {platform.machine()}: use auto or bfloat16")
    for precision in PRECISIONS:
        if name == precision:
            return precision
    if name != "auto":
        raise ConfigError(f"no precision {name!r}: use auto, {', '.join(PRECISIONS)}")
    if on_gpu:
        ordinal = device.partition(":")[2]
        fast = gpu_capability(int(ordinal) if ordinal.isdecimal() else 0) >= _LEAST_CAPABILITY
    else:
        fast = device in ("auto", "cpu") and cpu_has_bfloat16()
    return "bfloat16" if fast else "float32"


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16, as Linux lists its features; False on other systems."""
    try:
        lines = _CPU_INFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), ())
    return not _CPU_FLAGS.isdisjoint(flags)


@functools.cache
def gpu_capability(ordinal: int) -> int:
    """The major compute capability of an NVIDIA GPU, from its driver; 0 where there is no GPU of that number."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return 0
    handle = ctypes.c_int()
    capability = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(handle), ordinal):
        return 0
    failed = driver.cuDeviceGetAttribute(ctypes.byref(capability), _CAPABILITY_MAJOR, handle)
    return 0 if failed else capability.value
