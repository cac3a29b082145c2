"""AR latents of utterances, once, into a file."""

from dataclasses import replace

import numpy as np
import torch

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.inference.logits import DecodingSettings, process_logits
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.training.data import latents
from tortoise_core.training.data.aligned import DiffusionDataConfig
from tortoise_core.training.data.latents import compute_latents
from tortoise_core.training.loop import hash_seed

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
    tokens, codes = (torch.from_numpy(array)[None] for array in (items[0].tokens, items[0].codes))
    clip = torch.from_numpy(corpus.mel(items[0].item)[:32].T)[None]
    with torch.inference_mode():
        expected = model.latents(model.conditioning(normalize_mel(clip)), tokens, codes)[0].numpy()
    np.testing.assert_allclose(true[: len(expected)], expected, atol=2e-3)  # of the true codes, where none is guessed
    assert not np.array_equal(true, whole)


def test_guesses_are_drawn_as_inference_draws_them(monkeypatch, trained):
    """Of the fifty likeliest codes, by a generator of the utterance, at a cool temperature, and never a stop."""
    model = AutoregressiveModel(trained.recipe.networks["autoregressive"]).eval()
    asked = []

    def remembered(logits, spoken, settings):
        asked.append((logits.shape, bool(spoken.any()), settings))
        return process_logits(logits, spoken, settings)

    monkeypatch.setattr(latents, "process_logits", remembered)
    states = torch.randn(1, 5, 32)
    with torch.inference_mode():
        drawn = latents._guess_codes(model, states, torch.Generator().manual_seed(3))
        again = latents._guess_codes(model, states, torch.Generator().manual_seed(3))
    settings = DecodingSettings(temperature=0.7, top_k=50, top_p=0.8, repetition_penalty=1.0)
    assert asked[0] == (torch.Size([5, 32]), False, settings)
    assert drawn.shape == (1, 5) and torch.equal(drawn, again)


def test_guesses_are_drawn_by_the_seed_of_the_recipe_in_the_voice_of_the_utterances_beginning(
    monkeypatch, trained, tmp_path
):
    corpus, items = trained.spoken()
    model = AutoregressiveModel(trained.recipe.networks["autoregressive"]).eval()
    seeds = []
    clips = []

    def guess(model, states, generator):
        seeds.append(generator.initial_seed())
        return torch.zeros(states.shape[:2], dtype=torch.long)

    monkeypatch.setattr(latents, "_guess_codes", guess)
    monkeypatch.setattr(latents, "normalize_mel", lambda mel: (clips.append(mel[0].numpy()), normalize_mel(mel))[1])
    compute_latents(model, items[:3], corpus, tmp_path / "a.f16", replace(CONFIG, seed=9, conditioning_frames=130))
    assert seeds == [hash_seed(9, number) for number in range(3)]
    for clip, one in zip(clips, items, strict=False):  # a short one is said again and again
        np.testing.assert_array_equal(clip, np.tile(corpus.mel(one.item).T, 4)[:, :130])
