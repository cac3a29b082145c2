"""The engine with the embedded model's weights, in both precisions."""

from pathlib import Path

import numpy as np
import pytest

import configs
from storage.artifacts import ArtifactStore
from tasks.voices.catalogue import find_voice, read_latents
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.inference.interface import SpeechRequest

MINI = Path(configs.__file__).parent / "models" / "tortoise_mini"
TEXT = "It was late in the evening when he came home."


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_the_embedded_model_speaks(tmp_path, precision):
    engine = load_engine(MINI, "cpu", precision)
    assert engine.precision == precision
    assert engine.digest == load_front_end(MINI).digest  # a voice is of a model, in whatever numbers
    store = ArtifactStore(tmp_path)
    voice = read_latents(find_voice("slt", engine.digest, store, ()), store)
    (result,) = engine.speak([SpeechRequest(TEXT, voice, engine.settings("ultra_fast"), seed=1)])
    assert not result.hit_length_cap
    assert 1.5 < len(result.audio) / result.sample_rate < 5
    assert 0.01 < float(np.sqrt(np.mean(result.audio**2))) < 0.5
