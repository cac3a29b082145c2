"""Takes lie on a chapter's timeline to the sample, with room tone between them."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from configs.settings import PauseSettings, StitchSettings
from storage.errors import DamagedArtifactError, MissingArtifactError
from storage.records import ChosenTake, PauseKind, Take, Verdict
from tasks.errors import TalepressError
from tasks.master.master_key import MASTER_FORMAT_VERSION
from tasks.stitch.assemble import stitch_chapter
from tasks.stitch.room_tone import LEVEL_DBFS, POLE, RoomTone
from tasks.stitch.timeline import lay_out
from tests.tasks.audio import RATE, cue, tone, utterance

SILENCES = StitchSettings(
    head_s=0.5,
    tail_s=1.0,
    pauses=PauseSettings(
        clause=0.1, sentence=0.2, paragraph=0.3, verse_line=0.15, stanza=0.35, scene=0.4, heading=0.5, chapter=0.6
    ),
)


@given(
    st.lists(st.tuples(st.integers(1, 99_999), st.sampled_from(PauseKind)), min_size=1, max_size=30),
    st.sampled_from([22_050, 24_000, 44_100]),
)
def test_every_sample_of_the_timeline_is_accounted_for(parts, rate):
    cues = [
        ChosenTake(utterance(n, pause), Take(f"k{n}", "u", 0, 0, "a", rate, samples, Verdict.OK))
        for n, (samples, pause) in enumerate(parts)
    ]
    timeline = lay_out(cues, SILENCES)
    position = round(0.5 * rate)
    for (samples, pause), placed in zip(parts, timeline.placed, strict=True):
        assert (placed.start_sample, placed.end_sample) == (position, position + samples)
        position += samples + round(getattr(SILENCES.pauses, pause) * rate)
    assert timeline.samples == position + rate


def test_takes_are_where_the_timeline_says(store, tmp_path):
    audio = [tone(0.5), tone(0.7, hz=330), tone(0.2, hz=440)]
    pauses = (PauseKind.HEADING, PauseKind.SENTENCE, PauseKind.CHAPTER)
    cues = [cue(store, take, n, pause) for n, (take, pause) in enumerate(zip(audio, pauses, strict=True))]
    stitched = stitch_chapter(store, cues, SILENCES, tmp_path / "c.flac")
    heard, rate = soundfile.read(stitched.path)
    assert rate == stitched.sample_rate == RATE
    assert heard.shape == (stitched.samples,)
    silent = np.ones(len(heard), dtype=bool)
    for take, placed in zip(audio, stitched.placed, strict=True):
        np.testing.assert_allclose(heard[placed.start_sample : placed.end_sample], take, atol=2e-3)
        silent[placed.start_sample : placed.end_sample] = False
    level = 20 * np.log10(np.sqrt(np.mean(np.square(heard[silent]))))
    assert level == pytest.approx(LEVEL_DBFS, abs=1)
    assert np.mean(heard[silent] == 0) < 0.01  # room tone, not digital silence


def test_same_takes_same_bytes(store, tmp_path):
    cues = [cue(store, tone(0.2)), cue(store, tone(0.3), 1)]
    one = stitch_chapter(store, cues, SILENCES, tmp_path / "one.flac")
    two = stitch_chapter(store, cues, SILENCES, tmp_path / "two.flac")
    assert one.path.read_bytes() == two.path.read_bytes()
    other = cue(store, tone(0.2))
    other = ChosenTake(other.utterance, replace(other.take, key="f" * 64))
    three = stitch_chapter(store, [other, cues[1]], SILENCES, tmp_path / "three.flac")
    assert three.path.read_bytes() != one.path.read_bytes()  # its room tone is its own


def test_memory_does_not_grow_with_the_chapter(store, tmp_path):
    def peak_bytes(takes):
        cues = [cue(store, audio, n) for n in range(takes)]
        tracemalloc.start()
        stitch_chapter(store, cues, SILENCES, tmp_path / "c.flac")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    audio = tone(2.0)
    assert peak_bytes(40) < 1.5 * peak_bytes(4)


@hypothesis_settings(max_examples=20)
@given(st.lists(st.integers(1, 500), max_size=10))
def test_room_tone_is_one_stream_however_it_is_cut(pieces):
    tone_in_pieces = RoomTone(7)
    whole = RoomTone(7)
    joined = np.concatenate([np.zeros(0), *[tone_in_pieces.next(piece) for piece in pieces]])
    np.testing.assert_allclose(joined, whole.next(sum(pieces)), atol=1e-15)


def test_different_rates_in_one_chapter(store):
    cues = [cue(store, tone(0.2)), ChosenTake(utterance(1), replace(cue(store, tone(0.2)).take, sample_rate=22_050))]
    with pytest.raises(TalepressError, match="22050 and 24000 Hz"):
        lay_out(cues, SILENCES)


def test_no_utterances():
    with pytest.raises(TalepressError, match="without utterances"):
        lay_out([], SILENCES)


def test_audio_that_is_not_what_its_record_says(store, tmp_path):
    good = cue(store, tone(0.2))
    short = ChosenTake(good.utterance, replace(good.take, samples=good.take.samples + 1))
    faster = ChosenTake(good.utterance, replace(good.take, sample_rate=44_100))
    slower = ChosenTake(good.utterance, replace(good.take, sample_rate=8_000))
    damaged = ChosenTake(good.utterance, replace(good.take, audio_sha256=store.put_bytes(b"no audio")))
    flipped = cue(store, tone(0.3))
    file = store.path(flipped.take.audio_sha256)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    missing = ChosenTake(good.utterance, replace(good.take, audio_sha256="0" * 64))
    for bad, error, message in (
        (short, TalepressError, "4800 samples at 24000 Hz instead of 4801"),
        (faster, TalepressError, "at 24000 Hz instead of 4800 at 44100"),
        (slower, TalepressError, "at 24000 Hz instead of 4800 at 8000"),
        (damaged, TalepressError, "no audio"),
        (missing, MissingArtifactError, "there is no file"),
        (flipped, DamagedArtifactError, "has changed since it was written"),
    ):
        with pytest.raises(error, match=message):
            stitch_chapter(store, [bad], SILENCES, tmp_path / "c.flac")


def test_what_a_master_sounds_like_changes_with_the_version_of_its_key_alone():
    assert (MASTER_FORMAT_VERSION, LEVEL_DBFS, POLE) == (2, -76.0, 0.8)


def test_room_tone_is_darker_than_white_noise_and_starts_with_the_seed():
    one = RoomTone(7).next(200_000)
    assert np.corrcoef(one[1:], one[:-1])[0, 1] == pytest.approx(POLE, abs=0.01)
    assert 20 * np.log10(np.std(one)) == pytest.approx(LEVEL_DBFS, abs=0.1)
    random = np.random.default_rng(7).standard_normal(2) * 10 ** (LEVEL_DBFS / 20) * np.sqrt(1 - POLE**2)
    np.testing.assert_allclose(one[:2], [random[0], POLE * random[0] + random[1]])


def test_the_room_tone_of_a_chapter_is_that_of_its_first_take(store, tmp_path):
    first = cue(store, tone(0.2))
    stitched = stitch_chapter(store, [first, cue(store, tone(0.3), 1)], SILENCES, tmp_path / "c.flac")
    heard, _ = soundfile.read(stitched.path)
    whole = RoomTone(int(first.take.key[:16], 16)).next(len(heard))
    head = round(SILENCES.head_s * RATE)
    np.testing.assert_allclose(heard[:head], whole[:head], atol=2**-23)
    np.testing.assert_allclose(heard[-RATE:], whole[-RATE:], atol=2**-23)


@pytest.mark.parametrize("pause_s", [0.0, 0.25, 3.0])
def test_a_pause_that_the_text_asks_for_is_as_long_as_it_says(store, pause_s):
    first = cue(store, tone(0.2))
    asked = ChosenTake(replace(first.utterance, pause_s=pause_s), first.take)
    timeline = lay_out([asked, cue(store, tone(0.3), 1)], SILENCES)
    one, two = timeline.placed
    assert two.start_sample - one.end_sample == round(pause_s * RATE)
    assert (one.take_key, one.utterance) == (first.take.key, asked.utterance)


def test_full_scale_does_not_wrap_around_under_room_tone(store, tmp_path):
    loud = np.where(np.arange(4800) % 2 == 0, 1.0, -1.0).astype(np.float32)
    stitched = stitch_chapter(store, [cue(store, loud)], SILENCES, tmp_path / "c.flac")
    heard, _ = soundfile.read(stitched.path)
    (placed,) = stitched.placed
    assert soundfile.info(stitched.path).subtype == "PCM_24"
    np.testing.assert_allclose(heard[placed.start_sample : placed.end_sample], loud, atol=2e-3)
