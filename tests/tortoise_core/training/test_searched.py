"""Codes found by decoding, in the decoder's training."""

import numpy as np
import torch

from tortoise_core.models.code_search import search_codes
from tortoise_core.training.acoustic_stages import VALIDATION_ITEMS
from tortoise_core.training.diffusion_stage import AlignedInput, DiffusionDataConfig, DiffusionSampler
from tortoise_core.training.speech_data import compute_searched


def test_each_utterance_has_the_codes_of_copy_synthesis_and_work_is_continued(spoken, tmp_path):
    corpus, dvae, items = spoken
    compute_searched(dvae, items, corpus, tmp_path / "whole.i16", 4)
    whole = np.fromfile(tmp_path / "whole.i16", np.int16)
    last = items[-1]
    mel = torch.from_numpy(corpus.mel(last.item)[: 4 * len(last.codes)].T)[None]
    assert np.array_equal(whole[-len(last.codes) :], search_codes(dvae, mel, 4)[0])
    assert len(whole) == sum(len(one.codes) for one in items)
    (tmp_path / "half.i16").write_bytes(whole.tobytes()[: len(whole)] + b"\0")
    compute_searched(dvae, items, corpus, tmp_path / "half.i16", 4)
    assert np.array_equal(np.fromfile(tmp_path / "half.i16", np.int16), whole)


def test_the_decoder_is_told_them_where_they_were_made(spoken):
    corpus, _, items = spoken
    counts = [len(one.codes) for one in items]
    some = sum(counts[: (len(items) - VALIDATION_ITEMS) // 2])  # of the half of those that are trained on
    aligned = AlignedInput(items, revoiced=np.full(sum(counts), 14), searched=np.full(some, 15))
    config = DiffusionDataConfig(
        batch=16, codes=8, conditioning_frames=32, codes_share=1.0, revoiced_share=0.2, searched_share=0.5
    )
    batches = [DiffusionSampler(corpus, aligned, config).batch(step)["aligned"] for step in range(60)]
    rows = torch.cat(batches)
    share = [float((rows == code).all(1).float().mean()) for code in (14, 15)]
    assert 0.15 < share[0] < 0.25  # all utterances have codes of another reader
    assert 0.1 < share[1] < 0.3  # 0.8 * 0.5 of about half of them
    assert np.array_equal(aligned.codes(0, 1, 3, told="encoder"), items[0].codes[1:4])
    assert np.array_equal(aligned.codes(len(items) - 1, 0, 3, told="searched"), items[-1].codes[:3])
