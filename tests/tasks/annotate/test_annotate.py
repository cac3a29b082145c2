"""What people say about how a book is read, in one order: what comes first is left alone by what comes after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.records import MarkupKind
from tasks.annotate.annotate import Directions, annotate
from tasks.annotate.casting import Cast, Character
from tasks.annotate.lexicon import Lexicon, Scope, respelling
from tasks.annotate.plan_file import Correction, PlanFile, PlannedChapter
from tests.tasks.books import make_book

TEXT = "“Ann read it,” said Tom."
CAST = Cast((Character("Tom", "rms"),))


def lexicon(said, scope=Scope.GLOBAL, subject="", written="Ann"):
    return Lexicon((respelling(written, said, scope, "a file"),), scope, subject)


def said(settings, text=TEXT, **directions):
    book, found = annotate(make_book([text]), Directions("slt", **directions), settings)
    (block,) = book.chapters[0].blocks
    return {block.text[note.start : note.end]: note.value for note in block.markup}, found


def test_every_file_is_heeded_and_what_is_not_given_says_nothing(settings):
    plan = PlanFile("p", "", (PlannedChapter(0, "New", True, 1),), (Correction("read", "had read", None, 1),))
    book, found = annotate(make_book([TEXT]), Directions("slt", plan, CAST, (lexicon("An"),)), settings)
    (block,) = book.chapters[0].blocks
    assert (book.chapters[0].title, block.text) == ("New", "“Ann had read it,” said Tom.")
    assert [(note.kind, note.value) for note in block.markup] == [
        (MarkupKind.VOICE, "rms"),
        (MarkupKind.RESPELL, "An"),
        (MarkupKind.PHONEMES, "{R EH1 D|red}"),
    ]
    assert found.cast.by_character == {"Tom": 1} and not found.heteronyms.counts
    assert said(settings)[0] == {}
    assert (said(settings)[1].cast, dict(said(settings)[1].heteronyms.counts)) == (None, {"read": 1})


@pytest.mark.parametrize(
    ("text", "directions", "value"),
    [
        (TEXT, {"lexicons": (lexicon("book", Scope.BOOK), lexicon("global"))}, "book"),  # whatever their order
        (TEXT, {"lexicons": (lexicon("voice", Scope.VOICE, "slt"), lexicon("book", Scope.BOOK))}, "voice"),
        (TEXT, {"lexicons": (lexicon("global"), lexicon("later"))}, "later"),
        (TEXT, {"decided": (lexicon("decided"),), "lexicons": (lexicon("voice", Scope.VOICE, "slt"),)}, "decided"),
        (TEXT, {"lexicons": (lexicon("other", Scope.BOOK, "Another book"), lexicon("global"))}, "global"),
        (TEXT, {"lexicons": (lexicon("series", Scope.SERIES, "The Lamps"), lexicon("global"))}, "global"),
        (f"[[say marked]]Ann[[/say]] {TEXT[4:]}", {"decided": (lexicon("decided"),)}, "marked"),
    ],
)
def test_of_several_words_for_one_the_first_to_decide_holds(settings, text, directions, value):
    assert said(settings, text, **directions)[0]["Ann"] == value


def test_a_lexicon_of_a_series_is_for_its_books(settings):
    book = replace(make_book([TEXT]), series="The Lamps")
    directions = Directions("slt", lexicons=(lexicon("An", Scope.SERIES, "The Lamps"),))
    assert annotate(book, directions, settings)[0].chapters[0].blocks[0].markup


def test_a_lexicon_comes_before_the_rules_for_heteronyms(settings):
    text = "Ann had read it."
    assert said(settings, text)[0] == {"read": "{R EH1 D|red}"}
    assert said(settings, text, lexicons=(lexicon("reed", written="read"),))[0] == {"read": "reed"}


def test_what_is_switched_off_is_not_done(settings):
    off = settings.model_copy(update={"markup": False, "heteronyms": False})
    found, findings = said(off, "[[say An]]Ann[[/say]] had read it.")
    assert (found, findings.heteronyms) == ({}, None)
