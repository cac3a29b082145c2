"""Owns the devices that engines run on: which names are understood here, and how a GPU is set up to compute.

What a GPU can do is asked of its driver, by `precision.py`; that torch can use it, here. Must not know networks.
"""

from __future__ import annotations

import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference.precision import Precision, gpu_capability


def torch_device(device: str) -> torch.device:
    """The device that "auto", "cpu", "cuda" or "cuda:1" names on this machine. Raises `ConfigError`."""
    usable = torch.cuda.is_available()
    if device == "auto" and not usable and gpu_capability(0) > 0:
        raise ConfigError(
            f"there is a GPU, but torch (built for CUDA {torch.version.cuda}) cannot use it: "
            "update its driver, or set the device to cpu"
        )
    try:
        target = torch.device(("cuda" if usable else "cpu") if device == "auto" else device)
    except RuntimeError as error:
        raise ConfigError(f"unknown device {device!r}: use auto, cpu or cuda") from error
    if target.type not in ("cpu", "cuda"):
        raise ConfigError(f"{target.type} devices are not supported ({device!r} was asked for): use auto, cpu or cuda")
    if target.type == "cuda":
        _check_gpu(device, target.index or 0)
    return target


def _check_gpu(device: str, index: int) -> None:
    """Raises `ConfigError` where torch cannot use the NVIDIA GPU of this number."""
    if not torch.cuda.is_available():
        raise ConfigError(f"device {device!r} was asked for, but torch sees no GPU here: use auto or cpu")
    if torch.version.hip is not None:
        raise ConfigError("AMD GPUs are not supported: set the device to cpu")
    count = torch.cuda.device_count()
    if index >= count:
        raise ConfigError(f"device {device!r} was asked for, but torch sees {count} GPU here, from cuda:0 on: use auto")


def prepare(device: torch.device, precision: Precision) -> None:
    """Sets how this process computes on a GPU; nothing happens for the CPU.

    In float32, products are IEEE float32; in bfloat16, the few that stay float32 are TF32, whose 10 bits of mantissa
    are more than the 7 beside them. Convolutions use algorithms that give the same bits every time. cuDNN's attention
    is off: it prepares a plan for every new length, which takes longer than a step of decoding.
    """
    if device.type != "cuda":
        return
    tf32 = precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.enable_cudnn_sdp(False)
