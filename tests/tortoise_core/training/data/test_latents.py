"""AR latents of utterances, once, into a file."""

from dataclasses import replace

import numpy as np

from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.training.data.aligned import DiffusionDataConfig
from tortoise_core.training.data.latents import compute_latents

CONFIG = DiffusionDataConfig(conditioning_frames=32)


def test_latents_are_continued_where_they_stopped_and_depend_on_the_guesses(trained, tmp_path):
    corpus, items = trained.spoken()
    items = items[:6]
    model = AutoregressiveModel(trained.recipe.networks["autoregressive"]).eval()
    model.load_state_dict(trained.weights("autoregressive"))
    compute_latents(model, items, corpus, tmp_path / "whole.f16", CONFIG)
    whole = np.fromfile(tmp_path / "whole.f16", np.float16).reshape(-1, model.config.width)
    assert len(whole) == sum(len(one.codes) for one in items)
    (tmp_path / "half.f16").write_bytes(whole.tobytes()[: whole.nbytes // 2] + b"x")
    compute_latents(model, items, corpus, tmp_path / "half.f16", CONFIG)
    assert (tmp_path / "half.f16").read_bytes() == whole.tobytes()

    compute_latents(model, items, corpus, tmp_path / "true.f16", replace(CONFIG, guessed_share=0.0))
    true = np.fromfile(tmp_path / "true.f16", np.float16).reshape(whole.shape)
    assert not np.array_equal(true, whole)
