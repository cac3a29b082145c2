"""Voice latents as files: safetensors in, safetensors out, and the digest that makes takes depend on them.

It must not know names, folders or rows.
"""

from __future__ import annotations

import hashlib

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from tasks.errors import BadInputError
from tortoise_core.inference.interface import VoiceLatents

TENSORS = ("auto", "diffusion")
MAX_BYTES = 1 << 20  # the published sizes come to 12 KiB


def pack_latents(latents: VoiceLatents) -> bytes:
    """The latents as a safetensors file with the float32 tensors `auto` and `diffusion`."""
    return save({name: getattr(latents, name).detach().float().contiguous() for name in TENSORS})


def unpack_latents(data: bytes, source: str) -> VoiceLatents:
    """Reads what `pack_latents` wrote.

    Args:
        data: the file's bytes; they are not trusted.
        source: where they came from, for messages.

    Raises:
        BadInputError: not a voice, or a voice with values that are no numbers.
    """
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{source}: {len(data)} bytes are too many for a voice file; at most {MAX_BYTES} are read")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise BadInputError(f"{source}: not a voice file ({error}); add the voice again from its clips") from error
    if set(tensors) != set(TENSORS):
        raise BadInputError(f"{source}: holds {sorted(tensors)} instead of {sorted(TENSORS)}; not a voice file")
    for name, tensor in tensors.items():
        if tensor.dim() != 2 or tensor.shape[0] != 1 or not bool(torch.isfinite(tensor.float()).all()):
            raise BadInputError(f"{source}: {name} of shape {tuple(tensor.shape)} is no finite row; not a voice file")
    return VoiceLatents(auto=tensors["auto"].float(), diffusion=tensors["diffusion"].float())


def digest_latents(latents: VoiceLatents) -> str:
    """sha256 over both tensors' float32 values (little-endian), whatever file they came in."""
    digest = hashlib.sha256()
    for name in TENSORS:
        values = getattr(latents, name).detach().float().cpu().numpy().astype("<f4")
        digest.update(name.encode() + repr(values.shape).encode() + values.tobytes())
    return digest.hexdigest()
