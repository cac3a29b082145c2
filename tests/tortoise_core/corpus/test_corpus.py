"""Sentences become a corpus on disk; what tests need is held out."""

import numpy as np
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
