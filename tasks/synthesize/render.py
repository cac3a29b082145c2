"""Speaks a batch: engine, edges, checks, retakes, files.

Takes come back as records; committing their rows, after the files, is the caller's part. This module must not know of
books, chapters or rows.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from configs.settings import QaSettings, SynthesizeSettings
from storage.artifacts import ArtifactStore
from storage.records import Take, Verdict, VoiceRecord
from tasks.disk import output_errors
from tasks.errors import EngineMemoryError, TalepressError, TransientError
from tasks.qa.checks import Rendering
from tasks.qa.verdict import judge
from tasks.synthesize.batches import RenderItem, RenderVoice
from tasks.synthesize.edges import trim_edges
from tasks.synthesize.engines import get_engine
from tasks.synthesize.keys import seed_of, take_key
from tasks.voices.catalogue import read_latents
from tortoise_core.errors import OutOfMemoryError, TextError
from tortoise_core.inference.interface import Engine, SamplingSettings, SpeechRequest, SpeechResult
from tortoise_core.text.notation import respelled


@dataclass(frozen=True)
class RenderJob:
    """All that a worker, in whatever process, needs to speak a batch: small, picklable, no tensors."""

    items: tuple[RenderItem, ...]
    voice: VoiceRecord
    sampling: SamplingSettings
    synthesize: SynthesizeSettings
    qa: QaSettings
    artifacts: str  # `StorageSettings.artifacts`


def run_job(job: RenderJob) -> list[Take]:
    """Speaks a job with this process's engine. See `render_batch`."""
    engine = get_engine(job.synthesize)
    store = ArtifactStore(job.artifacts)
    voice = RenderVoice(read_latents(job.voice, store), job.sampling)
    return render_batch(engine, store, job.items, voice, job.qa)


def render_batch(
    engine: Engine, store: ArtifactStore, items: Sequence[RenderItem], voice: RenderVoice, qa: QaSettings
) -> list[Take]:
    """Speaks all items; doubtful takes are taken again with new seeds, together, up to `qa.retakes` times.

    Args:
        engine: who speaks. Out of memory halves what is spoken at once.
        store: takes in one mono FLAC file per take.
        items: what to speak; keys must have been made for this engine, voice and sampling.
        voice: latents and sampling settings.
        qa: thresholds of the checks.

    Returns:
        Every take made, of all attempts, by attempt; the audio of each is in the store already.

    Raises:
        TransientError: worth another try; `EngineMemoryError` when not even one utterance fits into memory.
        OutputError: the disk is full.
        TalepressError: the engine cannot speak a text.
    """
    takes: list[Take] = []
    pending = [(item, item.first_attempt) for item in items]
    for _ in range(1 + qa.retakes):
        if not pending:
            break
        requests = [_request(item, attempt, voice) for item, attempt in pending]
        results = _speak(engine, requests)
        made = [
            _finish(store, item, attempt, request.seed, result, qa)
            for (item, attempt), request, result in zip(pending, requests, results, strict=True)
        ]
        takes += made
        pending = [
            (item, attempt + 1)
            for (item, attempt), take in zip(pending, made, strict=True)
            if take.verdict is Verdict.DOUBTFUL
        ]
    return takes


def encode_flac(audio: np.ndarray, sample_rate: int) -> bytes:
    """The samples, float in [-1, 1], shape (samples,), as a 16-bit mono FLAC file."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(audio, -1.0, 1.0), sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _request(item: RenderItem, attempt: int, voice: RenderVoice) -> SpeechRequest:
    seed = seed_of(take_key(item.utterance_key, attempt))
    return SpeechRequest(text=item.spoken, voice=voice.latents, settings=voice.sampling, seed=seed)


def _speak(engine: Engine, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
    """Speaks in halves, quarters, ... when memory runs out; seeds make the parts equal to the whole."""
    try:
        return engine.speak(requests)
    except OutOfMemoryError as error:
        if len(requests) == 1:
            raise EngineMemoryError(
                f"out of memory with a single utterance of {len(requests[0].text)} characters: "
                "close other programs, or choose a faster preset"
            ) from error
    except TextError as error:
        raise TalepressError(f"the model cannot speak a text: {error}") from error
    except OSError as error:
        raise TransientError(f"speaking failed: {error}") from error
    half = (len(requests) + 1) // 2  # outside the handler, so that the failed call's tensors are free by now
    return _speak(engine, requests[:half]) + _speak(engine, requests[half:])


def _finish(
    store: ArtifactStore, item: RenderItem, attempt: int, seed: int, result: SpeechResult, qa: QaSettings
) -> Take:
    """Trims, judges and stores one result."""
    finite = np.isfinite(result.audio)
    audio = np.where(finite, result.audio, 0.0).astype(np.float32)
    if not len(audio):
        audio = np.zeros(1, dtype=np.float32)  # a file must hold something; the checks call it silence
    speech = trim_edges(audio, result.sample_rate)
    said, bad = respelled(item.spoken), int(np.sum(~finite))
    rendering = Rendering(audio, speech, result.sample_rate, said, result.hit_length_cap, bad_samples=bad)
    judgement = judge(rendering, qa)
    return Take(
        key=take_key(item.utterance_key, attempt),
        utterance_key=item.utterance_key,
        attempt=attempt,
        seed=seed,
        audio_sha256=_store(store, encode_flac(speech, result.sample_rate)),
        sample_rate=result.sample_rate,
        samples=len(speech),
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        scores={**result.scores, **judgement.scores},
    )


def _store(store: ArtifactStore, data: bytes) -> str:
    try:
        with output_errors("the artifact store"):
            return store.put_bytes(data)
    except OSError as error:
        raise TransientError(f"cannot store audio: {error}") from error
