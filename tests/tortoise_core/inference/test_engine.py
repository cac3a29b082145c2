"""The engine with the embedded model's weights, in both precisions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import configs
from storage.artifacts import ArtifactStore
from tasks.voices.catalogue import find_voice, read_latents
from tortoise_core.errors import ConfigError, OutOfMemoryError
from tortoise_core.inference import engine as engine_module
from tortoise_core.inference.code_stage import Chosen, Rating
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.precision import PRECISIONS
from tortoise_core.inference.presets import SamplingSettings

MINI = Path(configs.__file__).parent / "models" / "tortoise_mini"
TEXT = "It was late in the evening when he came home."


@pytest.mark.parametrize("failures", [1, 100])
def test_batches_are_halved_where_memory_runs_out(monkeypatch, failures):
    engine = load_engine(MINI, "cpu")
    tried = []

    def choose(requests, rows):
        tried.append(rows)
        if len(tried) <= failures:
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
        return [Chosen(torch.zeros(0), torch.zeros(0), True) for _ in requests]

    monkeypatch.setattr(engine._codes, "choose", choose)
    voice = {name: torch.zeros(1, width) for name, width in engine.voice_widths.items()}
    request = SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)
    if failures == 1:
        assert len(engine.speak([request])) == 1
        assert tried[1] == tried[0] // 2
    else:
        with pytest.raises(OutOfMemoryError, match="speak fewer"):
            engine.speak([request])
        assert tried[-1] == 1


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_embedded_model_speaks(tmp_path, precision):
    engine = load_engine(MINI, "cpu", precision)
    assert engine.precision == precision
    assert engine.digest == load_front_end(MINI).digest  # a voice is of a model, in whatever numbers
    store = ArtifactStore(tmp_path)
    voice = read_latents(find_voice("slt", engine.digest, store, ()), store)
    (result,) = engine.speak([SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)])
    assert result.others == ()
    assert not result.hit_length_cap
    assert 1.5 < len(result.audio) / result.sample_rate < 5
    assert 0.01 < float(np.sqrt(np.mean(result.audio**2))) < 0.5


def test_candidates_that_are_kept_are_spoken_as_well(tmp_path):
    engine = load_engine(MINI, "cpu")
    store = ArtifactStore(tmp_path)
    voice = read_latents(find_voice("slt", engine.digest, store, ()), store)
    settings = engine.settings("ultra_fast", candidates=3)
    (first,) = engine.speak([SpeechRequest("Yes.", voice, settings, seed=1)])
    other, kept = engine.speak([SpeechRequest(text, voice, settings, seed=1, keep=2) for text in ("No.", "Yes.")])
    assert kept.rank == pytest.approx(first.rank, abs=1e-3)
    np.testing.assert_allclose(kept.audio, first.audio, atol=2e-3)
    (second,) = kept.others
    assert second.rank < kept.rank and len(other.others) == 1
    assert second.audio.shape != kept.audio.shape or not np.allclose(second.audio, kept.audio, atol=1e-2)


def asked(text, **settings):
    return SpeechRequest(text, {}, SamplingSettings(**settings), seed=1)


def test_requests_of_equal_settings_are_sampled_together():
    requests = [asked("x" * (20 - number)) for number in range(10)]
    requests.insert(3, asked("a", top_k=7))
    requests.append(asked("b", candidates=1000))
    found = list(engine_module._groups(requests))
    assert found == [[0, 1, 2, 4, 5, 6, 7, 8, 9, 10], [3], [11]]


def test_what_a_take_is_told_to_be():
    chosen = Chosen(torch.zeros(3), torch.zeros(3), stopped=False, rating=Rating(2.0, -0.5))
    result = engine_module._result(np.zeros(4, np.float32), chosen)
    assert (result.sample_rate, result.hit_length_cap, result.rank, result.spelled) == (24_000, True, 1.5, -0.5)
    assert not engine_module._result(np.zeros(4, np.float32), replace(chosen, stopped=True)).hit_length_cap


@pytest.mark.parametrize("load", ["load_engine", "load_resynthesis"])
def test_a_device_is_prepared_for_its_precision_before_anything_is_loaded(monkeypatch, load):
    done = []
    monkeypatch.setattr(engine_module, "torch_device", lambda name: f"the device {name}")
    monkeypatch.setattr(engine_module, "prepare", lambda *arguments: done.append(arguments))
    monkeypatch.setattr(engine_module, "read_manifest", lambda path: f"manifest of {path}")
    for kind in ("TorToiseEngine", "Resynthesis"):
        monkeypatch.setattr(engine_module, kind, lambda *arguments: done.append(arguments))
    getattr(engine_module, load)("folder", "cuda:1", "bfloat16")
    manifest = ("manifest of folder", "the device cuda:1", "bfloat16")
    assert sorted(done, key=len) == [("the device cuda:1", "bfloat16"), manifest]
    done.clear()
    getattr(engine_module, load)("folder")
    assert ("the device auto", "float32") in done


def test_a_network_of_another_kind_is_named():
    with pytest.raises(ConfigError, match="has a Linear where a Conv1d belongs: import the model again"):
        engine_module._as(torch.nn.Conv1d, torch.nn.Linear(1, 1))


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("shapes do not match")])
def test_other_trouble_than_memory_is_not_tried_again(monkeypatch, error):
    engine = load_engine(MINI, "cpu")
    tried = []

    def choose(requests, rows):
        tried.append(rows)
        raise error

    monkeypatch.setattr(engine._codes, "choose", choose)
    voice = {name: torch.zeros(1, width) for name, width in engine.voice_widths.items()}
    with pytest.raises(type(error), match=str(error)):
        engine.speak([SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)])
    assert len(tried) == 1


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA error: out of memory")])
def test_a_stream_that_memory_is_too_short_for_is_to_be_cut_shorter(monkeypatch, error):
    engine = load_engine(MINI, "cpu")

    def choose(requests):
        raise error

    monkeypatch.setattr(engine._codes, "choose", choose)
    voice = {name: torch.zeros(1, width) for name, width in engine.voice_widths.items()}
    with pytest.raises(OutOfMemoryError, match="out of memory with one utterance: cut the text shorter"):
        next(engine.stream(SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)))


def test_settings_that_cannot_be_followed_are_refused_before_anything_is_spoken(monkeypatch):
    engine = load_engine(MINI, "cpu")
    monkeypatch.setattr(engine._codes, "choose", lambda *_: pytest.fail("something is spoken"))
    voice = {name: torch.zeros(1, width) for name, width in engine.voice_widths.items()}
    good = SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)
    for wrong, message in (
        (replace(good, settings=replace(good.settings, sampler="euler")), "unknown sampler 'euler'"),
        (replace(good, settings=object()), "another engine's"),
        (replace(good, voice={"auto": voice["auto"]}), "another model"),
    ):
        with pytest.raises(ConfigError, match=message):
            engine.speak([good, wrong])
