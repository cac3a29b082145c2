"""Batches of text and codes."""

import numpy as np
import torch

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler, prepare_items


def test_batches_depend_on_the_step_alone_and_never_condition_on_themselves(workspace_folder, tmp_path):
    corpus = Corpus(workspace_folder / "corpus")
    torch.manual_seed(0)
    dvae = DiscreteVAE(DiscreteVAEConfig(channels=100, hidden=8, res_blocks=1, codes=16, code_dim=4)).eval()
    items = prepare_items(corpus, dvae, tmp_path / "codes.npy")
    assert len(items) == len(corpus.items)
    again = prepare_items(corpus, dvae, tmp_path / "codes.npy")
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(items, again, strict=True))
    config = BucketConfig(positions=200, code_limits=(16, 24), conditioning_frames=32)
    first = BucketSampler(items, corpus, config)
    second = BucketSampler(items, corpus, config)
    for step in (0, 7, 3):
        one = first.batch(step)
        two = second.batch(step)
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert (one["code_length"] <= one["codes"].shape[1]).all()
        assert one["voice_mel"].shape[1:] == (100, 32)
    assert not torch.equal(first.batch(1)["codes"], first.batch(2)["codes"])


def test_the_voice_comes_from_another_utterance_of_the_same_voice(trained, monkeypatch):
    corpus, items = trained.spoken()
    few = [next(one for one in items if one.item.voice == voice) for voice in ("slt", "rms")] * 2
    few[2:] = [[one for one in items if one.item.voice == voice][1] for voice in ("slt", "rms")]
    held_out = next(one for one in items if one.item.text == "Nate.")
    sampler = BucketSampler([*few, held_out], corpus, BucketConfig(conditioning_frames=32))
    read = []
    mel = corpus.mel
    monkeypatch.setattr(corpus, "mel", lambda item: read.append(item) or mel(item))
    for step in range(20):
        for one in few:
            sampler._voice_clip(one.item, 32, np.random.default_rng(step))
            assert read[-1].voice == one.item.voice and read[-1] != one.item
