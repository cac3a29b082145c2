"""How fast this machine speaks: a minute of measuring, and a forecast for every preset of the configured model.

Straight through the engine, like `talepress say`. Knows nothing of books, takes or Prefect.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

from configs.settings import SynthesizeSettings
from flows.progress import Listener, Progress
from flows.services import Services
from tasks.synthesize.engines import sampling_settings
from tasks.synthesize.speaker import Speaker
from tasks.voices.catalogue import read_latents
from tortoise_core.inference.interface import Sampling, SpeechRequest, VoiceLatents

SENTENCES = (
    "The captain walked slowly down to the harbour before breakfast.",
    "Nobody in the village had seen so much snow for twenty years.",
    "She opened the letter, read it twice, and put it in the fire.",
    "Behind the church there was a narrow path that led to the mill.",
    "He said that the boat would be mended before the end of the week.",
    "The old clock in the kitchen struck nine, and still they waited.",
    "There were apples on the table, and a loaf of bread, and some cheese.",
    "In the morning the rain had stopped and the river was very high.",
)


@dataclass(frozen=True)
class Forecast:
    """What a preset costs here. `rtf` is wall seconds per second of audio; not `measured`: scaled from the last one."""

    preset: str
    rtf: float
    batch: int
    measured: bool

    @property
    def audio_hours_per_hour(self) -> float:
        """Hours of audio that an hour of work makes."""
        return 1 / self.rtf


@dataclass(frozen=True)
class _Timed:
    """One measured call of the engine."""

    wall_s: float
    audio_s: float
    requests: int

    @property
    def rtf(self) -> float:
        return self.wall_s / self.audio_s


def forecast_presets(services: Services, listener: Listener, *, budget_s: float) -> tuple[Forecast, ...]:
    """Measures the presets, the cheapest first, as long as the budget lasts; dearer ones are scaled from the last.

    Args:
        services: whose model, voice, device and precision are measured. Loading is not part of any figure.
        listener: is called after every preset.
        budget_s: wall seconds for measuring. Calls to warm up are in it; the cheapest preset is measured in any case.

    Raises `TortoiseError` and `TalepressError` as speaking does.
    """
    voice = read_latents(services.voice(), services.store)
    speaker = services.speaker
    chosen = services.settings.synthesize
    deadline = time.monotonic() + budget_s
    forecasts: list[Forecast] = []
    model = services.front_end
    presets = model.presets
    single = _time(speaker, voice, _settings(services, chosen, presets[0]), 1)
    timed: _Timed | None = None
    last: Sampling | None = None  # the settings of `timed`
    for number, preset in enumerate(presets):
        settings = _settings(services, chosen, preset)
        dearer = 1.0 if last is None else model.relative_work(settings) / model.relative_work(last)
        share = max(0.0, deadline - time.monotonic()) / (len(presets) - number)
        expected = single.wall_s if timed is None else timed.wall_s / timed.requests * dearer
        batch = max(1, min(chosen.batch_size, int(share / (2 * expected))))
        if timed is None or 2 * expected * batch <= share:
            _time(speaker, voice, settings, batch)  # kernels are made once for each shape: a book hardly notices
            timed = _time(speaker, voice, settings, batch)
            last = settings
            forecasts.append(Forecast(preset, timed.rtf, batch, measured=True))
        else:
            forecasts.append(Forecast(preset, timed.rtf * dearer, timed.requests, measured=False))
        listener(Progress("bench", number + 1, len(presets), preset))
    return tuple(forecasts)


def forecasts_json(services: Services, forecasts: tuple[Forecast, ...]) -> dict[str, Any]:
    """Makes what `talepress bench --json` prints."""
    from tortoise_core.inference.devices import torch_device

    chosen = services.settings.synthesize
    return {
        "model": chosen.model,
        "device": str(torch_device(chosen.device)),
        "precision": services.precision,
        "presets": [
            {
                "preset": forecast.preset,
                "rtf": round(forecast.rtf, 4),
                "audio_hours_per_hour": round(forecast.audio_hours_per_hour, 3),
                "batch": forecast.batch,
                "measured": forecast.measured,
            }
            for forecast in forecasts
        ],
    }


def _settings(services: Services, chosen: SynthesizeSettings, preset: str) -> Sampling:
    """Returns the sampling settings of a preset, with the configured overrides."""
    return sampling_settings(services.front_end, chosen.model_copy(update={"preset": preset}))


def _time(speaker: Speaker, voice: VoiceLatents, settings: Sampling, requests: int) -> _Timed:
    """Measures one call of the engine that speaks so many sentences at once."""
    texts = itertools.islice(itertools.cycle(SENTENCES), requests)
    wanted = [SpeechRequest(text, voice, settings, seed) for seed, text in enumerate(texts)]
    began = time.perf_counter()
    results = speaker.speak(wanted)
    wall = time.perf_counter() - began
    return _Timed(wall, sum(len(result.audio) / result.sample_rate for result in results), requests)
