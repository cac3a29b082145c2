"""Whether TorToise spoke a recording, asked of a small network in a model folder."""

import numpy as np
import pytest
import soundfile
import torch

from tortoise_core.audio.load import load_audio
from tortoise_core.checkpoints import write_manifest, write_network
from tortoise_core.errors import ConfigError
from tortoise_core.inference.detection import LONGEST_CLIP_S, load_detector
from tortoise_core.models.classifier import ClassifierConfig, TortoiseClassifier
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig

SMALL = ClassifierConfig(channels=8, stages=2, embedding=16, attention_blocks=1, heads=2, dropout=0.5)
SPELLER = CodeSpellerConfig(text_tokens=5, code_tokens=7, width=16, layers=1)


def test_a_recording_is_heard_from_its_start_at_24_khz(tmp_path):
    torch.manual_seed(0)
    network = TortoiseClassifier(SMALL).eval()
    write_manifest(
        tmp_path, "small", {"classifier": write_network(tmp_path, "classifier", SMALL, network.state_dict())}
    )
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, 0.1 * np.random.default_rng(0).standard_normal(16_000), 16_000, subtype="FLOAT")
    found = load_detector(tmp_path, "cpu").probability(clip)
    expected = network(load_audio(clip, 24_000)[None]).softmax(-1)[0, 0].detach()
    assert found == pytest.approx(float(expected), abs=1e-5) and 0 < found < 1
    assert pytest.approx(9.1667, abs=1e-3) == LONGEST_CLIP_S


def test_a_model_without_a_detector_says_where_there_is_one(tmp_path):
    entry = write_network(tmp_path, "classifier", SPELLER, CodeSpeller(SPELLER).state_dict())
    write_manifest(tmp_path, "small", {"other": entry})
    with pytest.raises(ConfigError, match=r"model small has no classifier .* with its classifier\.pth"):
        load_detector(tmp_path, "cpu")
    write_manifest(tmp_path, "small", {"classifier": entry})
    with pytest.raises(ConfigError, match="model small has a CodeSpeller as its classifier: import it again"):
        load_detector(tmp_path, "cpu")
