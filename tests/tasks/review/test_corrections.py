"""A correction changes what is said where it reaches, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from configs.settings import load_settings
from storage.records import Decision, DecisionKind, Markup, MarkupKind, Reach
from tasks.annotate.annotate import Directions, annotate
from tasks.annotate.lexicon import Entry, Lexicon, respelling, texts_with
from tasks.annotate.lexicon import Scope as LexiconScope
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.review.corrections import Corrections
from tasks.segment.corrected import Sayer, say_corrected
from tasks.segment.script import write_script

TEXT = """# One

The fair princess came into the room and looked about. Ozma smiled at the people of the city.

Yes, she was there at last, they said.

# Two

Ozma slept for a very long time, and nobody dared to wake her up.

Yes, she was there at last, they said.
"""
SETTINGS = load_settings().segment
SAYER = Sayer(SETTINGS, lambda text: len(text) // 3, 200, "en")


def correct(reach, text="", value="", occurrence=0, written=""):
    now = datetime(2026, 11, 29, tzinfo=UTC)
    return Decision(DecisionKind.CORRECT, "Ann", now, "", text, occurrence, "", reach, written, value)


@pytest.fixture
def read(tmp_path):
    path = tmp_path / "book.md"
    path.write_text(TEXT, "utf-8")
    book = read_book(path, load_settings().ingest)

    def script(*decisions, lexicons=(), change=lambda book: book):
        corrections = Corrections.of(decisions)
        annotated, _ = annotate(change(book), Directions("slt", None, None, lexicons, corrections.lexicons), SETTINGS)
        written = write_script(annotated, SETTINGS, SAYER.token_count, SAYER.max_tokens)
        return say_corrected(annotated, written, corrections.notes(written), SAYER)

    return script


def differences(before, after):
    assert [replace(u, spoken="") for u in before.utterances] == [replace(u, spoken="") for u in after.utterances]
    assert before.coverage == after.coverage
    pairs = zip(before.utterances, after.utterances, strict=True)
    return {(a.chapter_index, a.index): b.spoken for a, b in pairs if a.spoken != b.spoken}


def test_a_correction_of_a_place_changes_that_utterance_and_no_other(read):
    before = read()
    text = "Yes, she was there at last, they said."
    after = read(correct(Reach.PLACE, text, "Yes, she was here at last, they said.", occurrence=1))
    ((place, spoken),) = differences(before, after).items()
    assert place == (1, 2) and "here at last" in spoken and "there" not in spoken


def test_a_correction_whose_sentence_is_gone_does_nothing(read):
    assert differences(read(), read(correct(Reach.PLACE, "It is not there.", "It is here."))) == {}


def test_a_word_is_said_otherwise_in_the_whole_book_before_any_lexicon(read):
    lexicon = Lexicon(tuple([respelling("Ozma", "os mah", LexiconScope.BOOK, "a file")]))
    wanted = correct(Reach.BOOK, written="Ozma", value="OZ-mah")
    changed = differences(
        read(), read(wanted, correct(Reach.ALWAYS, written="Ozma", value="other"), lexicons=(lexicon,))
    )
    assert sorted(changed) == [(0, 2), (1, 1)]
    assert all("oz-mah" in spoken for spoken in changed.values())


def test_a_correction_of_a_place_comes_before_what_the_text_itself_says(read):
    def marked(book):
        chapter = book.chapters[1]
        block = replace(chapter.blocks[1], markup=(Markup(0, 4, MarkupKind.RESPELL, "Oh dear"),))
        blocks = (chapter.blocks[0], block, *chapter.blocks[2:])
        return replace(book, chapters=(book.chapters[0], replace(chapter, blocks=blocks)))

    text = "Ozma slept for a very long time, and nobody dared to wake her up."
    before = read(change=marked)
    assert "Oh dear slept" in before.utterances[5].spoken
    after = read(correct(Reach.PLACE, text, text.replace("Ozma", "Dorothy")), change=marked)
    assert "Dorothy slept" in after.utterances[5].spoken


def test_what_is_too_long_for_an_utterance_is_refused_with_the_remedy(read):
    text = "Yes, she was there at last, they said."
    with pytest.raises(BadInputError, match="say it in fewer words"):
        read(correct(Reach.PLACE, text, text + " and on" * 60))


def test_texts_with_a_word_are_found():
    entry = Entry("Ozma", MarkupKind.RESPELL, "x")
    texts = ["Ozma slept.", "Ozma's bed", "ozma", "Ozmandias", "OZMA!"]
    assert texts_with([entry], texts) == ("Ozma slept.", "Ozma's bed", "OZMA!")
    assert texts_with([], texts) == ()
