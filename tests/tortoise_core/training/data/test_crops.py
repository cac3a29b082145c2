"""Pieces of mel and waveform."""

from dataclasses import replace

import numpy as np
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.corpus import Corpus, CorpusItem, build_corpus
from tortoise_core.corpus.teachers import PHONES, Phone
from tortoise_core.training.data.crops import CropConfig, CropSampler, DecodedMels, phones_at


def test_a_varied_piece_is_other_speech_with_the_mel_that_belongs_to_it(teacher, tmp_path):
    build_corpus(tmp_path / "c", ["No no no no."] * 79 + ["Nate."], ("slt",), hours=90 / 3600)
    corpus = Corpus(tmp_path / "c")
    whole = CropSampler(corpus, CropConfig(batch=8, frames=16)).batch(3)
    varied = CropSampler(corpus, CropConfig(batch=8, frames=16, varied_share=1.0, quieter_db=20.0)).batch(3)
    assert varied["mel"].shape == whole["mel"].shape == (8, 100, 16)
    assert varied["wav"].shape == whole["wav"].shape == (8, 16 * 256)
    for batch in (whole, varied):  # frames far enough from the edges hear nothing else
        again = MelSpectrogram24k()(batch["wav"])[:, :, 4:12]
        assert (batch["mel"][:, :, 4:12] - again).abs().mean() < 0.02
    assert varied["wav"].square().mean() < whole["wav"].square().mean()  # quieter
    validation = CropSampler(corpus, CropConfig(batch=8, frames=16, varied_share=1.0)).validation()
    assert torch.equal(validation["wav"], CropSampler(corpus, CropConfig(batch=8, frames=16)).validation()["wav"])


def test_phones_are_told_by_time():
    phones = (Phone("pau", 0.1), Phone("ih", 0.2), Phone("brr", 0.3), Phone("t", 0.35))
    item = CorpusItem("It.", "slt", 0, 12_288, 0, 48, phones)
    told = phones_at(item, np.array([0.05, 0.15, 0.25, 0.34, 0.5]))
    assert [PHONES[p] if p >= 0 else None for p in told] == ["pau", "ih", None, "t", "pau"]
    assert phones_at(replace(item, phones=()), np.zeros(3)).tolist() == [-1] * 3


def test_pieces_know_their_phones_unless_they_are_played_faster(workspace_folder):
    corpus = Corpus(workspace_folder / "corpus")
    phones = CropSampler(corpus, CropConfig(batch=64, frames=32)).batch(3)["phones"]
    assert phones.shape == (64, 16)
    assert {PHONES[p] for p in phones.unique().tolist()} == {"pau", "n", "ow", "t"}
    order = {PHONES.index(name): place for place, name in enumerate(("n", "ow", "t", "pau"))}
    for row in phones.tolist():  # each utterance is pau n ow t pau
        spoken = [order[p] for p in row]
        spoken = spoken[next((i for i, p in enumerate(spoken) if p != 3), 0) :]
        assert spoken == sorted(spoken)
    varied = CropSampler(corpus, CropConfig(batch=8, frames=32, varied_share=1.0)).batch(3)
    assert (varied["phones"] == -1).all()


def test_a_varied_piece_is_quieter_by_some_decibels_and_by_no_more_than_the_recipe_says(workspace_folder):
    corpus = Corpus(workspace_folder / "corpus")  # tones of amplitude 0.3
    varied = CropSampler(corpus, CropConfig(batch=64, frames=16, varied_share=1.0, quieter_db=20.0)).batch(3)
    loudest = varied["wav"].abs().amax(1)
    assert loudest.min() > 0.3 * 0.1 * 0.95  # 20 dB of amplitude
    assert loudest.min() < 0.3 * 0.2 and loudest.max() > 0.3 * 0.8


def test_decoded_mels_lie_one_behind_another_in_whole_codes():
    items = [CorpusItem("No.", "slt", 0, 0, 0, frames, ()) for frames in (10, 7, 12)]
    decoded = DecodedMels(items, np.arange(48, dtype=np.float16).reshape(24, 2), 0.5)
    mels = [decoded.mel(number) for number in range(3)]
    assert [mel[:, 0].tolist() for mel in mels] == [[*range(0, 16, 2)], [*range(16, 24, 2)], [*range(24, 48, 2)]]
    assert mels[0].dtype == np.float32
