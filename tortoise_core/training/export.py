"""Writes a trained workspace as a model folder that speaks. Knows nothing of how the networks were trained."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path

import soundfile as sf
import torch

from tortoise_core.checkpoints.manifest import write_manifest, write_network
from tortoise_core.checkpoints.staging import staged_folder
from tortoise_core.checkpoints.weights import write_tensors
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.corpus.teachers import SAMPLE_RATE
from tortoise_core.inference.engine import TorToiseEngine, load_engine
from tortoise_core.inference.interface import VoiceLatents
from tortoise_core.training.stages.registry import STAGES
from tortoise_core.training.workspace import Workspace

VOICE_CLIPS = 8  # utterances that a voice is made from


def export_model(workspace: Workspace, out: Path) -> None:
    """Writes the averaged weights of all networks as a model folder, float16, and the teacher's voices beside them.

    Raises `ConfigError` where a stage is missing, `CheckpointError` where `out` exists or cannot be written.
    """
    recipe = workspace.recipe
    with staged_folder(out) as staging:
        networks = {
            entry.role: write_network(
                staging, entry.role, recipe.networks[entry.role], workspace.weights(entry.name), torch.float16
            )
            for entry in STAGES.values()
            if entry.exports
        }
        extra = {"speech": dict(recipe.speech), "presets": dict(recipe.presets)}
        write_manifest(staging, recipe.name, networks, extra)
    _export_voices(workspace, out)


def _export_voices(workspace: Workspace, model: Path) -> None:
    """Writes latents of the teacher's voices, as the new model hears them, to `voices/NAME.safetensors`."""
    engine = load_engine(model, "cpu")
    corpus = workspace.corpus()
    (model / "voices").mkdir()
    for voice in sorted(set(workspace.recipe.corpus.voices)):
        latents = _voice_latents(engine, corpus, voice)
        write_tensors(
            model / "voices" / f"{voice}.safetensors",
            {name: torch.from_numpy(latent) for name, latent in latents.items()},
        )


def _voice_latents(engine: TorToiseEngine, corpus: Corpus, voice: str) -> VoiceLatents:
    """Enrols a voice from its first utterances of at least half a second."""
    long_enough = (item for item in corpus.items if item.voice == voice and item.samples >= SAMPLE_RATE // 2)
    items = list(islice(long_enough, VOICE_CLIPS))
    with tempfile.TemporaryDirectory() as scratch:
        clips = [Path(scratch) / f"{number}.wav" for number in range(len(items))]
        for clip, item in zip(clips, items, strict=True):
            sf.write(clip, corpus.audio(item), SAMPLE_RATE, subtype="FLOAT")
        return engine.voice_from_clips(clips)
