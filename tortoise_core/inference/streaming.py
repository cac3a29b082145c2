"""Decodes autoregressive states straight to audio, piece by piece while they are sampled (spec 3.8, 6.6).

The published program decodes all states again for every piece and fades between them. Here a piece is yielded once no
later state can change it, so the pieces end to end equal the decoder's output for all states. Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from tortoise_core.models.hifi_decoder import HifiDecoder
from tortoise_core.nn.weight_norm import fold_weight_norm

FIRST_CODES = 24  # states that the first piece waits for: about a second
NEXT_CODES = 40  # further states that every later piece waits for, as published


class LatentVocoder:
    """Turns states of the autoregressive model into waveforms with a HiFi-GAN decoder, whose weight norm it folds."""

    def __init__(self, network: HifiDecoder) -> None:
        fold_weight_norm(network)
        self._network = network

    @property
    def device(self) -> torch.device:
        """The device that the decoder is on."""
        return self._network.cond_layer.weight.device

    def stream(self, states: Iterable[Tensor], voice: Tensor) -> Iterator[Tensor]:
        """Yields a waveform in pieces, (samples,) each, in [-1, 1].

        Memory grows with the states alone, not with the audio.

        Shape: each state (D,), voice (1, D) the autoregressive conditioning latent.
        """
        received: list[Tensor] = []
        yielded = 0  # stretched frames whose audio is out
        due = FIRST_CODES
        for state in states:
            received.append(state.to(self.device))
            if len(received) < due:
                continue
            due += NEXT_CODES
            settled = self._network.settled_frames(len(received))
            ready = settled - self._network.config.context
            if ready > yielded:
                yield self._piece(received, voice, yielded, ready, settled)
                yielded = ready
        if received:
            yield self._piece(received, voice, yielded, None, None)

    def _piece(self, states: list[Tensor], voice: Tensor, first: int, last: int | None, end: int | None) -> Tensor:
        """Audio of stretched frames `first` to `last`, of which those before `end` cannot change any more.

        None stands for the last frame that there is. Shape: (samples,).
        """
        start = max(0, first - self._network.config.context)
        frames = self._network.stretch(torch.stack(states)[None])[..., start:end]
        wave = self._network.speak(frames, voice)[0, 0]
        hop = self._network.hop
        return wave[(first - start) * hop : None if last is None else (last - start) * hop]
