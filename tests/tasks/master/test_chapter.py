"""A chapter is brought to its loudness under its ceiling, and its key covers whatever it depends on."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from storage.records import PauseKind, PlacedUtterance
from tasks.errors import OutputError
from tasks.master.chapter import master_chapter, misses_target
from tasks.master.master_key import master_key
from tasks.master.meters import measure
from tasks.stitch.assemble import StitchedChapter
from tests.tasks.audio import RATE, cue, tone, utterance


def stitched(path, audio):
    soundfile.write(path, audio, RATE, subtype="PCM_24")
    return StitchedChapter(path, RATE, len(audio), ())


def read(store, master):
    return soundfile.read(store.path(master.audio_sha256))[0]


def babble(peaks=0):
    random = np.random.default_rng(1)
    audio = 0.03 * np.repeat(random.uniform(0.2, 1, 60), RATE // 10) * random.standard_normal(6 * RATE)
    audio[random.integers(0, len(audio), peaks)] = 0.9
    return audio


@pytest.mark.parametrize("peaks", [0, 3])
def test_target_and_ceiling_are_met_and_reported(store, settings, tmp_path, peaks):
    audio = babble(peaks)
    master = master_chapter(store, stitched(tmp_path / "c.flac", audio), "One", 4, settings.master)
    heard = read(store, master)
    assert len(heard) == master.samples == len(audio)
    assert (master.title, master.chapter_index, master.sample_rate) == ("One", 4, RATE)
    assert measure([heard], RATE) == pytest.approx((master.loudness_lufs, master.true_peak_dbtp), abs=0.01)
    assert master.true_peak_dbtp <= settings.master.ceiling_dbtp + 0.01
    if not peaks:
        assert master.loudness_lufs == pytest.approx(settings.master.target_lufs, abs=0.1)
        gain = np.dot(heard, audio) / np.dot(audio, audio)
        assert np.abs(heard - gain * audio).max() < 5e-5  # one linear gain: nothing but 16-bit rounding beside it


def test_a_bang_that_would_need_too_much_limiting_leaves_the_chapter_quieter(store, settings, tmp_path):
    audio = 0.001 * babble()
    audio[RATE] = 0.9
    master = master_chapter(store, stitched(tmp_path / "c.flac", audio), "Bang", 0, settings.master)
    assert master.loudness_lufs < settings.master.target_lufs - 3
    assert misses_target(master.loudness_lufs, settings.master)


@pytest.mark.parametrize(
    ("off", "misses"), [(0.0, False), (0.5, False), (-0.5, False), (0.5625, True), (-0.5625, True)]
)
def test_half_a_loudness_unit_may_be_missed(settings, off, misses):
    assert settings.master.target_lufs == -19.0
    assert misses_target(-19.0 + off, settings.master) == misses


def test_what_lies_where_is_handed_on(store, settings, tmp_path):
    placed = (PlacedUtterance(utterance(0), "a take", 10, 4000), PlacedUtterance(utterance(1), "b", 5000, 9000))
    source = replace(stitched(tmp_path / "c.flac", babble()), placed=placed)
    assert master_chapter(store, source, "", 0, settings.master).placed == placed


def test_a_silent_chapter_stays_silent(store, settings, tmp_path):
    master = master_chapter(store, stitched(tmp_path / "c.flac", np.zeros(RATE)), "", 0, settings.master)
    assert not read(store, master).any()


def test_nothing_is_left_beside_the_chapter(store, settings, tmp_path, monkeypatch):
    source = stitched(tmp_path / "c.flac", babble())
    master_chapter(store, source, "", 0, settings.master)

    def refuse(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put_file", refuse)
    with pytest.raises(OutputError, match="disk is full"):
        master_chapter(store, source, "", 0, settings.master)
    assert [path.name for path in tmp_path.glob("*.flac")] == ["c.flac"]


def test_the_key_covers_takes_pauses_and_settings(store, settings):
    cues = [cue(store, tone(0.1)), cue(store, tone(0.2), 1)]

    def key(cues=cues, stitch=settings.stitch, master=settings.master):
        return master_key(cues, stitch, master)

    others = {
        key(cues[::-1]),
        key(cues[:1]),
        key([cue(store, tone(0.1), pause=PauseKind.SCENE), cues[1]]),
        key([replace(cues[0], take=replace(cues[0].take, audio_sha256="0" * 64)), cues[1]]),
        key(stitch=settings.stitch.model_copy(update={"head_s": 0.7})),
        key(master=settings.master.model_copy(update={"target_lufs": -20.0})),
    }
    assert len(others) == 6
    assert key() not in others
    assert key() == key(list(cues))


def test_a_master_is_16_bit_mono_flac_whatever_the_size_of_its_parts(store, settings, tmp_path, monkeypatch):
    whole = master_chapter(store, stitched(tmp_path / "c.flac", babble(3)), "One", 4, settings.master)
    info = soundfile.info(store.path(whole.audio_sha256))
    assert (info.format, info.subtype, info.channels, info.samplerate) == ("FLAC", "PCM_16", 1, RATE)
    monkeypatch.setattr("tasks.master.chapter.BLOCK_SAMPLES", 10_001)
    cut = master_chapter(store, stitched(tmp_path / "c.flac", babble(3)), "One", 4, settings.master)
    np.testing.assert_allclose(read(store, cut), read(store, whole), atol=2**-15)
