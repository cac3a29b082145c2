"""Writes into the audio file of a take what its row says, so that audio outlives the database.

One tag of the FLAC file holds it, as JSON. The samples are not touched. Must not know where files or rows are kept.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.flac import FLAC as FlacFile

from storage.records import Take, Verdict
from tasks.synthesize.keys import seed_of, take_key
from tortoise_core.plain_data import parse_json

TAG = "TALEPRESS_TAKE"


def with_tags(flac: bytes, take: Take, spoken: str) -> bytes:
    """Returns the FLAC file with the take's key, seed, attempt, verdict and scores, and the digest of its text."""
    content = {
        "key": take.key,
        "utterance_key": take.utterance_key,
        "attempt": take.attempt,
        "seed": take.seed,
        "verdict": take.verdict.value,
        "reasons": take.reasons,
        "scores": take.scores,
        "text_sha256": hashlib.sha256(spoken.encode("utf-8", "surrogatepass")).hexdigest(),
    }
    file = io.BytesIO(flac)
    tagged = FlacFile(fileobj=file)
    tagged[TAG] = [json.dumps(content, sort_keys=True, separators=(",", ":"))]
    file.seek(0)  # it was read
    tagged.save(fileobj=file, padding=lambda _info: 0)
    return file.getvalue()


def read_tags(file: BinaryIO, address: str) -> Take | None:
    """Reads the take that a file of the artifact store is; None for what is no take, or one of before there were tags.

    `address` is the file's own.
    """
    try:
        flac = FlacFile(fileobj=file)
        content: dict[str, Any] = parse_json(flac[TAG][0])
        take = Take(
            key=content["key"],
            utterance_key=content["utterance_key"],
            attempt=content["attempt"],
            seed=content["seed"],
            audio_sha256=address,
            sample_rate=flac.info.sample_rate,
            samples=flac.info.total_samples,
            verdict=Verdict(content["verdict"]),
            reasons=tuple(content["reasons"]),
            scores=dict(content["scores"]),
        )
    except (MutagenError, KeyError, TypeError, ValueError):
        return None
    consistent = take.key == take_key(take.utterance_key, take.attempt) and take.seed == seed_of(take.key)
    return take if consistent else None
