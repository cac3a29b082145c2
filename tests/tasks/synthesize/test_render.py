"""A batch becomes stored takes with records and verdicts, or a named error."""

import io
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from storage.hearing import Hearing
from storage.records import Verdict
from tasks.errors import EngineMemoryError, OutputError, TalepressError, TransientError
from tasks.qa.verdict import RANK
from tasks.synthesize.batches import RenderItem, RenderVoices
from tasks.synthesize.engines import ENGINES, forget_engines, get_engine, get_speaker
from tasks.synthesize.keys import seed_of, take_key
from tasks.synthesize.render import SpokenBatch, encode_flac, render_batch, run_job, spoken_takes
from tasks.synthesize.speaker import Speaker
from tasks.voices.catalogue import directed_voice
from tests.tasks.audio import SlowWords, latents, stored_voice
from tortoise_core.errors import ConfigError
from tortoise_core.inference.fake import FAKE, FakeEngine, Fault, Misbehaviour
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings

ITEMS = tuple(
    RenderItem(f"{n:064x}", text)
    for n, text in enumerate(["Dorothy lived in Kansas.", "A cyclone came and took the house.", "Toto barked at it."])
)
VOICES = RenderVoices({"": latents()}, SamplingSettings())


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
    takes = render_batch(Speaker(FakeEngine()), store, ITEMS, VOICES, settings.qa).takes
    assert [take.utterance_key for take in takes] == [item.utterance_key for item in ITEMS]
    for take in takes:
        assert (take.verdict, take.reasons, take.attempt) == (Verdict.OK, (), 0), take
        assert take.key == take_key(take.utterance_key, 0)
        assert take.seed == seed_of(take.key)
        info = soundfile.info(store.path(take.audio_sha256))
        assert (info.format, info.channels, info.samplerate, info.frames) == ("FLAC", 1, 24_000, take.samples)
        assert {RANK, "seconds_per_char", "rms_dbfs"} <= set(take.scores)


def test_takes_do_not_depend_on_the_batch(store, settings):
    together = render_batch(Speaker(FakeEngine()), store, ITEMS, VOICES, settings.qa).takes
    alone = [
        take
        for item in reversed(ITEMS)
        for take in render_batch(Speaker(FakeEngine()), store, [item], VOICES, settings.qa).takes
    ]
    assert sorted(alone, key=lambda take: take.key) == sorted(together, key=lambda take: take.key)


def test_a_doubtful_take_is_stored_with_its_reasons(store, settings):
    engine = FakeEngine([Fault(Misbehaviour.SILENCE, "cyclone")])
    takes = render_batch(Speaker(engine), store, ITEMS, VOICES, settings.qa).takes
    assert [take.verdict for take in takes] == [Verdict.OK, Verdict.DOUBTFUL, Verdict.OK]
    assert "silence" in takes[1].reasons[0]
    assert engine.batch_sizes == [3]


def test_another_attempt_is_another_take(store, settings):
    again = [RenderItem(ITEMS[0].utterance_key, ITEMS[0].spoken, attempt=3)]
    first = render_batch(Speaker(FakeEngine()), store, ITEMS[:1], VOICES, settings.qa).takes[0]
    fourth = render_batch(Speaker(FakeEngine()), store, again, VOICES, settings.qa).takes[0]
    assert (first.attempt, fourth.attempt) == (0, 3)
    assert len({first.seed, fourth.seed}) == len({first.key, fourth.key}) == 2


def test_an_attempt_is_spoken_with_the_seed_that_its_record_has(store, settings):
    asked = []

    class Noting(FakeEngine):
        def speak(self, requests):
            asked.extend(requests)
            return super().speak(requests)

    again = [RenderItem(ITEMS[0].utterance_key, ITEMS[0].spoken, attempt) for attempt in (0, 3)]
    takes = render_batch(Speaker(Noting()), store, again, VOICES, settings.qa).takes
    assert [request.seed for request in asked] == [take.seed for take in takes]
    assert len({request.seed for request in asked}) == 2


def test_out_of_memory_halves_the_batch_once(store, settings):
    engine = FakeEngine(max_batch=1)
    speaker = Speaker(engine)
    takes = render_batch(speaker, store, ITEMS, VOICES, settings.qa).takes
    assert takes == render_batch(Speaker(FakeEngine()), store, ITEMS, VOICES, settings.qa).takes
    assert engine.batch_sizes == [3, 2, 1, 1, 1]
    render_batch(speaker, store, ITEMS, VOICES, settings.qa)
    assert engine.batch_sizes[5:] == [1, 1, 1]  # what was learned holds for the rest of the run


def test_one_batch_at_a_time_is_in_the_engine():
    class Watched(FakeEngine):
        inside = most = 0

        def speak(self, requests):
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.02)
            self.inside -= 1
            return super().speak(requests)

    speaker = Speaker(Watched())
    request = SpeechRequest("Toto barked.", latents(), SamplingSettings(), 1)
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        spoken = list(pool.map(speaker.speak_timed, [[request]] * 8))
    assert [len(results) for results, _ in spoken] == [1] * 8
    assert speaker.engine.most == 1
    engine_seconds = [seconds for _, seconds in spoken]
    assert min(engine_seconds) >= 0.02
    assert sum(engine_seconds) <= time.perf_counter() - began  # nobody counts the time for which another one spoke


def test_every_item_is_spoken_by_its_own_voice(store, settings):
    class Heard(FakeEngine):
        def speak(self, requests):
            self.voices = [request.voice for request in requests]
            return super().speak(requests)

    engine = Heard()
    narrator = latents()
    ann = latents()
    items = [ITEMS[0], replace(ITEMS[1], voice="ann"), ITEMS[2]]
    voices = RenderVoices({"": narrator, "ann": ann}, SamplingSettings())
    render_batch(Speaker(engine), store, items, voices, settings.qa)
    assert engine.voices == [narrator, ann, narrator]


def test_out_of_memory_with_one_utterance_is_an_error(store, settings):
    with pytest.raises(EngineMemoryError, match="single utterance"):
        render_batch(Speaker(FakeEngine(max_batch=0)), store, ITEMS, VOICES, settings.qa)


def test_transient_errors_are_named_so(store, settings):
    with pytest.raises(TransientError, match="speaking failed"):
        render_batch(Speaker(FakeEngine([Fault(Misbehaviour.TRANSIENT)])), store, ITEMS, VOICES, settings.qa)


def test_a_text_that_cannot_be_spoken_is_no_transient_error(store, settings):
    with pytest.raises(TalepressError, match="cannot speak") as caught:
        render_batch(Speaker(FakeEngine()), store, [RenderItem("0" * 64, "...")], VOICES, settings.qa)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(0, dtype=np.float32), "silence"),
        (np.full(24_000, np.nan, dtype=np.float32), "24000 samples are no numbers"),
    ],
)
def test_broken_audio_is_doubtful_and_storable(store, settings, audio, reason):
    take = render_batch(Speaker(Broken(audio)), store, ITEMS[:1], VOICES, settings.qa).takes[0]
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
        render_batch(Speaker(FakeEngine()), store, ITEMS, VOICES, settings.qa)


@pytest.fixture
def job(job):
    return replace(job, batches=(ITEMS[:1], ITEMS[1:]))


def test_a_job_travels_to_another_process(job, store, settings):
    pickled = pickle.dumps(job)
    assert len(pickled) < 10_000
    batch = run_job(pickle.loads(pickled))
    assert batch.engine_seconds > 0
    assert batch.takes == render_batch(Speaker(FakeEngine()), store, ITEMS, VOICES, settings.qa).takes
    with pytest.raises(TalepressError, match="sound is not the one of this run here"):
        run_job(replace(job, model_digest="0" * 64))


def test_a_job_that_is_run_again_speaks_only_what_the_store_does_not_have(job, store, monkeypatch):
    first = run_job(replace(job, batches=(ITEMS[1:2],)))
    spoken = []
    speak = FakeEngine.speak
    monkeypatch.setattr(
        FakeEngine, "speak", lambda engine, requests: spoken.append(requests) or speak(engine, requests)
    )
    batch = run_job(job)
    assert [[request.text for request in requests] for requests in spoken] == [[ITEMS[0].spoken], [ITEMS[2].spoken]]
    assert [take.utterance_key for take in batch.takes] == [item.utterance_key for item in ITEMS]
    assert batch.takes[1] == first.takes[0]
    assert run_job(job) == SpokenBatch(batch.takes, 0.0)
    assert len(spoken) == 2


def test_a_take_with_a_receipt_whose_audio_is_gone_or_changed_or_anothers_is_spoken_again(job, store):
    takes = run_job(job).takes
    gone, changed = (store.path(take.audio_sha256) for take in takes[:2])
    gone.unlink()
    changed.chmod(0o644)
    changed.write_bytes(b"noise")
    store.give_receipts({takes[2].key: store.put_bytes(b"no take at all")})
    assert spoken_takes(store, [take.key for take in takes]) == {}
    assert run_job(job).takes == takes
    assert all(store.is_whole(take.audio_sha256) for take in takes)


def test_a_receipt_that_leads_to_another_take_is_not_believed(job, store):
    first, second, _ = run_job(job).takes
    store.give_receipts({first.key: second.audio_sha256})
    assert spoken_takes(store, [first.key, second.key]) == {second.key: second}
    assert run_job(job).takes[0] == first


def test_once_the_user_asks_for_the_end_no_further_batch_is_spoken(job, monkeypatch):
    asked = iter([False, True])
    monkeypatch.setattr("tasks.stopping.requested", lambda: next(asked, True))
    batches = tuple((item,) for item in ITEMS)
    spoken = run_job(replace(job, batches=batches))
    assert [take.utterance_key for take in spoken.takes] == [item.utterance_key for item in ITEMS[:2]]
    asked = iter([True])
    assert len(run_job(replace(job, batches=batches)).takes) == 1  # what a worker was given first it finishes


class Ears:
    """Hears each recording as its text and its length."""

    digest = "ears"

    def listen(self, sounds):
        return [Hearing(f"{sound.spoken} {len(sound.audio)}", (), 1.0) for sound in sounds]


def test_a_take_that_comes_from_the_store_is_heard_as_one_that_was_just_spoken(job, settings, monkeypatch):
    monkeypatch.setattr("tasks.synthesize.render.get_listener", lambda *_: Ears())
    listening = replace(job, ears=settings.align.model, qa=job.qa.model_copy(update={"listen": "built-in"}))
    first = run_job(replace(listening, batches=listening.batches[:1]))
    assert len(first.hearings) == len(first.takes) > 0
    assert run_job(replace(listening, batches=listening.batches[:1])) == replace(first, engine_seconds=0.0)
    assert run_job(listening).hearings.keys() == {take.key for take in run_job(listening).takes}


def test_engines_are_loaded_once(settings, monkeypatch):
    fake = settings.synthesize.model_copy(update={"engine": "fake"})
    engine = get_engine(fake)
    assert get_engine(fake.model_copy(update={"voice": "other"})) is engine
    assert get_speaker(fake).engine is engine
    monkeypatch.setitem(ENGINES, "another", FAKE)
    others = ({"model": '{"max_batch": 2}'}, {"precision": "float32"}, {"device": "cpu"}, {"engine": "another"})
    for other in others:
        assert get_engine(fake.model_copy(update=other)) is not engine
    forget_engines()
    assert get_engine(fake) is not engine


def test_two_threads_load_one_engine(settings, monkeypatch):
    """Without the lock both threads find no engine, and the weights are in memory twice."""
    loaded = []

    def slow_load(model, device, precision):
        time.sleep(0.1)
        loaded.append(FakeEngine())
        return loaded[-1]

    monkeypatch.setitem(ENGINES, "fake", replace(FAKE, load=slow_load))
    fake = settings.synthesize.model_copy(update={"engine": "fake", "model": "slow"})
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(get_speaker, [fake, fake])
    forget_engines()
    assert first is second
    assert len(loaded) == 1


def test_an_engine_that_cannot_be_loaded(settings):
    with pytest.raises(ConfigError, match="fake engine"):
        get_engine(settings.synthesize.model_copy(update={"engine": "fake", "model": '{"what": 1}'}))


@pytest.mark.parametrize("hears", [True, False])
def test_a_direction_is_spoken_and_cut_out_or_the_take_is_doubtful(store, settings, monkeypatch, hears):
    class Asked(FakeEngine):
        def speak(self, requests):
            self.texts = [request.text for request in requests]
            return [replace(result, spelled=-8.0) for result in super().speak(requests)]

    monkeypatch.setattr("tasks.align.direction.listener", lambda: SlowWords(hears))
    engine = Asked()
    items = [ITEMS[0], replace(ITEMS[1], voice="ann [I am sad,]")]
    voices = RenderVoices(
        {"": latents(), "ann [I am sad,]": latents()}, SamplingSettings(), {"": "", "ann [I am sad,]": "I am sad,"}
    )
    plain, directed = render_batch(Speaker(engine), store, items, voices, settings.qa).takes
    assert engine.texts == [ITEMS[0].spoken, f"I am sad, {ITEMS[1].spoken}"]
    said = Speaker(FakeEngine()).speak([SpeechRequest(engine.texts[1], latents(), SamplingSettings(), directed.seed)])
    cut_s = (len(said[0].audio) - directed.samples) / 24_000
    assert plain.verdict is Verdict.OK
    if hears:
        assert (directed.verdict, directed.reasons) == (Verdict.OK, ())
        assert 0.75 < cut_s < 1.1  # after three words; edges are trimmed besides
        assert directed.scores["spelled_per_char"] == pytest.approx(-8 / len(engine.texts[1]), abs=1e-6)
    else:
        assert directed.verdict is Verdict.DOUBTFUL
        assert [reason for reason in directed.reasons if "its direction may still be heard" in reason]
        assert cut_s < 0.3  # nothing but the silent edges


def test_a_job_finds_directions_in_the_names_of_its_voices(job, store, monkeypatch):
    monkeypatch.setattr("tasks.align.direction.listener", SlowWords)
    ann = stored_voice(store)
    sad = directed_voice(ann, "I am sad,")
    assert sad.latents_sha256 == ann.latents_sha256 and sad.digest != ann.digest
    both = ((replace(ITEMS[0], voice="Tom", utterance_key="f" * 64),), (ITEMS[0],))  # as keys of two voices are
    job = replace(job, batches=both, voices={"": ann, "Tom": sad})
    directed, plain = run_job(pickle.loads(pickle.dumps(job))).takes
    assert directed.audio_sha256 != plain.audio_sha256


def test_samples_are_clipped_and_rounded_to_16_bits():
    audio = np.array([0.0, 0.5, -0.5, 1.0, 1.5, -1.0, -1.5], dtype=np.float32)
    with soundfile.SoundFile(io.BytesIO(encode_flac(audio, 22_050))) as file:
        assert (file.format, file.subtype, file.samplerate, file.channels) == ("FLAC", "PCM_16", 22_050, 1)
        samples = file.read(dtype="int16").astype(int)
    np.testing.assert_allclose(samples, [0, 16384, -16384, 32767, 32767, -32768, -32768], atol=1)


def test_a_job_is_spoken_by_the_engine_that_its_keys_were_made_for(job, monkeypatch):
    """Whatever this worker's own settings say: other numbers or weights give other audio under the same keys."""
    asked = []

    def lend(settings):
        asked.append((settings.engine, settings.model, settings.precision))
        return Speaker(FakeEngine())

    monkeypatch.setattr("tasks.synthesize.render.get_speaker", lend)
    monkeypatch.setattr("tasks.synthesize.render.with_model_folder", lambda settings, storage: settings)
    run_job(replace(job, precision="bfloat16"))
    assert asked == [("fake", "sound", "bfloat16")]


def test_a_receipt_is_given_for_what_lies_in_the_store_and_the_audio_comes_first(job, store, monkeypatch):
    order = []
    put = store.put_bytes
    give = store.give_receipts
    monkeypatch.setattr(type(store), "put_bytes", lambda self, data: order.append("audio") or put(data))
    monkeypatch.setattr(type(store), "give_receipts", lambda self, noted: order.append(len(noted)) or give(noted))
    run_job(replace(job, store=store))
    assert order == ["audio", 1, "audio", "audio", 2]
