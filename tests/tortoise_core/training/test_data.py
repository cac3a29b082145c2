"""From a teacher's phones to training batches."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.acoustic_stages import CropConfig, CropSampler, phones_at
from tortoise_core.training.alignment import align_codes
from tortoise_core.training.corpus import Corpus, CorpusItem, HeldOut, build_corpus, speakable_sentences
from tortoise_core.training.language_stages import damage
from tortoise_core.training.speech_data import BucketConfig, BucketSampler, prepare_items
from tortoise_core.training.teachers import PHONES, Phone


def test_codes_know_the_token_being_spoken():
    symbols = ["N", "OW1", ",", " ", "N", "OW1", "."]
    phones = [Phone(n, e) for n, e in [("pau", 0.1), ("n", 0.2), ("ow", 0.4), ("pau", 0.6), ("n", 0.7), ("ow", 0.9)]]
    spoken = align_codes(symbols, [s[0].isalpha() for s in symbols], phones, 21)
    seconds = (np.arange(21) + 0.5) * 1024 / 24000
    expected = [0 if t < 0.2 else 1 if t < 0.4 else 2 if t < 0.6 else 4 if t < 0.7 else 5 for t in seconds]
    assert spoken.tolist() == expected


def test_other_readings_of_a_vowel_are_forgiven_and_other_words_are_not():
    symbols = ["DH", "AH0", "K", "AE1", "T"]
    phones = [Phone(n, 0.1 * (i + 1)) for i, n in enumerate(["dh", "iy", "k", "ae", "t"])]
    assert align_codes(symbols, [True] * 5, phones, 12) is not None
    phones = [Phone(n, 0.1 * (i + 1)) for i, n in enumerate(["w", "uh", "m", "b", "ey"])]
    assert align_codes(symbols, [True] * 5, phones, 12) is None


def test_a_corpus_can_be_stopped_and_continued(teacher, tmp_path):
    sentences = ["No no no no.", "No.", "No, no, no, no, no."] * 10
    build_corpus(tmp_path / "whole", sentences, ("slt", "rms"), hours=10 / 3600)
    build_corpus(tmp_path / "pieces", sentences, ("slt", "rms"), hours=3 / 3600)
    with (tmp_path / "pieces" / "audio.i16").open("ab") as file:
        file.write(b"\0" * 1000)  # what a kill in the middle of an utterance leaves
    index = tmp_path / "pieces" / "index.jsonl"
    index.write_text(index.read_text()[:-20])
    build_corpus(tmp_path / "pieces", sentences, ("slt", "rms"), hours=10 / 3600)
    for name in ("audio.i16", "mel.f16", "index.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "pieces" / name).read_bytes(), name
    corpus = Corpus(tmp_path / "whole")
    for item in corpus.items:
        assert item.samples % 1024 == 0 and item.frames == item.samples // 256
        assert corpus.mel(item).shape == (item.frames, 100)
        assert corpus.audio(item).shape == (item.samples,)
    assert {item.voice for item in corpus.items} == {"slt", "rms"}


def test_a_varied_piece_is_other_speech_with_the_mel_that_belongs_to_it(teacher, tmp_path):
    build_corpus(tmp_path / "c", ["No no no no."] * 80, ("slt",), hours=90 / 3600)
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


def test_a_missing_teacher_and_a_missing_corpus_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="flite is not installed"):
        build_corpus(tmp_path / "c", ["No."], ("slt",), 1.0)
    with pytest.raises(ConfigError, match="no corpus"):
        Corpus(tmp_path / "c")


def test_sentences_that_need_normalisation_are_left_out(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("“Yes,” said he.\nIn 1887 it rained.\nA — dash_ed_ one.\n§\n" + "x" * 200 + "\n", encoding="utf-8")
    assert list(speakable_sentences(path)) == ["Yes, said he.", "A , dash ed one."]


def test_holding_out_looks_at_letters_alone():
    letters = "abcdefghij"
    held = [
        text
        for text in (f"{a}{b}{c} {d}." for a in letters for b in letters for c in letters for d in letters[:4])
        if text in HeldOut()
    ]
    assert 5 < len(held) < 50  # of 4,000, one in 200
    assert all(text.upper().replace(".", " !") in HeldOut() for text in held)


def test_sentences_of_held_out_books_are_left_out():
    held_out = HeldOut(
        ["Chapter I.\nThe Time Traveller (for so it will be convenient to\nspeak of him) sat.", "“Yes, sir.”"]
    )
    assert "the time traveller, for so it will be convenient" in held_out
    assert not held_out.of_books("Yes, sir.")  # such a thing is said in every book
    assert not held_out.of_books("The time traveller stood, for it was convenient.")
    assert not HeldOut().of_books("the time traveller, for so it will be convenient")


def test_batches_depend_on_the_step_alone_and_never_condition_on_themselves(workspace_folder):
    corpus = Corpus(workspace_folder / "corpus")
    torch.manual_seed(0)
    dvae = DiscreteVAE(DiscreteVAEConfig(channels=100, hidden=8, res_blocks=1, codes=16, code_dim=4)).eval()
    items = prepare_items(corpus, dvae, workspace_folder / "codes.npy")
    assert len(items) == len(corpus.items)
    again = prepare_items(corpus, dvae, workspace_folder / "codes.npy")
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(items, again, strict=True))
    config = BucketConfig(positions=200, code_limits=(16, 24), conditioning_frames=32)
    first, second = BucketSampler(items, corpus, config), BucketSampler(items, corpus, config)
    for step in (0, 7, 3):
        one, two = first.batch(step), second.batch(step)
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert (one["code_length"] <= one["codes"].shape[1]).all()
        assert one["voice_mel"].shape[1:] == (100, 32)
    assert not torch.equal(first.batch(1)["codes"], first.batch(2)["codes"])


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
    assert {PHONES[p] for p in phones.unique().tolist()} == {"pau", "n", "ow"}
    order = {PHONES.index("n"): 0, PHONES.index("ow"): 1, PHONES.index("pau"): 2}
    for row in phones.tolist():  # each utterance is pau n ow pau
        spoken = [order[p] for p in row]
        spoken = spoken[next((i for i, p in enumerate(spoken) if p != 2), 0) :]
        assert spoken == sorted(spoken)
    varied = CropSampler(corpus, CropConfig(batch=8, frames=32, varied_share=1.0)).batch(3)
    assert (varied["phones"] == -1).all()


def test_damaged_rows_are_the_rows_with_one_fault():
    codes = torch.arange(1, 41).view(2, 20)
    lengths = torch.tensor([20, 12])
    kinds = set()
    for seed in range(40):
        rows, now = damage(codes, lengths, np.random.default_rng(seed))
        assert rows.shape == codes.shape
        for row, length, original, was in zip(rows, now.tolist(), codes, lengths.tolist(), strict=True):
            assert (row[length:] == 0).all()
            assert row[:length].tolist() != original[:was].tolist()
            kinds.add((length > was) - (length < was))
    assert kinds == {-1, 0, 1}
