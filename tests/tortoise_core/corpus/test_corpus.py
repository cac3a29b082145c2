"""Sentences become a corpus on disk; what tests need is held out."""

import pytest

from tortoise_core.corpus.corpus import Corpus, build_corpus
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
