"""Owns the short way from autoregressive states to sound, piece by piece while the states come in (spec 3.8, 6.6).

The published program decodes all states again for every piece and fades between them. Here a piece waits until nothing
that follows can change it, so the pieces end to end are what the decoder makes of the whole. Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from tortoise_core.models.hifi_decoder import HifiDecoder
from tortoise_core.nn.weight_norm import fold_weight_norm

FIRST_CODES = 24  # states behind the first piece: about a second
NEXT_CODES = 40  # and behind every later one, as published


class LatentVocoding:
    """States of the autoregressive model to waveforms with a HiFi-GAN decoder, its weight norm folded."""

    def __init__(self, network: HifiDecoder) -> None:
        fold_weight_norm(network)
        self._network = network

    @property
    def device(self) -> torch.device:
        """Where the decoder is."""
        return self._network.cond_layer.weight.device

    def stream(self, states: Iterable[Tensor], voice: Tensor) -> Iterator[Tensor]:
        """A waveform in pieces, (samples,) each, in [-1, 1].

        Memory grows with the states alone, not with the audio.

        Shape: each state (D,), voice (1, D) the autoregressive conditioning latent.
        """
        heard: list[Tensor] = []
        done, due = 0, FIRST_CODES
        for state in states:
            heard.append(state.to(self.device))
            if len(heard) < due:
                continue
            due += NEXT_CODES
            settled = self._network.settled_frames(len(heard))
            ready = settled - self._network.config.context
            if ready > done:
                yield self._piece(heard, voice, done, ready, settled)
                done = ready
        if heard:
            yield self._piece(heard, voice, done, None, None)

    def _piece(self, states: list[Tensor], voice: Tensor, first: int, last: int | None, end: int | None) -> Tensor:
        """Audio of stretched frames `first` to `last`, all before `end` being known for good."""
        start = max(0, first - self._network.config.context)
        frames = self._network.stretch(torch.stack(states)[None])[..., start:end]
        wave = self._network.speak(frames, voice)[0, 0]
        hop = self._network.hop
        return wave[(first - start) * hop : None if last is None else (last - start) * hop]
