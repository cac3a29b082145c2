"""Sentences become a corpus on disk; what tests need is held out."""

import numpy as np
import pytest
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus import corpus as corpus_module
from tortoise_core.corpus.corpus import Corpus, build_corpus
from tortoise_core.corpus.teachers import Phone
from tortoise_core.errors import ConfigError


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


def test_a_missing_teacher_and_a_missing_corpus_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="flite is not installed"):
        build_corpus(tmp_path / "c", ["No."], ("slt",), 1.0)
    with pytest.raises(ConfigError, match="no corpus"):
        Corpus(tmp_path / "c")


def test_a_corpus_that_is_growing_or_was_killed_is_read_up_to_its_last_whole_utterance(teacher, tmp_path):
    folder = tmp_path / "c"
    build_corpus(folder, ["No no no no.", "No."] * 10, ("slt",), hours=5 / 3600)
    whole = Corpus(folder)
    for name, cut in (("mel.f16", 100), ("audio.i16", 3), ("index.jsonl", 20)):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-cut])
        part = Corpus(folder)
        assert part.items == whole.items[:-1], name
        assert all(np.array_equal(part.mel(item), whole.mel(item)) for item in part.items), name
        (folder / name).write_bytes(content)
    assert Corpus(folder).items == whole.items
    (folder / "index.jsonl").write_text("")
    with pytest.raises(ConfigError, match="no whole utterance"):
        Corpus(folder)


class Reader:
    """Says every text in waves of one level for each voice."""

    def __init__(self, voice):
        self.level = {"slt": 0.25, "rms": -0.5}[voice]

    def speak(self, text):
        return np.full(1024 * len(text), self.level, np.float32), (Phone("pau", 0.1), Phone("n", 0.2))


@pytest.fixture
def readers(monkeypatch):
    monkeypatch.setattr(corpus_module, "teacher_of", Reader)


def test_voices_take_turns_by_the_number_of_the_sentence_and_everything_is_where_the_index_says(readers, tmp_path):
    texts = ["Né.", "No, no.", "Yes.", "Oh."]
    build_corpus(tmp_path, texts[:2], ("slt", "slt", "rms"), hours=1.0)
    build_corpus(tmp_path, texts, ("slt", "slt", "rms"), hours=1.0)
    corpus = Corpus(tmp_path)
    assert [item.text for item in corpus.items] == texts
    assert [item.voice for item in corpus.items] == ["slt", "slt", "rms", "slt"]
    samples = [1024 * len(text) for text in texts]
    assert [item.samples for item in corpus.items] == samples
    assert [item.sample_offset for item in corpus.items] == [0, *np.cumsum(samples)[:-1]]
    assert [item.frames for item in corpus.items] == [4 * len(text) for text in texts]
    assert [item.frame_offset for item in corpus.items] == [0, *np.cumsum([4 * len(text) for text in texts])[:-1]]
    assert all(item.phones == (Phone("pau", 0.1), Phone("n", 0.2)) for item in corpus.items)
    for item in corpus.items:
        wave, _ = Reader(item.voice).speak(item.text)
        np.testing.assert_allclose(corpus.audio(item), wave, atol=1e-4)
        mel = MelSpectrogram24k()(torch.from_numpy(wave)[None])[0, :, :-1].T.numpy()
        np.testing.assert_array_equal(corpus.mel(item), mel.astype(np.float16).astype(np.float32))
    assert "Né." in (tmp_path / "index.jsonl").read_text("utf-8")


def test_a_corpus_ends_with_the_sentence_that_fills_its_hours(readers, tmp_path):
    """Sentences of four codes each: 0.17 s."""
    build_corpus(tmp_path, ["Yes."] * 100, ("slt",), hours=4.9 * 4096 / 24_000 / 3600)
    assert len(Corpus(tmp_path).items) == 5
    build_corpus(tmp_path, ["Yes."] * 100, ("slt",), hours=5.1 * 4096 / 24_000 / 3600)
    assert len(Corpus(tmp_path).items) == 6
