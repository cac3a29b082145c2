"""The diffusion decoder's mels of a corpus: in whose voice, of which input, by which seed."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.training.data.aligned import AlignedInput
from tortoise_core.training.data.decoded_mels import DecodedConfig, compute_decoded
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import hash_seed


class Stage:
    """Makes mels that tell what they were made of, one utterance a batch."""

    def __init__(self):
        self.seen = []
        weight = SimpleNamespace(weight=torch.zeros(1))
        config = SimpleNamespace(in_channels=2)
        self.decoder = SimpleNamespace(config=config, code_embedding=weight, conditioning_latent=self.latent)

    def latent(self, mel):
        assert mel.shape[1] == 100
        return mel.mean((1, 2))[:, None].expand(-1, 3)

    def like_lengths(self, chosen):
        order = sorted(range(len(chosen)), key=lambda n: len(chosen[n].codes))
        return [[n] for n in order]

    def mels(self, requests, chosen, generators):
        ((request, row, generator),) = zip(requests, chosen, generators, strict=True)
        assert request.settings == SamplingSettings(top_k=3)
        assert generator.initial_seed() == derived_seed(request.seed, "diffusion", 0)
        self.seen.append((request.seed, row.aligned.dim(), float(request.voice["diffusion"][0, 0])))
        return [torch.full((2, 4 * len(row.codes)), float(request.seed))]


@pytest.fixture
def corpus(workspace_folder):
    return Corpus(workspace_folder / "corpus")


@pytest.mark.parametrize("begun", [False, True])
def test_every_utterance_in_the_voice_of_its_speakers_first_clips(corpus, tmp_path, begun):
    items = [
        TrainingItem(item, np.array([1]), np.arange(item.frames // 4), np.zeros(1, np.int64))
        for item in corpus.items[:70]
    ]
    count = sum(len(one.codes) for one in items)
    aligned = AlignedInput(items, np.zeros((count, 3), np.float16))
    path = tmp_path / "decoded.f16"
    done = 3 if begun else 0
    if begun:
        frames = 4 * sum(len(one.codes) for one in items[:3])
        path.write_bytes(np.full((frames, 2), 9, np.float16).tobytes() + b"half of the fourth")
    stage = Stage()
    compute_decoded(stage, corpus, aligned, SamplingSettings(top_k=3), DecodedConfig(codes_share=0.3), path)
    made = np.fromfile(path, np.float16).reshape(-1, 2)
    expected = [np.full(4 * len(one.codes), n if n >= done else 9) for n, one in enumerate(items)]
    assert np.array_equal(made[:, 0], np.concatenate(expected))
    voices = {
        voice: float(np.mean([corpus.mel(item).mean() for item in corpus.items if item.voice == voice][:8]))
        for voice in ("slt", "rms")
    }
    assert sorted(seed for seed, _, _ in stage.seen) == list(range(done, 70))
    for seed, kind, voice in stage.seen:
        as_codes = np.random.default_rng(hash_seed(seed, 2)).random() < 0.3
        assert kind == (1 if as_codes else 2)
        assert voice == pytest.approx(voices[items[seed].item.voice], abs=1e-3)
