"""Owns the correction of a vocoder's waveform towards a log-mel that is known to be exact: its level in each band.

A projection in the manner of Griffin and Lim (IEEE TASSP 32, 1984), with the momentum of its fast form (Perraudin et
al., WASPAA 2013): the phases stay, the magnitudes are scaled until their mel is the wanted one. Meant for mels of
recordings: a decoder's mels are estimates, and a vocoder corrects their errors. Must not know the vocoder.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tortoise_core.audio.constants import MEL_FLOOR
from tortoise_core.audio.mel import MelSpectrogram24k

MOMENTUM = 0.9
LARGEST = 2.0  # correction of a band in one iteration, in nats


class MelConsistency:
    """Scales magnitudes towards mels of the 24 kHz front-end (spec 1.2)."""

    def __init__(self) -> None:
        self._to_mel = MelSpectrogram24k()
        heights = self._to_mel.filters / self._to_mel.filters.amax(0)
        # A bin is corrected like the bands that it lies in: (bins, bands), rows that sum to one.
        self._spread = heights / heights.sum(1, keepdim=True).clamp_min(1e-3)

    def __call__(self, wave: Tensor, log_mel: Tensor, iterations: int) -> Tensor:
        """Brings the mel of a waveform nearer to the given one.

        Shape: wave (B, L) and log_mel (B, 100, F) with F = L / 256 (the last, centred frame left out) to (B, L).
        """
        config = self._to_mel.config
        shape = (config.fft_samples, config.hop_samples)
        window, filters, spread = (t.to(wave) for t in (self._to_mel.window, self._to_mel.filters, self._spread))
        wanted = torch.cat([log_mel, log_mel[..., -1:]], dim=-1)
        before = wave
        for _ in range(iterations):
            ahead = wave + MOMENTUM * (wave - before)
            before = wave
            spectrum = torch.stft(ahead, *shape, window=window, center=True, return_complex=True)
            present = (filters.T @ spectrum.abs()).clamp_min(MEL_FLOOR).log()
            correction = (wanted - present).clamp(-LARGEST, LARGEST)
            wave = torch.istft(spectrum * (spread @ correction).exp(), *shape, window=window, length=wave.shape[-1])
        return wave
