"""Hears phones in any recording, by the dVAE and the CTC scorer ("speller") of one model. Knows nothing of words."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.constants import OUTPUT_RATE_HZ, SAMPLES_PER_CODE
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.checkpoints.manifest import ModelManifest
from tortoise_core.errors import AudioError, ConfigError
from tortoise_core.inference.features import whole_mel
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.nn.products import compute_by_products

_SPELLER = "speller"
_DVAE = "dvae"


class PhoneHearer:
    """The networks that hear phones: of a model whose codes are at 24 kHz and whose text is phones.

    Raises `ConfigError` for a model without them, `CheckpointError` for a damaged one.
    """

    sample_rate = OUTPUT_RATE_HZ

    def __init__(self, manifest: ModelManifest, device: torch.device | str = "cpu") -> None:
        if not {_SPELLER, _DVAE} <= manifest.networks.keys():
            raise ConfigError(
                f"model {manifest.name} has no network that hears words (a {_SPELLER} and a {_DVAE}): "
                "use tortoise_mini to listen"
            )
        dvae = manifest.load(_DVAE, device)
        speller = manifest.load(_SPELLER, device)
        if not isinstance(dvae, DiscreteVAE) or not isinstance(speller, CodeSpeller):
            raise ConfigError(f"model {manifest.name} has networks of the wrong kind for their roles: import it again")
        if torch.device(device).type == "cpu":
            compute_by_products(dvae.encoder)
            compute_by_products(speller)
        self._dvae = dvae
        self._speller = speller
        self._mel = MelSpectrogram24k().to(device)
        self.device = torch.device(device)
        self.blank = speller.config.text_tokens  # the id of "no new phone"
        self.silent = frozenset(int(index) for index in speller.silent)  # text ids without a sound
        self.step_s = SAMPLES_PER_CODE / OUTPUT_RATE_HZ / speller.config.per_code

    @torch.inference_mode()
    def log_probabilities(self, audio: np.ndarray) -> Tensor:
        """Computes how likely each phone is in each step of `step_s` seconds, in nats.

        Args:
            audio: mono at `sample_rate`, float32 (samples,).

        Returns:
            (1, steps, text tokens + 1); the last one is `blank`.

        Raises `AudioError` for a recording that is empty or not finite.
        """
        if not len(audio) or not np.isfinite(audio).all():
            raise AudioError("the recording is empty or holds samples that are no numbers: make it again")
        samples = torch.from_numpy(np.ascontiguousarray(audio, np.float32))
        codes = self._dvae.encode(whole_mel(samples[None].to(self.device), self._mel))
        return self._speller(codes, torch.tensor([codes.shape[1]], device=self.device))
