import pickle

import numpy as np
import pytest
import soundfile

from storage.records import Verdict
from tasks.errors import EngineMemoryError, OutputError, TalepressError, TransientError
from tasks.qa.verdict import best
from tasks.synthesize.batches import RenderItem, RenderVoice
from tasks.synthesize.engines import forget_engines, get_engine
from tasks.synthesize.keys import seed_of, take_key
from tasks.synthesize.render import RenderJob, render_batch, run_job
from tests.tasks.audio import latents, stored_voice
from tortoise_core.errors import ConfigError
from tortoise_core.inference.fake import FakeEngine, Fault, Misbehaviour
from tortoise_core.inference.interface import SamplingSettings

ITEMS = tuple(
    RenderItem(f"{n:064x}", text)
    for n, text in enumerate(["Dorothy lived in Kansas.", "A cyclone came and took the house.", "Toto barked at it."])
)
VOICE = RenderVoice(latents(), SamplingSettings())


class Broken(FakeEngine):
    """Speaks what it is told to, whatever that is."""

    def __init__(self, audio):
        super().__init__()
        self._audio = audio

    def _speak_one(self, request):
        result = super()._speak_one(request)
        object.__setattr__(result, "audio", self._audio)
        return result


def test_good_takes_are_stored_as_their_records_say(store, settings):
    takes = render_batch(FakeEngine(), store, ITEMS, VOICE, settings.qa)
    assert [take.utterance_key for take in takes] == [item.utterance_key for item in ITEMS]
    for take in takes:
        assert (take.verdict, take.reasons, take.attempt) == (Verdict.OK, (), 0), take
        assert take.key == take_key(take.utterance_key, 0)
        assert take.seed == seed_of(take.key)
        info = soundfile.info(store.path(take.audio_sha256))
        assert (info.format, info.channels, info.samplerate, info.frames) == ("FLAC", 1, 24_000, take.samples)
        assert {"clvp", "seconds_per_char", "rms_dbfs"} <= set(take.scores)


def test_takes_do_not_depend_on_the_batch(store, settings):
    together = render_batch(FakeEngine(), store, ITEMS, VOICE, settings.qa)
    alone = [take for item in reversed(ITEMS) for take in render_batch(FakeEngine(), store, [item], VOICE, settings.qa)]
    assert sorted(alone, key=lambda take: take.key) == sorted(together, key=lambda take: take.key)


def test_only_the_doubtful_are_taken_again(store, settings):
    engine = FakeEngine([Fault(Misbehaviour.SILENCE, "cyclone", times=1)])
    takes = render_batch(engine, store, ITEMS, VOICE, settings.qa)
    assert engine.batch_sizes == [3, 1]
    retaken = [take for take in takes if take.utterance_key == ITEMS[1].utterance_key]
    assert [take.verdict for take in retaken] == [Verdict.DOUBTFUL, Verdict.OK]
    assert retaken[0].seed != retaken[1].seed
    assert "silence" in retaken[0].reasons[0]
    assert best(retaken) == retaken[1]


def test_after_the_last_retake_the_best_is_kept_and_flagged(store, settings):
    engine = FakeEngine([Fault(Misbehaviour.SILENCE, times=1), Fault(Misbehaviour.CLIPPING)])
    takes = render_batch(engine, store, ITEMS[:1], VOICE, settings.qa)
    assert len(takes) == 1 + settings.qa.retakes
    kept = best(takes)
    assert kept.verdict is Verdict.DOUBTFUL
    assert kept.attempt > 0  # the first one is silent as well
    assert "clipping" in " ".join(kept.reasons)


def test_attempts_go_on_where_earlier_ones_ended(store, settings):
    items = [RenderItem(ITEMS[0].utterance_key, ITEMS[0].spoken, first_attempt=3)]
    assert [take.attempt for take in render_batch(FakeEngine(), store, items, VOICE, settings.qa)] == [3]


def test_out_of_memory_halves_the_batch(store, settings):
    engine = FakeEngine(max_batch=1)
    takes = render_batch(engine, store, ITEMS, VOICE, settings.qa)
    assert takes == render_batch(FakeEngine(), store, ITEMS, VOICE, settings.qa)
    assert engine.batch_sizes == [3, 2, 1, 1, 1]


def test_out_of_memory_with_one_utterance_is_told(store, settings):
    with pytest.raises(EngineMemoryError, match="single utterance"):
        render_batch(FakeEngine(max_batch=0), store, ITEMS, VOICE, settings.qa)


def test_transient_errors_are_named_so(store, settings):
    with pytest.raises(TransientError, match="speaking failed"):
        render_batch(FakeEngine([Fault(Misbehaviour.TRANSIENT)]), store, ITEMS, VOICE, settings.qa)


def test_a_text_that_cannot_be_spoken_is_no_transient_error(store, settings):
    with pytest.raises(TalepressError, match="cannot speak") as caught:
        render_batch(FakeEngine(), store, [RenderItem("0" * 64, "...")], VOICE, settings.qa)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(0, dtype=np.float32), "silence"),
        (np.full(24_000, np.nan, dtype=np.float32), "24000 samples are no numbers"),
    ],
)
def test_broken_audio_is_doubtful_and_storable(store, settings, audio, reason):
    take = render_batch(Broken(audio), store, ITEMS[:1], VOICE, settings.qa)[0]
    assert take.verdict is Verdict.DOUBTFUL
    assert reason in " ".join(take.reasons)
    assert take.samples == soundfile.info(store.path(take.audio_sha256)).frames > 0
    assert all(np.isfinite(value) for value in take.scores.values())


@pytest.mark.parametrize(("number", "error"), [(28, OutputError), (5, TransientError)])
def test_storage_trouble(store, settings, monkeypatch, number, error):
    def refuse(data):
        raise OSError(number, "trouble")

    monkeypatch.setattr(store, "put_bytes", refuse)
    with pytest.raises(error):
        render_batch(FakeEngine(), store, ITEMS, VOICE, settings.qa)


def test_a_job_travels_to_another_process(store, settings):
    synthesize = settings.synthesize.model_copy(update={"engine": "fake"})
    job = RenderJob(ITEMS, stored_voice(store), SamplingSettings(), synthesize, settings.qa, settings.storage.artifacts)
    takes = run_job(pickle.loads(pickle.dumps(job)))
    assert takes == render_batch(FakeEngine(), store, ITEMS, VOICE, settings.qa)


def test_engines_are_loaded_once(settings):
    fake = settings.synthesize.model_copy(update={"engine": "fake"})
    engine = get_engine(fake)
    assert get_engine(fake.model_copy(update={"voice": "other"})) is engine
    assert get_engine(fake.model_copy(update={"model": '{"max_batch": 2}'})) is not engine
    forget_engines()
    assert get_engine(fake) is not engine


def test_an_engine_that_cannot_be_loaded(settings):
    with pytest.raises(ConfigError, match="fake engine"):
        get_engine(settings.synthesize.model_copy(update={"engine": "fake", "model": '{"what": 1}'}))
