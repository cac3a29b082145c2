"""`talepress bench`: for how long whose speech is measured, and what is shown of it."""

import pytest

from flows.actions import bench
from flows.actions.bench import Forecast

FORECASTS = (Forecast("fast", 0.254, 8, measured=True), Forecast("standard", 2.0, 8, measured=False))


@pytest.mark.parametrize(
    ("options", "voice", "seconds"), [([], "tone", 60.0), (["--voice", "slt", "--seconds", "5"], "slt", 5.0)]
)
def test_speed_is_shown_for_every_preset(home, talepress, monkeypatch, options, voice, seconds):
    asked = []

    def forecast(services, listener, *, budget_s):
        asked.append((services.settings.synthesize.voice, budget_s))
        return FORECASTS

    monkeypatch.setattr(bench, "forecast_presets", forecast)
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__DEVICE", "cpu")
    ended = talepress("bench", *options)
    assert (ended.code, asked) == (0, [(voice, seconds)])
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.out.splitlines() if "│" in line]
    assert rows == [["fast", "0.25", "3.9", "measured"], ["standard", "2.00", "0.5", "scaled"]]
    assert "tortoise_mini on cpu, float32" in ended.out
    assert [row["preset"] for row in talepress("bench", "--json").json["presets"]] == ["fast", "standard"]
