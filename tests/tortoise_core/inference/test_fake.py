"""The fake engine: deterministic tones, and misbehaviour on order."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tortoise_core.errors import AudioError, ConfigError, OutOfMemoryError, TextError
from tortoise_core.inference.fake import EDGE_SECONDS, FakeEngine, Fault, Misbehaviour
from tortoise_core.inference.interface import Engine, SpeechRequest, VoiceLatents
from tortoise_core.inference.presets import SamplingSettings

TEXT = "It was a bright cold day in April."
VOICE = {"auto": np.arange(5, dtype=np.float32)[None], "diffusion": np.arange(7, dtype=np.float32)[None]}


def request(text: str = TEXT, seed: int = 1, voice: VoiceLatents = VOICE) -> SpeechRequest:
    return SpeechRequest(text, voice, SamplingSettings(), seed)


def test_is_an_engine():
    assert isinstance(FakeEngine(), Engine)


def test_length_follows_the_text():
    short, long = FakeEngine().speak([request("Yes."), request(TEXT)])
    for text, result in (("Yes.", short), (TEXT, long)):
        assert len(result.audio) / result.sample_rate == pytest.approx(len(text) / 14 + 2 * EDGE_SECONDS, abs=1e-3)
    assert len(long.audio) > len(short.audio)


def test_audio_depends_on_the_request_and_on_nothing_else():
    alone = FakeEngine().speak([request()])[0]
    among = FakeEngine().speak([request("Another."), request()])[1]
    np.testing.assert_array_equal(alone.audio, among.audio)
    assert alone.rank == among.rank
    other_voice = {"auto": np.ones((1, 5)), "diffusion": np.ones((1, 7))}
    for other in (request(seed=2), request(voice=other_voice)):
        assert not np.array_equal(FakeEngine().speak([other])[0].audio, alone.audio)


def test_audio_looks_like_speech():
    audio = FakeEngine().speak([request()])[0].audio
    assert audio.dtype == np.float32
    assert 0.1 < np.abs(audio).max() < 0.9
    edge = int(EDGE_SECONDS * 24_000)
    assert np.abs(audio[:edge]).max() < 0.002 > np.abs(audio[-edge:]).max()


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        (Misbehaviour.SILENCE, lambda result: not result.audio.any()),
        (Misbehaviour.CLIPPING, lambda result: np.mean(np.abs(result.audio) == 1) > 0.1),
        (Misbehaviour.TOO_LONG, lambda result: len(result.audio) / 24_000 > 4 * len(TEXT) / 14),
        (Misbehaviour.LENGTH_CAP, lambda result: result.hit_length_cap),
    ],
)
def test_misbehaves_on_order_for_one_text_and_for_a_while(kind, holds):
    engine = FakeEngine([Fault(kind, text="April", times=1)])
    other, faulty = engine.speak([request("May comes next, they say."), request()])
    assert holds(faulty)
    assert not holds(other)
    assert not holds(engine.speak([request()])[0])


def test_runs_out_of_memory_above_its_batch():
    engine = FakeEngine(max_batch=2)
    with pytest.raises(OutOfMemoryError, match="3 requests"):
        engine.speak([request()] * 3)
    assert len(engine.speak([request()] * 2)) == 2
    assert engine.batch_sizes == [3, 2]


def test_transient_errors_go_away():
    engine = FakeEngine.from_description('{"faults": [{"kind": "transient", "text": "April", "times": 1}]}')
    with pytest.raises(ConnectionError):
        engine.speak([request()])
    assert engine.speak([request()])


def test_slow_texts_are_slow(monkeypatch):
    slept = []
    monkeypatch.setattr("tortoise_core.inference.fake.time.sleep", slept.append)
    engine = FakeEngine([Fault(Misbehaviour.SLOW, "April")], seconds_per_request=1.0, slowness_s=7.0)
    engine.speak([request(), request("May.")])
    assert slept == [8.0, 1.0]


def test_a_model_name_describes_the_well_behaved_engine():
    assert FakeEngine.from_description("tortoise_mini").speak([request()])


@pytest.mark.parametrize("text", ['{"faults": [{"kind": "loud"}]}', '{"unknown": 1}', "{not json", '{"faults": [1]}'])
def test_bad_descriptions_are_refused(text):
    with pytest.raises(ConfigError, match="fake engine"):
        FakeEngine.from_description(text)


@pytest.mark.parametrize("text", ["", " ?! ", "long " * 400])
def test_texts_that_no_model_takes(text):
    with pytest.raises(TextError, match="text tokens"):
        FakeEngine().speak([request(text)])


def test_unknown_preset():
    with pytest.raises(ConfigError, match="ultra_fast"):
        FakeEngine().settings("slowest")


def test_random_voices_depend_on_the_seed():
    one, again, other = (FakeEngine().random_voice(seed)["auto"] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_voice_from_clips(tmp_path):
    one = tmp_path / "a.wav"
    two = tmp_path / "b.flac"
    soundfile.write(one, np.full(24_000, 0.1), 24_000)
    soundfile.write(two, np.full(24_000, 0.2), 24_000)
    engine = FakeEngine()
    assert np.array_equal(engine.voice_from_clips([one])["auto"], engine.voice_from_clips([one])["auto"])
    assert not np.array_equal(engine.voice_from_clips([one])["auto"], engine.voice_from_clips([two])["auto"])
    (tmp_path / "c.wav").write_text("no audio")
    with pytest.raises(AudioError, match=r"c\.wav"):
        engine.voice_from_clips([tmp_path / "c.wav"])


def test_presets_and_limits_of_the_engine():
    engine = FakeEngine()
    assert engine.presets == ("ultra_fast", "fast", "standard", "high_quality")
    chosen = [engine.settings(preset) for preset in engine.presets]
    assert [(s.candidates, s.diffusion_steps, s.cond_free) for s in chosen] == [
        (1, 1, False), (2, 2, True), (4, 4, True), (4, 8, True)
    ]  # fmt: skip
    assert [engine.relative_work(s) for s in chosen] == [2, 6, 12, 20]
    assert (engine.sample_rate, engine.max_text_tokens, engine.languages) == (24_000, 400, {"en"})
    assert [engine.token_count(text) for text in ("", "?!", "a", "ab", "abc", " abc ")] == [0, 0, 1, 1, 2, 2]
    assert len(engine.speak([request("a" * 800)])[0].audio)
    with pytest.raises(TextError, match="401 text tokens, this model takes 1 to 400"):
        engine.speak([request("a" * 801)])


def test_a_stream_is_the_same_in_quarters_of_a_second():
    pieces = list(FakeEngine().stream(request()))
    assert {len(piece) for piece in pieces[:-1]} == {6_000} and 0 < len(pieces[-1]) <= 6_000
    np.testing.assert_array_equal(np.concatenate(pieces), FakeEngine().speak([request()])[0].audio)


def test_as_many_candidates_are_kept_as_there_are():
    (two,) = FakeEngine().speak([replace(request(), keep=2)])
    (all_of_them,) = FakeEngine().speak([replace(request(), settings=SamplingSettings(candidates=3), keep=9)])
    assert len(two.others) == 1 and len(all_of_them.others) == 2
    assert [other.rank for other in all_of_them.others] == [all_of_them.rank - 1, all_of_them.rank - 2]
    assert not np.array_equal(two.others[0].audio, two.audio)


def test_everything_in_a_request_decides_what_is_said():
    plain = FakeEngine().speak([request()])[0]
    for changed in (replace(request(), settings=SamplingSettings(top_k=7)), request(seed=2), request(TEXT + "!")):
        other = FakeEngine().speak([changed])[0]
        assert other.rank != plain.rank
    assert {name: latent.shape for name, latent in FakeEngine().random_voice(3).items()} == {
        "auto": (1, 8), "diffusion": (1, 16)
    }  # fmt: skip


@pytest.mark.parametrize("name", VOICE)
def test_every_part_of_a_voice_is_heard(name):
    plain, other = FakeEngine().speak([request(), request(voice={**VOICE, name: VOICE[name] + 1})])
    assert other.rank != plain.rank and not np.array_equal(other.audio, plain.audio)
