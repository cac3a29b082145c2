"""Voice latents as files: safetensors in, safetensors out, and the digest that makes takes depend on them.

It must not know names of voices, folders or rows, nor which arrays an engine needs.
"""

from __future__ import annotations

import hashlib

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tasks.errors import BadInputError
from tortoise_core.inference.interface import VoiceLatents

MAX_BYTES = 1 << 20  # the published sizes come to 12 KiB


def pack_latents(latents: VoiceLatents) -> bytes:
    """Writes latents as a safetensors file: their arrays by name, float32."""
    return save({name: np.ascontiguousarray(array, np.float32) for name, array in latents.items()})


def unpack_latents(data: bytes, source: str) -> VoiceLatents:
    """Reads what `pack_latents` wrote: arrays by name, (1, width) float32 each.

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


def digest_latents(latents: VoiceLatents) -> str:
    """Computes the sha256 of the arrays' names, shapes and float32 values (little-endian), in whatever file."""
    digest = hashlib.sha256()
    for name in sorted(latents):
        values = latents[name].astype("<f4")
        digest.update(name.encode() + repr(values.shape).encode() + values.tobytes())
    return digest.hexdigest()
