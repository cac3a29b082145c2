"""The file of a line: its parts, each followed by its own silence."""

import numpy as np
import soundfile

from flows.actions.say import SayLine, SayPart, _Reader, _write
from tortoise_core.inference.interface import SpeechResult

RATE = 1000


def test_between_two_parts_lies_the_silence_after_the_first(tmp_path):
    line = SayLine("One, two. Three.", tmp_path / "line.wav")
    parts = [SayPart("one", 0.1, "joe", 4), SayPart("two", 0.3, "joe", 9), SayPart("three", 0.7, "joe", 16)]
    results = [SpeechResult(np.full(samples, 0.5, np.float32), RATE) for samples in (10, 20, 30)]
    made = _write(line, parts, results, 1.0, {"joe": _Reader(None, "")})
    audio, rate = soundfile.read(line.path)
    silence = [list(run) for run in np.split(audio == 0, np.flatnonzero(np.diff(audio == 0)) + 1)]
    assert rate == RATE
    assert [(len(run), bool(run[0])) for run in silence] == [
        (10, False), (100, True), (20, False), (300, True), (30, False)
    ]  # fmt: skip
    assert made.seconds == 0.46
