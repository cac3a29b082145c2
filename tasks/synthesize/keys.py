"""Makes the content keys of utterances and takes, and the seeds that follow from them.

Same key, same audio: in any book, in any run, whatever the batch. This module must not know what is stored under a key.
"""

from __future__ import annotations

import hashlib
import json

from tortoise_core.inference.interface import Sampling, sampling_values

# Part of every key. Raise it when the code that turns equal inputs into audio changes what comes out: text front-end,
# code clean-up, edge trimming (`edges.py`), speech level (`level.py`), file format.
CODE_FORMAT_VERSION = 2
# The same for one precision: raise its number when the way to compute in it changes what comes out.
_PRECISION_VERSIONS = {"int8": 2}


def utterance_key(
    spoken: str,
    voice_digest: str,
    model_digest: str,
    settings: Sampling,
    precision: str = "float32",
) -> str:
    """Makes the key of a spoken text, which groups its takes.

    Args:
        spoken: the text as it is given to the engine, normalised.
        voice_digest: `VoiceRecord.digest`.
        model_digest: `Engine.digest`.
        settings: everything that shapes the sampling; its fields' names and values go into the key.
        precision: the numbers that the engine computes in, "bfloat16" for instance: the same weights give other
            audio in other numbers. The voice does not depend on them.

    Returns:
        sha256 as 64 hexadecimal digits.
    """
    return _digest(
        {
            "version": CODE_FORMAT_VERSION,
            "text": spoken,
            "voice": voice_digest,
            "model": model_digest,
            "sampling": sampling_values(settings),
            **_precision(precision),
        }
    )


def take_key(utterance_key: str, attempt: int) -> str:
    """Makes the key of one take (attempt 0, 1, ...) of an utterance: sha256 as 64 hexadecimal digits."""
    return _digest({"utterance": utterance_key, "attempt": attempt})


def seed_of(take_key: str) -> int:
    """Returns the seed of a take, `0 <= seed < 2**63`: the leading 63 bits of its key."""
    return int(take_key[:16], 16) >> 1


def _precision(name: str) -> dict[str, object]:
    """What a key says of a precision: nothing of float32, so that keys from before there was a choice stay."""
    if name == "float32":
        return {}
    version = _PRECISION_VERSIONS.get(name)
    return {"precision": name} if version is None else {"precision": name, "precision_version": version}


def _digest(value: dict[str, object]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
