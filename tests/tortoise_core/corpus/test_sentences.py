"""Which sentences a corpus speaks, and which of them are only for validation."""

import pytest

from tortoise_core.corpus.sentences import HeldOutBooks, is_held_out, speakable_sentences, split_held_out
from tortoise_core.errors import ConfigError


def test_sentences_that_need_normalisation_are_left_out(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("“Yes,” said he.\nIn 1887 it rained.\nA — dash_ed_ one.\n§\n" + "x" * 200 + "\n", encoding="utf-8")
    assert list(speakable_sentences(path)) == ["Yes, said he.", "A , dash ed one."]


@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("It’s he.", "It's he."),
        ("‘Yes.’", "Yes.'"),
        ("“Yes.”", "Yes."),
        ('"Yes."', "Yes."),
        ("Yes—no.", "Yes, no."),
        ("Yes–no.", "Yes-no."),
        ("so_called", "so called"),
        ("  So \t it is. ", "So it is."),
        ("a, b. c; d: e! f? g'h-i", "a, b. c; d: e! f? g'h-i"),
        ("Yes (no).", None),
        ("Café.", None),
        ("Oh.", None),
        ("Oh! ", None),
        ("Ohh!", "Ohh!"),
        ("...!", None),
        ("x" * 160, "x" * 160),
        ("x" * 161, None),
    ],
)
def test_what_a_teacher_is_given_of_a_line(tmp_path, line, spoken):
    path = tmp_path / "sentences.txt"
    path.write_text(f"{line}\n", encoding="utf-8")
    assert list(speakable_sentences(path)) == ([] if spoken is None else [spoken])


def test_the_same_sentences_are_held_out_as_ever():
    """Other ones, and a model that is trained on would be validated on what it has learned."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert [text for text in (a + b for a in letters for b in letters) if is_held_out(text)] == HELD_OUT


HELD_OUT = ["ba", "uu"]


@pytest.mark.parametrize(("sentence", "kept"), [("Yes, they saw nine.", False), ("Yes, they saw seven.", True)])
def test_a_sentence_of_15_letters_belongs_to_a_book(sentence, kept):
    assert (sentence in HeldOutBooks(["No.", f"He said: {sentence.upper()} And so on."])) == kept


def test_half_a_percent_is_held_out_by_its_letters_alone():
    letters = "abcdefghij"
    texts = [f"{a}{b}{c} {d}." for a in letters for b in letters for c in letters for d in letters[:4]]
    held_out = [text for text in texts if is_held_out(text)]
    assert 5 < len(held_out) < 50  # of 4,000, one in 200
    assert all(is_held_out(text.upper().replace(".", " !")) for text in held_out)


def test_a_longer_corpus_validates_on_what_a_shorter_one_did_and_trains_on_none_of_it():
    texts = [f"{a}{b}." for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    _, shorter = split_held_out(texts[:400], str)
    train, longer = split_held_out(texts, str)
    assert longer[: len(shorter)] == shorter and len(longer) > len(shorter)
    assert not set(train) & set(longer) and len(train) + len(longer) == len(texts)


def test_a_corpus_without_sentences_to_validate_on_is_refused():
    with pytest.raises(ConfigError, match="1 utterances to train on and 0 to validate on"):
        split_held_out(["Note."], str)
    with pytest.raises(ConfigError, match="0 utterances to train on and 1 to validate on"):
        split_held_out(["Nate."], str)


def test_sentences_of_held_out_books_are_left_out():
    books = HeldOutBooks(
        ["Chapter I.\nThe Time Traveller (for so it will be convenient to\nspeak of him) sat.", "“Yes, sir.”"]
    )
    assert "the time traveller, for so it will be convenient" in books
    assert "Yes, sir." not in books  # such a thing is said in every book
    assert "The time traveller stood, for it was convenient." not in books
    assert "the time traveller, for so it will be convenient" not in HeldOutBooks([])
