"""Directions of the text and of casts become part of the voice that reads, and reach the script."""

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate.annotate import Directions, annotate
from tasks.annotate.casting import Cast, Character, read_cast
from tasks.annotate.lexicon import Entry, Lexicon
from tasks.annotate.readers import apply_directions
from tasks.errors import BadInputError
from tasks.segment.script import write_script
from tests.tasks.books import make_book, token_count

CAST = Cast((Character("Tom", "rms [I am really sad,]"), Character("Polly", "awb")))


def read_by(settings, *paragraphs, cast=None, lexicons=()):
    """The texts of the utterances, each with its voice."""
    book, _ = annotate(make_book(list(paragraphs)), Directions("joe", cast=cast, lexicons=lexicons), settings)
    return [(u.spoken, u.voice) for u in write_script(book, settings, token_count, 200, "joe").utterances]


def test_a_direction_is_of_the_narrator_where_no_voice_is_named(settings):
    assert read_by(settings, "He sat down. [[direct I am really sad]]Please feed me.[[/direct]] She did.") == [
        ("He sat down.", ""),
        ("Please feed me.", "joe [I am really sad,]"),
        ("She did.", ""),
    ]


def test_the_innermost_direction_and_the_innermost_voice_hold(settings):
    text = (
        "[[direct Hush,]]One came. [[voice slt]]Two came. [[direct Hurrah!]]Three came.[[/direct]][[/voice]][[/direct]]"
    )
    assert read_by(settings, text) == [
        ("One came.", "joe [Hush,]"),
        ("Two came.", "slt [Hush,]"),
        ("Three came.", "slt [Hurrah!]"),
    ]


def test_a_direction_goes_on_over_paragraphs(settings):
    read = read_by(settings, "[[direct Hush,]]One came.", "Two came.[[/direct]]", "Three came.")
    assert [voice for _, voice in read] == ["joe [Hush,]", "joe [Hush,]", ""]


def test_a_character_has_a_standing_direction_and_the_text_may_give_another(settings):
    text = "“Please feed me,” said Tom. [[direct Hurrah!]]“Oh no,” said Polly. “I am fed,” said Tom.[[/direct]]"
    assert [(said, voice) for said, voice in read_by(settings, text, cast=CAST) if voice] == [
        ('"Please feed me,"', "rms [I am really sad,]"),
        ('"Oh no,"', "awb [Hurrah!]"),
        ("said Polly.", "joe [Hurrah!]"),
        ('"I am fed,"', "rms [Hurrah!]"),
        ("said Tom.", "joe [Hurrah!]"),
    ]


def test_a_cast_file_gives_directions(tmp_path):
    path = tmp_path / "cast.toml"
    path.write_text(
        '[characters.Tom]\nvoice = "rms"\ndirection = "I am really sad"\n[characters.Ann]\nvoice = "slt [Hush,]"\n'
    )
    assert [character.voice for character in read_cast(path).characters] == ["rms [I am really sad,]", "slt [Hush,]"]


@pytest.mark.parametrize("line", ['direction = "Act 2,"', "direction = 3", 'voice = "rms [2]"'])
def test_a_bad_direction_of_a_cast_file_names_the_character(tmp_path, line):
    path = tmp_path / "cast.toml"
    voice = "" if line.startswith("voice") else 'voice = "rms"\n'
    path.write_text(f"[characters.Tom]\n{voice}{line}\n")
    with pytest.raises(BadInputError, match=r"\[characters\.Tom\]"):
        read_cast(path)


def test_a_lexicon_of_a_voice_holds_for_it_in_every_mood(settings):
    lexicon = Lexicon((Entry("lead", MarkupKind.RESPELL, "led", voice="joe"),))
    said = read_by(
        settings,
        "The lead came. [[direct Hush,]]The lead fell.[[/direct]] [[voice slt]]The lead.[[/voice]]",
        lexicons=(lexicon,),
    )
    assert [spoken for spoken, _ in said] == ["The led came.", "The led fell.", "The lead."]


def test_a_book_without_directions_stays_as_it_is():
    note = Markup(0, 3, MarkupKind.VOICE, "slt")
    book = make_book([Block(BlockKind.PARAGRAPH, "One came.", markup=(note,))])
    assert apply_directions(book, "joe") == book
