"""Batches of text and codes."""

import numpy as np
import pytest
import torch

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler, TrainingItem, prepare_items


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


def made(item, tokens, codes):
    """An utterance of so many tokens and codes."""
    return TrainingItem(item, np.arange(1, tokens + 1), np.arange(codes) % 32, np.zeros(codes, dtype=np.int64))


@pytest.fixture
def kinds(workspace_folder):
    """Items to train on, and held-out ones."""
    corpus = Corpus(workspace_folder / "corpus")
    return corpus, *([item for item in corpus.items if item.text == text] for text in ("Note.", "Nate."))


def test_each_bucket_is_as_wide_as_its_own_texts_and_drawn_as_often_as_it_has_utterances(kinds):
    corpus, train, held_out = kinds
    items = [made(item, 4, 10) for item in train[:30]] + [made(item, 9, 20) for item in train[30:60]]
    config = BucketConfig(code_limits=(12, 24), positions=132, conditioning_frames=4)
    sampler = BucketSampler([*items, made(held_out[0], 50, 10)], corpus, config)
    assert [sampler.rows(bucket) for bucket in (0, 1)] == [132 // (4 + 12), 132 // (9 + 24)]
    batches = [sampler.batch(step) for step in range(150)]
    shapes = [(tuple(batch["text"].shape), tuple(batch["codes"].shape)) for batch in batches]
    assert set(shapes) == {((8, 4), (8, 12)), ((4, 9), (4, 24))}
    few = shapes.count(((8, 4), (8, 12))) / len(shapes)
    assert 0.25 < few < 0.42  # twice as many rows, so half as often: a third


def test_held_out_utterances_are_those_that_fit_a_bucket_and_no_more_than_16_of_each(kinds):
    corpus, train, held_out = kinds
    config = BucketConfig(code_limits=(12, 24), positions=132, conditioning_frames=4)
    items = [made(item, 4, 10) for item in train[:20]] + [made(item, 9, 20) for item in train[20:40]]
    sizes = [(4, 10), (5, 10), (1, 12), (4, 13), (9, 24), (10, 24), (9, 25)]
    sampler = BucketSampler([*items, *(made(held_out[0], *size) for size in sizes)], corpus, config)
    lengths = [
        list(zip(batch["text_length"].tolist(), batch["code_length"].tolist(), strict=True))
        for batch in sampler.validation()
    ]
    assert lengths == [[(4, 10), (1, 12)], [(4, 13), (9, 24)]]
    many = [made(held_out[0], 1 + number % 4, 12 - number // 4) for number in range(20)]
    (batch,) = BucketSampler([*items, *many], corpus, config).validation()
    assert batch["text_length"].tolist() == [1, 2, 3, 4] * 4 and batch["code_length"].tolist()[::4] == [12, 11, 10, 9]
