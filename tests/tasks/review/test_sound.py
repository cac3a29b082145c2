"""A take's sound for a page can be played, is small, and looks as it is."""

import io

import numpy as np
import pytest
import soundfile

from tasks.review.sound import opus_of, outline_of

RATE = 24_000


def test_opus_is_small_and_sounds_the_same():
    seconds = np.arange(4 * RATE) / RATE
    audio = (0.3 * np.sin(2 * np.pi * 220 * seconds)).astype(np.float32)
    encoded = opus_of(audio, RATE)
    assert 2_000 < len(encoded) < 25_000
    decoded, rate = soundfile.read(io.BytesIO(encoded))
    assert len(decoded) / rate == pytest.approx(4.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(decoded[rate : 2 * rate]))
    assert int(spectrum.argmax()) == 220
    assert np.sqrt(np.mean(decoded**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_the_outline_has_the_extremes_of_each_stretch():
    audio = np.array([0.0, 0.5, -0.25, 0.0, 0.0, -1.0, 0.75, 0.0], np.float32)
    assert outline_of(audio, 2) == ((-0.25, 0.5), (-1.0, 0.75))
    assert outline_of(audio[:1], 300) == ((0.0, 0.0),)
