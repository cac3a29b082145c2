"""The engine with the embedded model's weights, in both precisions."""

from pathlib import Path

import numpy as np
import pytest
import torch

import configs
from storage.artifacts import ArtifactStore
from tasks.voices.catalogue import find_voice, read_latents
from tortoise_core.errors import OutOfMemoryError
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.precision import PRECISIONS

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
