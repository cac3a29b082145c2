"""Owns the question whether TorToise spoke a recording (spec 3.7): files in, probabilities out.

Must not know what is done with the answer. The published detector knows the published voices' decoder and vocoder
alone; of other programs' speech it says nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.load import load_audio
from tortoise_core.checkpoints.manifest import ModelManifest, read_manifest
from tortoise_core.errors import ConfigError
from tortoise_core.inference.devices import torch_device
from tortoise_core.models.classifier import LONGEST_CLIP_SAMPLES, TortoiseClassifier

CLASSIFIER = "classifier"  # its role in a model folder
LONGEST_CLIP_S = LONGEST_CLIP_SAMPLES / OUTPUT_RATE_HZ  # what is heard of a recording


class Detector:
    """Tells recordings that TorToise spoke from others."""

    def __init__(self, manifest: ModelManifest, device: torch.device) -> None:
        """Raises `ConfigError` for a model without the network."""
        if CLASSIFIER not in manifest.networks:
            raise ConfigError(
                f"the model {manifest.name} has no classifier to tell TorToise's speech by: import the published one "
                "with its classifier.pth, and name it by synthesize.model"
            )
        network = manifest.load(CLASSIFIER, device)
        if not isinstance(network, TortoiseClassifier):
            kind = type(network).__name__
            raise ConfigError(f"the model {manifest.name} has a {kind} as its classifier: import it again")
        self._network = network.eval()
        self._device = device

    @torch.inference_mode()
    def probability(self, clip: Path) -> float:
        """Computes the probability that TorToise spoke a recording, from its first seconds. Raises `AudioError`."""
        audio = load_audio(clip, OUTPUT_RATE_HZ)[None]
        return float(self._network.synthetic_probability(audio.to(self._device)))


def load_detector(model: str | Path, device: str = "auto") -> Detector:
    """Loads the detector of a model folder. Raises `CheckpointError`, `ConfigError`."""
    return Detector(read_manifest(Path(model)), torch_device(device))
