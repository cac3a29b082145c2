"""What a trained workspace is written as: every network once, in half precision, and the teachers' voices."""

from types import SimpleNamespace

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file

from tortoise_core.checkpoints import read_manifest
from tortoise_core.training import export
from tortoise_core.training.export import export_model
from tortoise_core.training.stages.registry import STAGES


def test_a_model_has_the_networks_of_the_stages_that_export_in_half_precision(trained, tmp_path, monkeypatch):
    voices = []
    monkeypatch.setattr(export, "_export_voices", lambda workspace, model: voices.append(model))
    export_model(trained, tmp_path / "model")
    assert voices == [tmp_path / "model"]
    manifest = read_manifest(tmp_path / "model")
    exporting = {entry.role: name for name, entry in STAGES.items() if entry.exports}
    assert set(manifest.networks) == set(exporting) and manifest.name == "tiny"
    assert manifest.extra["speech"] == dict(trained.recipe.speech)
    assert manifest.extra["presets"] == dict(trained.recipe.presets)
    for role, stage in exporting.items():
        tensors = load_file(manifest.path(role))
        kept = trained.weights(stage)
        assert tensors.keys() == kept.keys()
        for name, tensor in tensors.items():
            wanted = kept[name].half() if kept[name].is_floating_point() else kept[name]
            assert torch.equal(tensor, wanted), (role, name)


class Engine:
    """Makes a voice of the lengths of its clips."""

    def __init__(self):
        self.heard = []

    def voice_from_clips(self, clips):
        self.heard.append([soundfile.read(clip, dtype="float32") for clip in clips])
        return {"auto": np.full((1, 3), len(clips), np.float32)}


def test_a_voice_is_made_of_its_first_eight_utterances_of_half_a_second(trained, tmp_path, monkeypatch):
    engine = Engine()
    asked = []
    monkeypatch.setattr(export, "load_engine", lambda *arguments: asked.append(arguments) or engine)
    export._export_voices(trained, tmp_path)
    assert asked == [(tmp_path, "cpu")]
    corpus = trained.corpus()
    assert any(item.samples < 12_000 for item in corpus.items[:16])
    for voice, heard in zip(("rms", "slt"), engine.heard, strict=True):
        expected = [item for item in corpus.items if item.voice == voice and item.samples >= 12_000][:8]
        assert len(heard) == 8 and {rate for _, rate in heard} == {24_000}
        for item, (wave, _) in zip(expected, heard, strict=True):
            np.testing.assert_array_equal(wave, corpus.audio(item))
    written = {path.name: load_file(path) for path in (tmp_path / "voices").iterdir()}
    assert set(written) == {"rms.safetensors", "slt.safetensors"}
    assert written["slt.safetensors"]["auto"].tolist() == [[8.0] * 3]


def test_an_utterance_of_exactly_half_a_second_is_long_enough():
    items = [SimpleNamespace(voice="slt", samples=samples) for samples in (11_999, 12_000)]
    corpus = SimpleNamespace(items=items, audio=lambda item: np.zeros(item.samples, np.float32))
    engine = Engine()
    export._voice_latents(engine, corpus, "slt")
    assert [len(wave) for wave, _ in engine.heard[0]] == [12_000]
