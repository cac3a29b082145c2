"""A forecast for every preset: measured while the budget lasts, scaled by the work that it is beyond that."""

from types import SimpleNamespace

import numpy as np
import pytest

from flows.actions import bench
from flows.actions.bench import SENTENCES, Forecast, forecast_presets, forecasts_json
from flows.progress import Progress
from flows.services import open_services, read_settings
from tortoise_core.inference.interface import SpeechResult

WORK = {"quick": 1.0, "good": 4.0, "best": 10.0}
RATE = 100


class Machine:
    """Takes a second for each unit of work of each request, and thrice as long where the size of a call is new."""

    def __init__(self):
        self.now = 0.0
        self.calls = []

    def speak(self, requests):
        preset = requests[0].settings
        cost = WORK[preset] * len(requests)
        self.now += cost if (preset, len(requests)) in [(own, len(texts)) for own, texts in self.calls] else 3 * cost
        self.calls.append((preset, [request.text for request in requests]))
        assert [(request.seed, request.voice) for request in requests] == [
            (number, "latents of joe") for number in range(len(requests))
        ]
        return [SpeechResult(np.zeros(2 * RATE, np.float32), RATE) for _ in requests]


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    clock = SimpleNamespace(monotonic=lambda: made.now, perf_counter=lambda: made.now)
    monkeypatch.setattr(bench, "time", clock)
    monkeypatch.setattr(bench, "read_latents", lambda voice, store: f"latents of {voice}")
    monkeypatch.setattr(bench, "_settings", lambda services, chosen, preset: preset)
    return made


def forecast(machine, budget_s, batch_size=16):
    reports = []
    services = SimpleNamespace(
        voice=lambda: "joe",
        store="store",
        speaker=machine,
        settings=SimpleNamespace(synthesize=SimpleNamespace(batch_size=batch_size)),
        front_end=SimpleNamespace(presets=tuple(WORK), relative_work=WORK.__getitem__),
    )
    forecasts = forecast_presets(services, reports.append, budget_s=budget_s)
    assert reports == [Progress("bench", number, 3, name) for number, name in enumerate(WORK, 1)]
    return forecasts


def test_with_time_enough_every_preset_is_measured_in_the_largest_batches_that_fit(machine):
    # The single call takes 3 s, of 360. A third of the rest, 119 s, takes 19 requests of 3 s, twice: 16 at most.
    assert forecast(machine, 360.0) == (
        Forecast("quick", 0.5, 16, measured=True),
        Forecast("good", 2.0, 16, measured=True),  # (360 - 67) / 2 / (2 * 4) = 18
        Forecast("best", 5.0, 1, measured=True),  # (360 - 323) / (2 * 10) = 1
    )
    assert [(preset, len(texts)) for preset, texts in machine.calls] == [
        ("quick", 1),
        ("quick", 16),
        ("quick", 16),
        ("good", 16),
        ("good", 16),
        ("best", 1),
        ("best", 1),
    ]
    assert machine.calls[1][1] == [*SENTENCES, *SENTENCES]


def test_what_there_is_no_time_for_is_scaled_from_the_last_that_was_measured(machine):
    assert forecast(machine, 300.0) == (
        Forecast("quick", 0.5, 16, measured=True),
        Forecast("good", 2.0, 14, measured=True),  # (300 - 67) / 2 / (2 * 4) = 14
        Forecast("best", 5.0, 14, measured=False),  # 9 s are left, and one request takes 2 * 10
    )


def test_the_cheapest_is_measured_whatever_the_budget(machine):
    assert forecast(machine, 0.0, batch_size=1) == (
        Forecast("quick", 0.5, 1, measured=True),
        Forecast("good", 2.0, 1, measured=False),
        Forecast("best", 5.0, 1, measured=False),
    )


def test_a_forecast_is_of_one_model_on_one_device():
    chosen = SimpleNamespace(model="tortoise_mini", device="cpu")
    services = SimpleNamespace(settings=SimpleNamespace(synthesize=chosen), precision="int8")
    assert forecasts_json(services, (Forecast("good", 0.123456, 4, measured=False),)) == {
        "model": "tortoise_mini",
        "device": "cpu",
        "precision": "int8",
        "presets": [
            {"preset": "good", "rtf": 0.1235, "audio_hours_per_hour": 8.1, "batch": 4, "measured": False},
        ],
    }


def test_each_preset_is_measured_with_what_the_settings_change_in_all(home):
    with open_services(read_settings(synthesize={"sampling": {"candidates": 3}})) as services:
        model = services.front_end
        for preset in model.presets:
            measured = bench._settings(services, services.settings.synthesize, preset)
            assert measured == model.settings(preset, candidates=3)
