"""Who listens is what the settings say, and hears takes as they are stored."""

import io

import numpy as np
import pytest
import soundfile

from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from storage.errors import StorageError
from storage.records import Take, Verdict
from tasks.align.timers import time_takes, word_timer
from tasks.align.words import SpellerTimer
from tasks.models.catalogue import SHIPPED_FOLDER

MODEL = SHIPPED_FOLDER / "tortoise_mini"


def test_the_way_of_listening_is_that_of_the_settings_and_each_is_made_once():
    speller = AlignSettings(method="speller", model="tortoise_mini")
    assert isinstance(word_timer(speller, MODEL), SpellerTimer)
    assert word_timer(speller, MODEL) is word_timer(speller, MODEL)
    pytest.importorskip("pocketsphinx")  # it has no wheels for every Python
    other = word_timer(AlignSettings(method="pocketsphinx", model="tortoise_mini"), MODEL)
    assert other.digest.startswith("pocketsphinx ")


class Timer:
    digest = "of a test"

    def __init__(self):
        self.heard = []

    def times(self, audio, sample_rate, spoken):
        self.heard.append((audio.dtype, audio.shape, sample_rate, spoken))
        return ()


def test_takes_come_in_their_order_with_their_own_rate_as_float32(tmp_path):
    store = ArtifactStore(tmp_path)
    takes = {}
    for key, rate in (("b", 8_000), ("a", 24_000)):
        file = io.BytesIO()
        soundfile.write(file, np.zeros(rate // 100), rate, format="FLAC")
        takes[key] = (
            Take(key, "u", 0, 1, store.put_bytes(file.getvalue()), rate, rate // 100, Verdict.OK),
            f"Say {key}",
        )
    timer = Timer()
    assert list(time_takes(store, timer, takes)) == [("b", ()), ("a", ())]
    assert timer.heard == [(np.float32, (80,), 8_000, "Say b"), (np.float32, (240,), 24_000, "Say a")]


def test_a_take_whose_audio_is_gone_is_told_as_such(tmp_path):
    take = Take("k", "u", 0, 1, "a" * 64, 24_000, 1, Verdict.OK)
    with pytest.raises(StorageError):
        list(time_takes(ArtifactStore(tmp_path), Timer(), {"k": (take, "x")}))
