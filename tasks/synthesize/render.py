"""Renders a batch of texts: the engine speaks, edges are trimmed, checks judge, the level is set, files are stored.

Takes come back as records; committing their rows, after the files, is the caller's part. This module must not know of
books, chapters or rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import soundfile

from configs.settings import QaSettings, load_settings
from storage.artifacts import ArtifactStore
from storage.errors import DamagedArtifactError, MissingArtifactError
from storage.hearing import Hearing
from storage.records import Take, VoiceRecord
from tasks import stopping
from tasks.align.direction import cut_direction
from tasks.disk import output_errors
from tasks.errors import TalepressError, TransientError
from tasks.models.catalogue import find_model
from tasks.qa.checks import Rendering
from tasks.qa.listeners.listener import Listener, Sound
from tasks.qa.listeners.registry import OFF, get_listener
from tasks.qa.verdict import RANK, Judgement, judge
from tasks.synthesize.batches import RenderItem, RenderVoices
from tasks.synthesize.edges import trim_edges
from tasks.synthesize.engines import get_speaker, with_model_folder
from tasks.synthesize.keys import seed_of, take_key
from tasks.synthesize.level import level_speech
from tasks.synthesize.speaker import Speaker
from tasks.synthesize.take_tags import read_tags, with_tags
from tasks.voices.catalogue import read_latents
from tasks.voices.references import directed_text, parse_reference
from tortoise_core.inference.interface import Sampling, SpeechRequest, SpeechResult
from tortoise_core.text.notation import respelled


@dataclass(frozen=True)
class RenderJob:
    """All that a worker, in whatever process, needs to speak batches: small, picklable, no tensors, no device."""

    batches: tuple[tuple[RenderItem, ...], ...]
    voices: Mapping[str, VoiceRecord]  # by the names that the items give
    sampling: Sampling
    engine: str  # `SynthesizeSettings.engine`
    model: str  # `SynthesizeSettings.model`: each worker has its own folder of that name
    model_digest: str  # as in the keys of the items
    precision: str  # as in the keys of the items: a worker whose device would choose another one uses this
    qa: QaSettings
    store: ArtifactStore  # opened again where the job arrives
    ears: str = ""  # the model that listens, where `qa.listen` wants one; as `model`


@dataclass(frozen=True)
class SpokenBatch:
    """The takes of batches, one for each item, and the seconds for which the engine worked on them.

    `hearings` has what was heard of takes, by their keys, where somebody listened.
    """

    takes: tuple[Take, ...]
    engine_seconds: float
    hearings: Mapping[str, Hearing] = field(default_factory=dict)


def run_job(job: RenderJob) -> SpokenBatch:
    """Speaks a job with this process's own engine, on the device that this process's settings name.

    What a worker has spoken already that died before its takes arrived is taken from the store. Where the user asks for
    the end meanwhile, the batches that follow are left out.

    Raises as `render_batch`, `CheckpointError` or `ConfigError` when the engine cannot be loaded, and `TalepressError`
    when this process has another model under that name: its takes would lie under keys of audio that they are not.
    """
    own = load_settings()
    asked = {"engine": job.engine, "model": job.model, "precision": job.precision}
    speaker = get_speaker(with_model_folder(own.synthesize.model_copy(update=asked), own.storage))
    if speaker.engine.digest != job.model_digest:
        raise TalepressError(f"the model {job.model} is not the one of this run here: give every worker the same files")
    latents = {name: read_latents(voice, job.store) for name, voice in job.voices.items()}
    directions = {name: parse_reference(voice.name).direction for name, voice in job.voices.items()}
    voices = RenderVoices(latents, job.sampling, directions)
    listener = None
    if job.qa.listen != OFF:
        listener = get_listener(job.qa.listen, find_model(own.storage, job.ears).path)
    done: list[SpokenBatch] = []
    for items in job.batches:
        if done and stopping.requested():
            break
        done.append(_speak_missing(speaker, job.store, items, voices, job.qa, listener))
    return SpokenBatch(
        tuple(take for batch in done for take in batch.takes),
        sum(batch.engine_seconds for batch in done),
        {key: hearing for batch in done for key, hearing in batch.hearings.items()},
    )


def _speak_missing(
    speaker: Speaker,
    store: ArtifactStore,
    items: Sequence[RenderItem],
    voices: RenderVoices,
    qa: QaSettings,
    listener: Listener | None,
) -> SpokenBatch:
    """Renders the items whose takes the store does not have, and gives receipts for those. Raises as `render_batch`."""
    takes = spoken_takes(store, [take_key(item.utterance_key, item.attempt) for item in items])
    missing = [item for item in items if take_key(item.utterance_key, item.attempt) not in takes]
    made = SpokenBatch((), 0.0)
    if missing:
        made = render_batch(speaker, store, missing, voices, qa, listener)
        with _storing():
            store.give_receipts({take.key: take.audio_sha256 for take in made.takes})
    again = _hear_again(listener, store, items, takes)
    takes |= {take.key: take for take in made.takes}
    return replace(
        made,
        takes=tuple(takes[take_key(item.utterance_key, item.attempt)] for item in items),
        hearings={**again, **made.hearings},
    )


def _hear_again(
    listener: Listener | None, store: ArtifactStore, items: Sequence[RenderItem], takes: Mapping[str, Take]
) -> dict[str, Hearing]:
    """Has takes listened to that came from the store: what was heard of them ended with the worker that spoke them.

    Their verdicts came with them and stay. Returns the hearings by the takes' keys.
    """
    if listener is None or not takes:
        return {}
    texts = {take_key(item.utterance_key, item.attempt): item.spoken for item in items}
    sounds = []
    for key, take in takes.items():
        audio, sample_rate = soundfile.read(io.BytesIO(store.read(take.audio_sha256)), dtype="float32")
        sounds.append(Sound(audio, sample_rate, texts[key]))
    return dict(zip(takes, listener.listen(sounds), strict=True))


def spoken_takes(store: ArtifactStore, keys: Sequence[str]) -> dict[str, Take]:
    """Finds takes by their keys that are in the store and have a receipt, their audio checked byte by byte."""
    found = {}
    for key, address in store.receipts(keys).items():
        try:
            take = read_tags(io.BytesIO(store.read(address)), address)
        except (MissingArtifactError, DamagedArtifactError):
            continue
        if take is not None and take.key == key:
            found[key] = take
    return found


def render_batch(
    speaker: Speaker,
    store: ArtifactStore,
    items: Sequence[RenderItem],
    voices: RenderVoices,
    qa: QaSettings,
    listener: Listener | None = None,
) -> SpokenBatch:
    """Renders every item once.

    Args:
        speaker: lends the engine.
        store: takes in one mono FLAC file per take.
        items: what to speak; keys must have been made for this engine, voice and sampling.
        voices: latents by name, and sampling settings.
        qa: thresholds of the checks.
        listener: hears the takes while the engine speaks the next batch; None: nobody does.

    Returns:
        The take of each item, doubtful or not; its audio is in the store already.

    Raises:
        OutputError: the disk is full.
        TransientError, EngineMemoryError, TalepressError: see `Speaker.speak`.
        BadInputError: the listener's model is not there.
    """
    requests = [_request(item, voices) for item in items]
    results, engine_seconds = speaker.speak_timed(requests)
    trimmed = [
        _trim(item, voices.directions.get(item.voice, ""), result) for item, result in zip(items, results, strict=True)
    ]
    hearings = _listen(listener, trimmed)
    takes = tuple(
        _finish(store, item, rendering, result, judge(rendering, qa, hearing))
        for item, rendering, result, hearing in zip(items, trimmed, results, hearings, strict=True)
    )
    heard = {take.key: hearing for take, hearing in zip(takes, hearings, strict=True) if hearing is not None}
    return SpokenBatch(takes, engine_seconds, heard)


def encode_flac(audio: np.ndarray, sample_rate: int) -> bytes:
    """Encodes samples, float in [-1, 1], shape (samples,), as a 16-bit mono FLAC file."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(audio, -1.0, 1.0), sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _request(item: RenderItem, voices: RenderVoices) -> SpeechRequest:
    seed = seed_of(take_key(item.utterance_key, item.attempt))
    text = directed_text(voices.directions.get(item.voice, ""), item.spoken)
    return SpeechRequest(text=text, voice=voices.latents[item.voice], settings=voices.sampling, seed=seed)


def _trim(item: RenderItem, direction: str, result: SpeechResult) -> Rendering:
    """Cuts the direction out of one result, trims it, and says what the checks want to know of it."""
    finite = np.isfinite(result.audio)
    audio = np.where(finite, result.audio, 0.0).astype(np.float32)
    if not len(audio):
        audio = np.zeros(1, dtype=np.float32)  # a file must hold something; the checks call it silence
    cut = cut_direction(audio, result.sample_rate, direction, item.spoken)
    return Rendering(
        raw=cut.audio,
        speech=trim_edges(cut.audio, result.sample_rate),
        sample_rate=result.sample_rate,
        spoken=respelled(item.spoken),
        text=item.spoken,
        hit_length_cap=result.hit_length_cap,
        bad_samples=int(np.sum(~finite)),
        spelled=_spelled_share(result.spelled, direction, item.spoken),
        may_hold_direction=not cut.is_sure,
    )


def _listen(listener: Listener | None, trimmed: Sequence[Rendering]) -> list[Hearing | None]:
    """Has all of a batch listened to."""
    if listener is None:
        return [None] * len(trimmed)
    return [*listener.listen([Sound(made.speech, made.sample_rate, made.text) for made in trimmed])]


def _finish(
    store: ArtifactStore, item: RenderItem, rendering: Rendering, result: SpeechResult, judgement: Judgement
) -> Take:
    """Levels and stores one result; returns its take."""
    key = take_key(item.utterance_key, item.attempt)
    take = Take(
        key=key,
        utterance_key=item.utterance_key,
        attempt=item.attempt,
        seed=seed_of(key),
        audio_sha256="",  # of the file that holds all the rest
        sample_rate=result.sample_rate,
        samples=len(rendering.speech),
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        scores={RANK: result.rank, **judgement.scores},
    )
    flac = encode_flac(level_speech(rendering.speech, result.sample_rate), result.sample_rate)
    return replace(take, audio_sha256=_store(store, with_tags(flac, take, item.spoken)))


def _spelled_share(spelled: float | None, direction: str, spoken: str) -> float | None:
    """Returns the share of a log-likelihood that falls to a text, by its characters, where a direction is before it."""
    return None if spelled is None else spelled * len(spoken) / len(directed_text(direction, spoken))


def _store(store: ArtifactStore, data: bytes) -> str:
    """Stores a file; returns its address. Raises as `_storing`."""
    with _storing():
        return store.put_bytes(data)


@contextmanager
def _storing() -> Iterator[None]:
    """Raises `OutputError` for a full disk, `TransientError` for other trouble with the store."""
    try:
        with output_errors("the artifact store"):
            yield
    except OSError as error:
        raise TransientError(f"cannot store audio: {error}") from error
