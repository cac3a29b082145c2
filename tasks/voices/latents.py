"""Voice latents as files: safetensors in, safetensors out, and the digest that makes takes depend on them.

It must not know names of voices, folders or rows, nor which tensors an engine needs. Arrays are NumPy's, so that a
voice's digest is found without PyTorch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tasks.errors import BadInputError
from tortoise_core.inference.interface import VoiceLatents

MAX_BYTES = 1 << 20  # the published sizes come to 12 KiB


def pack_latents(latents: VoiceLatents) -> bytes:
    """Writes latents as a safetensors file: their tensors by name, float32."""
    return save(_arrays(latents))


def unpack_latents(data: bytes, source: str) -> VoiceLatents:
    """Reads what `pack_latents` wrote. Arguments and errors: see `_unpack`."""
    import torch  # here: a digest is found without it

    return {name: torch.from_numpy(array) for name, array in _unpack(data, source).items()}


def digest_latents(latents: VoiceLatents) -> str:
    """Computes the sha256 of the tensors' names, shapes and float32 values (little-endian), in whatever file."""
    return _digest(_arrays(latents))


def digest_packed(data: bytes, source: str) -> str:
    """Computes `digest_latents` of what `pack_latents` wrote. Arguments and errors: see `_unpack`."""
    return _digest(_unpack(data, source))


def _arrays(latents: VoiceLatents) -> dict[str, np.ndarray]:
    return {name: tensor.detach().float().cpu().contiguous().numpy() for name, tensor in latents.items()}


def _unpack(data: bytes, source: str) -> dict[str, np.ndarray]:
    """Reads a voice file to arrays by name, (1, width) float32 each.

    Args:
        data: the file's bytes; they are not trusted.
        source: where they came from, for messages.

    Raises:
        BadInputError: not a voice, or a voice with values that are no numbers.
    """
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{source}: {len(data)} bytes are too many for a voice file; at most {MAX_BYTES} are read")
    try:
        arrays = load(data)
    except (SafetensorError, KeyError) as error:  # KeyError: a type of number that NumPy has not
        raise BadInputError(f"{source}: not a voice file ({error}); add the voice again from its clips") from error
    if not arrays:
        raise BadInputError(f"{source}: holds no tensors; not a voice file")
    with np.errstate(over="ignore"):  # what float32 cannot hold is found below
        rows = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name, row in rows.items():
        if row.ndim != 2 or row.shape[0] != 1 or not np.isfinite(row).all():
            raise BadInputError(
                f"{source}: {name!r} of shape {row.shape} is no row of finite numbers; not a voice file"
            )
    return rows


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name].astype("<f4")
        digest.update(name.encode() + repr(values.shape).encode() + values.tobytes())
    return digest.hexdigest()
