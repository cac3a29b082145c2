"""What is handed on in rendering: to the checks, to the listener, into the take and its file."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from tasks.errors import OutputError, TransientError
from tasks.models.catalogue import find_model
from tasks.qa.checks import rms_dbfs
from tasks.qa.verdict import RANK
from tasks.synthesize import render
from tasks.synthesize.batches import RenderItem, RenderVoices
from tasks.synthesize.level import SPEECH_DBFS
from tasks.synthesize.render import encode_flac, render_batch, run_job
from tasks.synthesize.speaker import Speaker
from tasks.synthesize.take_tags import TAG
from tests.tasks.audio import RATE, latents, tone
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.text.notation import respelled

ITEM = RenderItem("a" * 64, "The {T AH0 M EY1 T OW0} was ripe.")
VOICES = RenderVoices({"": latents()}, SamplingSettings())


class Odd(FakeEngine):
    """Makes a known recording, three samples of which are no numbers, and says that it met its limit."""

    audio = np.concatenate([np.zeros(RATE), tone(1.0, peak=0.05), np.zeros(RATE)]).astype(np.float32)

    def speak(self, requests):
        audio = self.audio.copy()
        audio[:3] = [np.nan, np.inf, -np.inf]
        return [replace(result, audio=audio, hit_length_cap=True, rank=0.75) for result in super().speak(requests)]


@pytest.fixture
def judged(monkeypatch):
    """All that the checks were given."""
    given = []
    judge = render.judge
    monkeypatch.setattr(render, "judge", lambda *arguments: given.append(arguments) or judge(*arguments))
    return given


def test_the_checks_are_told_all_that_they_want_to_know(store, settings, judged):
    render_batch(Speaker(Odd()), store, [ITEM], VOICES, settings.qa)
    ((rendering, qa, hearing),) = judged
    assert (qa, hearing) == (settings.qa, None)
    assert respelled(ITEM.spoken) != ITEM.spoken
    assert (rendering.text, rendering.spoken) == (ITEM.spoken, respelled(ITEM.spoken))
    assert (rendering.hit_length_cap, rendering.bad_samples, rendering.may_hold_direction) == (True, 3, False)
    assert (rendering.sample_rate, len(rendering.raw), rendering.spelled) == (RATE, 3 * RATE, None)
    np.testing.assert_array_equal(rendering.raw, Odd.audio)  # what is no number is silence
    assert len(rendering.speech) / RATE == pytest.approx(1.06, abs=0.011)


def test_a_take_is_what_was_trimmed_at_the_level_of_all_takes_with_its_text_and_rank(store, settings):
    (take,) = render_batch(Speaker(Odd()), store, [ITEM], VOICES, settings.qa).takes
    assert (take.scores[RANK], take.sample_rate) == (0.75, RATE)
    data = store.read(take.audio_sha256)
    audio, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert (len(audio), rate) == (take.samples, RATE)
    middle = len(audio) // 4
    assert rms_dbfs(audio[middle:-middle]) == pytest.approx(SPEECH_DBFS, abs=0.1)
    content = json.loads(FLAC(fileobj=io.BytesIO(data))[TAG][0])
    assert content["text_sha256"] == hashlib.sha256(ITEM.spoken.encode()).hexdigest()
    assert (content["key"], content["verdict"]) == (take.key, take.verdict.value)


@pytest.fixture
def job(job):
    return replace(job, batches=((ITEM,),))


@pytest.mark.parametrize(("number", "error"), [(28, OutputError), (5, TransientError)])
def test_a_receipt_that_cannot_be_written_is_told_as_other_trouble_with_the_store(job, monkeypatch, number, error):
    def refuse(store, noted):
        raise OSError(number, "trouble")

    monkeypatch.setattr(type(job.store), "give_receipts", refuse)
    with pytest.raises(error):
        run_job(job)


def test_a_job_is_heard_by_the_listener_and_the_model_that_it_names(job, settings, monkeypatch):
    asked = []

    class Ears:
        def listen(self, sounds):
            asked.extend((sound.spoken, sound.sample_rate) for sound in sounds)
            return [None for _ in sounds]

    monkeypatch.setattr(render, "get_listener", lambda *named: asked.append(named) or Ears())
    assert run_job(job).hearings == {} and asked == []  # nobody is asked for
    job = replace(job, ears="tortoise_mini", qa=job.qa.model_copy(update={"listen": "light"}))
    run_job(replace(job, batches=((replace(ITEM, attempt=1),),)))
    assert asked == [("light", find_model(settings.storage, "tortoise_mini").path), (ITEM.spoken, RATE)]


def test_the_device_is_this_workers_own(job, monkeypatch):
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__DEVICE", "cuda:7")
    asked = []
    monkeypatch.setattr(render, "get_speaker", lambda settings: asked.append(settings.device) or Speaker(FakeEngine()))
    run_job(job)
    assert asked == ["cuda:7"]


def test_a_model_is_looked_for_in_this_workers_own_folder(job, tmp_path, monkeypatch):
    monkeypatch.setenv("TALEPRESS_STORAGE__DATA_DIR", str(tmp_path / "worker"))
    asked = []
    monkeypatch.setattr(
        render,
        "with_model_folder",
        lambda settings, storage: asked.append((settings.model, storage.models)) or settings,
    )
    run_job(job)
    assert asked == [("sound", Path(tmp_path / "worker" / "models"))]


def test_a_take_at_full_scale_is_stored_as_loud_as_it_is():
    file = io.BytesIO(encode_flac(np.array([1.0, -1.0, 0.25]), RATE))
    np.testing.assert_allclose(soundfile.read(file)[0], [1.0, -1.0, 0.25], atol=2**-15)
