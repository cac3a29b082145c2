"""The same sentence by another voice, in the timing of the corpus."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.corpus.teachers import Phone
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.data import revoiced
from tortoise_core.training.data.aligned import AlignedInput, DiffusionDataConfig, DiffusionSampler
from tortoise_core.training.data.revoiced import compute_revoiced, retime
from tortoise_core.training.data.utterances import prepare_items
from tortoise_core.training.loop import hash_seed

FRAME_S = 256 / 24_000


def timed(*phones):
    """Phones by name and length in frames."""
    ends = np.cumsum([frames for _, frames in phones]) * FRAME_S
    return [Phone(name, float(end)) for (name, _), end in zip(phones, ends, strict=True)]


def test_a_reading_is_moved_until_its_phones_lie_where_they_shall():
    reading = timed(("pau", 8), ("n", 10), ("ow", 30), ("pau", 40), ("y", 6), ("eh", 20), ("s", 16), ("pau", 10))
    wanted = timed(("pau", 12), ("n", 20), ("ow", 20), ("y", 12), ("eh", 12), ("s", 32), ("pau", 12))
    mel = np.repeat(np.arange(8, dtype=np.float32), [8, 10, 30, 40, 6, 20, 16, 10])[:, None].repeat(3, 1)
    moved = retime(mel, reading, wanted, 120)
    assert moved.shape == (120, 3) and moved.dtype == np.float32
    said = np.repeat([0, 1, 2, 4, 5, 6, 7], [12, 20, 20, 12, 12, 32, 12])
    off = np.flatnonzero(np.abs(moved[:, 0] - said) > 0.01)
    borders = np.cumsum([12, 20, 20, 12, 12, 32])
    assert all(min(abs(frame + 0.5 - borders)) <= 1.5 for frame in off)  # but for a frame on either side
    assert np.array_equal(retime(mel, reading, reading, len(mel)), mel)


def test_a_reading_of_other_words_is_not_used():
    reading = timed(("n", 10), ("ow", 30))
    assert retime(np.zeros((40, 3), np.float32), reading, timed(("y", 10), ("eh", 10), ("s", 20)), 40) is None
    assert retime(np.zeros((40, 3), np.float32), reading, timed(("pau", 40)), 40) is None


@pytest.fixture
def spoken(workspace_folder, tmp_path):
    corpus = Corpus(workspace_folder / "corpus")
    torch.manual_seed(0)
    sizes = DiscreteVAEConfig(channels=100, hidden=16, res_blocks=1, codes=16, code_dim=4, normalize_codes=True)
    dvae = DiscreteVAE(replace(sizes, mel_shift=-6.0, mel_scale=3.0)).eval()
    for weight in dvae.encoder.parameters():
        weight.data *= 2  # untrained, it would give one code for everything
    return corpus, dvae, prepare_items(corpus, dvae, tmp_path / "codes.npy")


def test_each_utterance_has_codes_of_another_reader_and_work_is_continued(spoken, teacher, tmp_path):
    _, dvae, items = spoken
    compute_revoiced(dvae, items, tmp_path / "whole.i16")
    whole = np.fromfile(tmp_path / "whole.i16", np.int16)
    own = np.concatenate([one.codes for one in items])
    assert whole.shape == own.shape and set(whole) <= set(range(16))
    assert (whole != own).mean() > 0.3  # it is another sound
    (tmp_path / "half.i16").write_bytes(whole.tobytes()[: len(own)] + b"\0")
    compute_revoiced(dvae, items, tmp_path / "half.i16")
    assert np.array_equal(np.fromfile(tmp_path / "half.i16", np.int16), whole)
    with pytest.raises(ConfigError, match="no other voice"):
        compute_revoiced(dvae, [one for one in items if one.item.voice == "slt"], tmp_path / "one.i16")


def test_the_decoder_is_told_other_readers_in_its_share_of_the_rows(spoken):
    corpus, _, items = spoken
    count = sum(len(one.codes) for one in items)
    aligned = AlignedInput(items, np.zeros((count, 4), np.float16), np.full(count, 99, np.int16))
    config = DiffusionDataConfig(batch=16, codes=8, conditioning_frames=32, codes_share=0.5, revoiced_share=0.5)

    def rows(config):
        batches = [DiffusionSampler(corpus, aligned, config).batch(step) for step in range(40)]
        told = [b for b in batches if b["aligned"].dim() == 2]
        assert all(torch.equal(b["aligned"], b["codes"]) for b in told)
        of_latents = [b["codes"] for b in batches if b["aligned"].dim() == 3]
        assert not (torch.cat(of_latents) == 99).all(1).any()  # the AR model speaks with the voice's own codes
        return (torch.cat([b["codes"] for b in told]) == 99).all(1).float().mean()

    assert 0.35 < rows(config) < 0.65
    assert rows(replace(config, revoiced_share=0.0)) == 0


def test_held_out_figures_tell_other_readers_apart(spoken):
    corpus, _, items = spoken
    count = sum(len(one.codes) for one in items)
    config = DiffusionDataConfig(batch=4, codes=8, conditioning_frames=32)
    latents = np.zeros((count, 4), np.float16)
    others = np.full(count, 15, np.int16)
    assert list(DiffusionSampler(corpus, AlignedInput(items, latents), config).validations()) == [""]
    batches = DiffusionSampler(corpus, AlignedInput(items, latents, others), config).validations()
    assert batches[""]["aligned"].shape == (4, 8, 4)
    assert (batches["revoiced_"]["aligned"] == 15).all()


@pytest.mark.parametrize("begun", [0, 5])
def test_who_reads_an_utterance_follows_from_its_number_and_what_is_read_otherwise_keeps_its_codes(
    spoken, tmp_path, monkeypatch, begun
):
    _, dvae, items = spoken
    voices = ("slt", "rms", "awb")
    items = [replace(one, item=replace(one.item, voice=voices[n % 3])) for n, one in enumerate(items[:12])]
    read = []

    class Reader:
        def __init__(self, voice):
            self.voice = voice

        def speak(self, text):
            read.append(self.voice)
            return np.zeros(4_096, np.float32), (Phone("zh", 0.1),)

    monkeypatch.setattr(revoiced, "teacher_of", Reader)
    own = np.concatenate([one.codes for one in items]).astype(np.int16)
    done = sum(len(one.codes) for one in items[:begun])
    (tmp_path / "a.i16").write_bytes(own[:done].tobytes() + b"\1" * (5 if begun else 0))
    compute_revoiced(dvae, items, tmp_path / "a.i16")
    others = [sorted(set(voices) - {one.item.voice}) for one in items]
    assert read == [pair[hash_seed(number, 3) % 2] for number, pair in enumerate(others)][begun:]
    assert len(set(read)) == 3
    assert np.array_equal(np.fromfile(tmp_path / "a.i16", np.int16), own)
