"""Sentences become a corpus on disk; what tests need is held out."""

import pytest

from tortoise_core.corpus.corpus import Corpus, HeldOut, build_corpus, speakable_sentences
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
