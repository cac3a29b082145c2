"""The vocoder goes on with mels that the diffusion decoder makes."""

from dataclasses import replace

import numpy as np
import torch

from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.training.data.decoded_mels import DecodedConfig
from tortoise_core.training.stages import vocoder_decoded
from tortoise_core.training.stages.registry import STAGES


def build(workspace, stage):
    return STAGES[stage].build(workspace, workspace.recipe.stages[stage])


def test_the_vocoder_goes_on_with_what_the_decoder_makes(trained):
    stage = build(trained, "vocoder_decoded")
    before = trained.checkpoint("vocoder").modules["discriminator"][0]
    assert all(torch.equal(value, before[name]) for name, value in stage.discriminator.state_dict().items())
    plain = build(trained, "vocoder")
    decoded = stage._crops._decoded
    spoken = trained.spoken()[1]
    assert len(decoded.frames) == 4 * sum(len(one.codes) for one in spoken)
    for number in (0, 1, len(spoken) - 1):
        made = decoded.mel(number)
        own = stage._crops.corpus.mel(decoded.items[number])
        assert made.shape == (len(own) // 4 * 4, 100) and np.isfinite(made).all()
        assert not np.allclose(made, own[: len(made)], atol=0.1)
    batches = [stage.batch(step) for step in range(4)]
    apart = torch.cat([(b["mel"] - plain._crops._to_mel(b["wav"])[..., :32]).abs().mean((1, 2)) for b in batches])
    assert 0.2 < float((apart > 1).float().mean()) < 0.8  # half of the pieces
    own = plain._crops.validation()
    assert all(torch.equal(value, own[name]) for name, value in stage._crops.validation().items())


def test_decoding_is_continued_where_it_stopped(trained):
    build(trained, "vocoder_decoded")
    (path,) = trained.folder.glob("decoded-*.f16")
    whole = np.fromfile(path, np.float16)
    path.write_bytes(whole[: len(whole) // 2].tobytes() + b"half")
    build(trained, "vocoder_decoded")
    again = np.fromfile(path, np.float16)
    np.testing.assert_array_equal(again[: len(whole) // 3], whole[: len(whole) // 3])
    np.testing.assert_allclose(again, whole, atol=0.05)  # in other batches, other rounding


def test_decoded_mels_are_those_of_the_weights_that_there_are(trained, monkeypatch):
    """Trained on, the decoder makes other mels, and the vocoder must not learn from the old ones."""
    made = []
    checkpoint = type(trained).checkpoint
    items = trained.spoken()[1][:3]
    monkeypatch.setattr(vocoder_decoded, "compute_decoded", lambda *arguments: made.append(arguments))
    monkeypatch.setattr(vocoder_decoded, "latents_of", lambda *arguments: arguments[2])
    monkeypatch.setattr(vocoder_decoded.np, "memmap", lambda path, **_: np.zeros(200, np.float16))
    for step in (4, 8):
        steps = {"diffusion": step}
        monkeypatch.setattr(
            type(trained),
            "checkpoint",
            lambda own, stage, steps=steps: replace(checkpoint(own, stage), step=steps.get(stage, 99)),
        )
        assert vocoder_decoded._decoded_of(trained, "corpus", items, DecodedConfig(share=0.1)).shape == (2, 100)
    assert [arguments[-1] for arguments in made] == [trained.folder / f"decoded-{step}.f16" for step in (4, 8)]
    stage, corpus, aligned, settings, config, _ = made[0]
    assert (corpus, aligned.items, aligned.latents, config.share) == ("corpus", items, items, 0.1)
    assert settings == SamplingSettings(**trained.recipe.presets["fast"])
    kept = checkpoint(trained, "diffusion").average
    assert all(torch.equal(value, kept[name]) for name, value in stage.decoder.state_dict().items())
