"""Sentence boundaries where they are, and not where an abbreviation, an initial or "he said" only looks like one."""

from __future__ import annotations

import pytest

from tasks.segment.sentences import SentenceSplitter

SENTENCES = [
    ["It was late.", "He went home."],
    ["“Stop!” he said.", "She did not."],
    ["“Stop,” he said.", "“Why?” asked Mr. Toad.", "“I like C. S. Lewis.”"],
    ["“Yes.”", "“No.”"],
    ["Pi is 3.14 and more.", "That is all."],
    ["He waited… and went on.", "Nobody came…", "It was night."],
    ["On Jan. 5 he left.", "It was cold at St. Ives."],
    ["See No. 5 and pp. 10-12.", "Then stop."],
    ["Is it you?", "It is!", "Good."],
    ["It was I.", "He knew."],
    ["He said, i.e. he wrote, so.", "Etc. was his word."],
    ["Wait . . . there it is.", "Look."],
    ["(He left.)", "She stayed."],
    ["One sentence without an end"],
]


@pytest.fixture(scope="module")
def splitter() -> SentenceSplitter:
    return SentenceSplitter(" ".join(sentences) for sentences in SENTENCES)


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0])
def test_boundaries(splitter, sentences):
    text = " ".join(sentences)
    assert [text[start:end] for start, end in splitter.spans(text)] == sentences


def test_the_book_teaches_its_own_abbreviations():
    text = "The brig lay 40 fms. deep, and 20 fms. off, or 10 fms. more. She sank. " * 40
    assert len(SentenceSplitter([text]).spans("It was 12 fms. Bristol measure.")) == 1
    assert len(SentenceSplitter(["Nothing to learn."]).spans("It was 12 ells. Bristol measure.")) == 2


def test_a_word_that_only_ends_sentences_is_no_abbreviation():
    text = "He wound the clock. He lit the lamp. She saw the wick. He shut the door."
    assert len(SentenceSplitter([text]).spans(text)) == 4


def test_an_empty_book_has_no_sentences():
    assert SentenceSplitter([]).spans("One. Two.") == [(0, 4), (5, 9)]
