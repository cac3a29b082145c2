"""Texts of a read-along: which characters of a file are heard when."""

import pytest

from storage.records import Block, BlockKind, Book, Chapter, PauseKind, Take, Verdict
from tasks.ingest.events import TracedBlock
from tasks.ingest.html.places import ABSENT
from tasks.package.readalong.clips import SpokenText
from tasks.package.readalong.texts import spoken_chapters
from tasks.package.timeline import TimedChapter, TimedUtterance, TimedWord, Timeline

TAKE = Take("t", "u", 0, 1, "a" * 64, 1000, 1, Verdict.OK)
#        0123456789
TEXT = "Oh, x = 1!"
ORIGINS = (10, 11, 12, ABSENT, 20, ABSENT, 20, ABSENT, 20, 21)  # "x = 1" is the description of a picture
WORDS = (TimedWord(0, 2, 1_001, 1_400), TimedWord(4, 5, 1_500, 1_600), TimedWord(8, 9, 1_700, 1_999))
MARKS = ((10, 500), (20, 750), (20, 850))


def texts_of(words, grain, block):
    """The texts of the second chapter of a book at 2,000 samples a second, whose timeline leaves out the first."""
    said = TimedUtterance(
        0, 1, 0, 10, TEXT, TEXT, block.source, False, PauseKind.SENTENCE, "slt", 999, 2_001, TAKE, words
    )
    other = TimedUtterance(1, 0, 0, 2, "Hm", "Hm", "b.xhtml", False, PauseKind.SENTENCE, "slt", 2_500, 3_000, TAKE)
    timeline = Timeline(2_000, (TimedChapter(1, "Two", "m", 9_000, -19, -4, (said, other)),))
    chapters = (Chapter(0, "One", ()), Chapter(1, "Two", (Block(BlockKind.PARAGRAPH, "Hm", "b.xhtml"), block)))
    book = Book("t", (), "en", "0" * 64, chapters)
    (chapter,) = spoken_chapters(timeline, book, grain)
    assert chapter.documents == {block.source, "b.xhtml"}
    *texts, last = chapter.texts()
    assert last == SpokenText(0, "b.xhtml", "", (), 1_250, 1_500, "Hm", ())  # that block is not traced
    return texts


@pytest.mark.parametrize(
    ("words", "grain", "texts"),
    [
        (WORDS, "sentence", [("Oh,x=1!", (10, 11, 12, 20, 20, 20, 21), 499, 1_000, TEXT)]),
        ((), "word", [("Oh,x=1!", (10, 11, 12, 20, 20, 20, 21), 499, 1_000, TEXT)]),
        (WORDS, "word", [("Oh", (10, 11), 500, 700, "Oh"), ("x=1", (20, 20, 20), 750, 999, "x = 1")]),
    ],
)
def test_what_is_heard_when(words, grain, texts):
    block = TracedBlock(BlockKind.PARAGRAPH, TEXT, "a.xhtml", origins=ORIGINS)
    marks = MARKS if words else ()
    assert texts_of(words, grain, block) == [
        SpokenText(0, "a.xhtml", letters, places, start, end, text, marks)
        for letters, places, start, end, text in texts
    ]


def test_words_that_stand_nowhere_stay_apart_and_have_no_mark():
    block = TracedBlock(BlockKind.PARAGRAPH, TEXT, "a.xhtml", origins=(ABSENT,) * 9 + (21,))
    texts = texts_of((*WORDS[:2], TimedWord(8, 10, 1_700, 1_999)), "word", block)
    assert [(text.text, text.letters, text.places) for text in texts] == [
        ("Oh", "", ()),
        ("x", "", ()),
        ("1!", "!", (21,)),
    ]
    assert {text.marks for text in texts} == {((21, 850),)}
