"""Loading, resampling and conditioning clips against the recorded behaviour."""

import random

import pytest

from tortoise_core.audio.conditioning import auto_mel, pad_or_truncate
from tortoise_core.audio.load import load_audio
from tortoise_core.audio.resample import resample


class FixedOffset(random.Random):
    """Draws a given number, and remembers what it was asked for."""

    def __init__(self, offset):
        super().__init__()
        self.offset = offset
        self.asked = None

    def randint(self, a, b):
        self.asked = [a, b]
        return self.offset


@pytest.mark.golden("load_audio")
def test_load_audio(golden, tmp_path):
    for name in golden.meta["outputs"]:
        file, _, rate = name.partition("@")
        path = tmp_path / f"{file}.wav"
        path.write_bytes(golden[f"file.{file}"].numpy().tobytes())
        golden.compare(name, load_audio(path, int(rate)))


@pytest.mark.golden("conditioning_clips")
def test_auto_conditioning(golden):
    length = golden["cond_length"].item()
    chance = FixedOffset(golden["start"].item())
    short = golden["short"]
    golden.compare("fc_short_default", auto_mel(short, chance))
    golden.compare("fc_short_custom", auto_mel(short[:, : length - 3000], chance, length))
    golden.compare("fc_exact", auto_mel(golden["long"][:, :length], FixedOffset(0), length))
    golden.compare("fc_long", auto_mel(golden["long"], chance, length))
    golden.compare("fc_long_randint_args", chance.asked)


@pytest.mark.golden("conditioning_clips")
def test_pad_or_truncate(golden):
    for name in golden.meta["outputs"]:
        if name.startswith("pad_or_truncate_"):
            golden.compare(name, pad_or_truncate(golden["pt"], int(name.rpartition("_")[2])))


@pytest.mark.golden("conditioning_clips")
def test_resampling(golden):
    for name in golden.meta["outputs"]:
        if name.startswith("resample_"):
            _, from_hz, to_hz = name.split("_")
            golden.compare(name, resample(golden["rs"], int(from_hz), int(to_hz)))
