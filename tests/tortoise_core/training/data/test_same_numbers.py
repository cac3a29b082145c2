"""Batches are the same numbers as ever: a run that goes on after an update of the program learns from what it would
have learned from. Written down for the tiny corpus of `conftest.py`.
"""

import math

import numpy as np
import pytest
import torch

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.data.aligned import AlignedInput, DiffusionDataConfig, DiffusionSampler
from tortoise_core.training.data.crops import CropConfig, CropSampler, DecodedMels
from tortoise_core.training.data.decoded_mels import DecodedConfig
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler, TrainingItem, prepare_items


def condensed(batch):
    """Two numbers of each part of a batch: its mean size, and one for which every element matters in its place."""
    found = {}
    for name, part in batch.items():
        flat = part.double().flatten()
        weights = torch.cos(1.1 * torch.arange(len(flat)).double())
        found[name] = [float(flat.abs().mean()), float(flat @ weights) / math.sqrt(len(flat))]
    return found


@pytest.fixture(scope="module")
def corpus(workspace_folder):
    return Corpus(workspace_folder / "corpus")


@pytest.fixture(scope="module")
def items(corpus):
    """Utterances with codes that no network made."""
    made = []
    for number, item in enumerate(corpus.items):
        count = item.frames // 4
        alignment = np.minimum(np.arange(count) * 4 // count, 3)
        made.append(TrainingItem(item, np.array([9, 70, 30, 4]), (7 * np.arange(count) + number) % 32, alignment))
    return made


def decoded(corpus):
    frames = np.concatenate([corpus.mel(item)[: len(corpus.mel(item)) // 4 * 4] + 1 for item in corpus.items])
    return DecodedMels(corpus.items, frames.astype(np.float16), 0.5)


def aligned(items, **parts):
    count = sum(len(one.codes) for one in items)
    latents = (np.sin(np.arange(count * 4)).reshape(count, 4)).astype(np.float16)
    return AlignedInput(items, latents, (np.arange(count) % 29).astype(np.int16), **parts)


CROPS = {"batch": 6, "frames": 32, "seed": 5}
PIECES = DiffusionDataConfig(batch=6, codes=8, conditioning_frames=60, codes_share=0.5, revoiced_share=0.5, seed=5)
BUCKETS = BucketConfig(code_limits=(16, 20, 24), positions=120, conditioning_frames=60, seed=5)
BATCHES = {
    "crops": lambda corpus, items: CropSampler(corpus, CropConfig(**CROPS)).batch(3),
    "longer crops": lambda corpus, items: CropSampler(corpus, CropConfig(**{**CROPS, "frames": 128})).batch(3),
    "varied crops": lambda corpus, items: CropSampler(
        corpus, CropConfig(**CROPS, varied_share=0.7, quieter_db=9.0)
    ).batch(4),
    "decoded crops": lambda corpus, items: CropSampler(corpus, CropConfig(**CROPS), decoded(corpus)).batch(3),
    "held out crops": lambda corpus, items: CropSampler(corpus, CropConfig(**CROPS), decoded(corpus)).validation(),
    "pieces": lambda corpus, items: DiffusionSampler(corpus, aligned(items), PIECES).batch(0),
    "pieces of others": lambda corpus, items: DiffusionSampler(corpus, aligned(items), PIECES).batch(1),
    "held out pieces": lambda corpus, items: DiffusionSampler(corpus, aligned(items), PIECES).validations()[""],
    "held out others": lambda corpus, items: DiffusionSampler(corpus, aligned(items), PIECES).validations()[
        "revoiced_"
    ],
    "pieces of codes": lambda corpus, items: DiffusionSampler(corpus, AlignedInput(items), PIECES).batch(3),
    "utterances": lambda corpus, items: BucketSampler(items, corpus, BUCKETS).batch(3),
    "more utterances": lambda corpus, items: BucketSampler(items, corpus, BUCKETS).batch(5),
    "held out utterances": lambda corpus, items: BucketSampler(items, corpus, BUCKETS).validation()[0],
    "longer held out utterances": lambda corpus, items: BucketSampler(items, corpus, BUCKETS).validation()[-1],
}

EXPECTED = {
    "crops": {
        "mel": [10.164, 0.017148],
        "wav": [0.19098, 0.00087369],
        "phones": [28.927, 5.706],
    },
    "longer crops": {
        "mel": [10.689, 0.022917],
        "wav": [0.10839, -0.00056939],
        "phones": [35.302, 4.3473],
    },
    "varied crops": {
        "mel": [10.251, -0.14663],
        "wav": [0.14213, 0.0015476],
        "phones": [5.125, -0.44398],
    },
    "decoded crops": {
        "mel": [9.3617, -0.093532],
        "wav": [0.19102, -0.0047153],
        "phones": [32.698, -0.0046496],
    },
    "held out crops": {
        "mel": [10.32, -0.12279],
        "wav": [0.19105, 0.0049388],
        "phones": [25.552, 1.4992],
    },
    "pieces": {
        "codes": [15, 2.1648],
        "aligned": [0.63208, -0.50234],
        "mel": [10.224, -0.037053],
        "voice_mel": [10.328, -0.034578],
    },
    "pieces of others": {
        "codes": [14.5, -15.783],
        "aligned": [0.63149, 0.92796],
        "mel": [10.211, -0.056692],
        "voice_mel": [10.047, -0.049105],
    },
    "held out pieces": {
        "codes": [15.5, 15.063],
        "aligned": [0.63086, 0.43327],
        "mel": [10.229, -0.067122],
        "voice_mel": [10.201, -0.018934],
    },
    "held out others": {
        "codes": [12.021, 0.49128],
        "aligned": [12.021, 0.49128],
        "mel": [10.237, -0.12993],
        "voice_mel": [10.2, -0.12034],
    },
    "pieces of codes": {
        "codes": [15.5, -3.3729],
        "aligned": [15.5, -3.3729],
        "mel": [10.106, -0.05583],
        "voice_mel": [10.197, 0.047184],
    },
    "utterances": {
        "text": [28.25, -1.5557],
        "text_length": [4, -0.24477],
        "codes": [14.542, 2.2926],
        "code_length": [22.5, -0.41995],
        "alignment": [1.3438, 0.11314],
        "voice_mel": [10.044, -0.0041816],
    },
    "more utterances": {
        "text": [28.25, 18.209],
        "text_length": [4, -0.7687],
        "codes": [14.67, -4.3722],
        "code_length": [19, -3.7771],
        "alignment": [1.37, -0.0060967],
        "voice_mel": [10.118, -0.065603],
    },
    "held out utterances": {
        "text": [28.25, 18.209],
        "text_length": [4, -0.7687],
        "codes": [11.1, -7.0235],
        "code_length": [11.8, -4.8784],
        "alignment": [1.0375, -0.69754],
        "voice_mel": [9.8743, 0.069121],
    },
    "longer held out utterances": {
        "text": [28.25, 9.5734],
        "text_length": [4, 4],
        "codes": [14.25, 1.623],
        "code_length": [23, 23],
        "alignment": [1.375, -0.26608],
        "voice_mel": [10.138, -0.16401],
    },
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_what_it_always_was(corpus, items, name):
    found = condensed(BATCHES[name](corpus, items))
    assert list(found) == list(EXPECTED[name])
    for part, expected in EXPECTED[name].items():
        assert found[part] == pytest.approx(expected, rel=1e-3, abs=2e-3), (
            part
        )  # processors round logarithms of next to nothing otherwise


def test_short_rows_alone_are_drawn_at_first(corpus, items):
    config = BucketConfig(code_limits=(16, 88, 96), positions=120, conditioning_frames=32)
    late = BucketSampler([*items, *(longer(one) for one in items)], corpus, config)
    config = BucketConfig(code_limits=(16, 88, 96), positions=120, conditioning_frames=32, short_first_steps=30)
    early = BucketSampler([*items, *(longer(one) for one in items)], corpus, config)
    assert {early.batch(step)["codes"].shape[1] for step in range(30)} == {16, 88}
    assert {late.batch(step)["codes"].shape[1] for step in range(30)} == {16, 88, 96}
    assert 96 in {early.batch(step)["codes"].shape[1] for step in range(30, 60)}


def longer(one):
    """The same utterance, as if it had four times as many codes."""
    return TrainingItem(one.item, one.tokens, np.tile(one.codes, 9)[:90], np.tile(one.alignment, 9)[:90])


def test_a_batch_has_as_many_rows_as_its_positions_allow(corpus, items):
    sampler = BucketSampler(items, corpus, BUCKETS)
    assert [sampler.rows(bucket) for bucket in range(3)] == [120 // (4 + 16), 120 // (4 + 20), 120 // (4 + 24)]
    few = BucketSampler(items, corpus, BucketConfig(code_limits=(24,), positions=1))
    assert few.rows(0) == 2


def test_an_utterance_may_be_as_long_as_a_piece_and_no_shorter(corpus, items):
    longest = max(len(one.codes) for one in items if one.item.text == "Nate.")
    config = DiffusionDataConfig(batch=2, codes=longest, conditioning_frames=32)
    assert DiffusionSampler(corpus, AlignedInput(items), config).validations()[""]["codes"].shape == (2, longest)
    with pytest.raises(ConfigError, match="0 to validate on"):
        DiffusionSampler(corpus, AlignedInput(items), DiffusionDataConfig(codes=longest + 1))


def test_codes_are_made_once_and_added_to(corpus, tmp_path):
    torch.manual_seed(0)
    sizes = DiscreteVAEConfig(channels=100, hidden=8, res_blocks=1, codes=16, code_dim=4)
    dvae = DiscreteVAE(sizes).eval()
    prepare_items(corpus, dvae, tmp_path / "codes.npy")
    whole = np.load(tmp_path / "codes.npy")
    assert whole.dtype == np.int16 and len(whole) == sum(item.frames // 4 for item in corpus.items)
    np.save(tmp_path / "codes.npy", np.concatenate([whole[: len(whole) // 2] * 0 + 3]))
    again = prepare_items(corpus, dvae, tmp_path / "codes.npy")
    assert all((one.codes == 3).all() for one in again[:40])  # what the file has is believed
    assert np.array_equal(again[-1].codes, whole[-len(again[-1].codes) :])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codes.npy"]
    for one in again:
        assert one.tokens.tolist() == again[0].tokens.tolist() or one.item.text == "Nate."
        assert set(one.alignment) <= set(range(len(one.tokens))) and one.codes.dtype == np.int64


def test_what_a_recipe_need_not_say():
    assert CropConfig() == CropConfig(64, 128, 0, 0.0, 0.0)
    assert BucketConfig() == BucketConfig((40, 64, 88, 112, 144, 184, 240), 2_600, 192, 0, 0)
    assert DiffusionDataConfig() == DiffusionDataConfig(16, 32, 192, 0.7, 100_000, 0.0, 0.0, 0)
    assert DecodedConfig() == DecodedConfig(0.5, 0.25, "fast")
