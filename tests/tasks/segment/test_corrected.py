"""Utterances of a finished script that are said in other words: those alone, and within the limits of one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.errors import BadInputError
from tasks.segment.corrected import Sayer, say_corrected
from tasks.segment.script import write_script
from tests.tasks.books import make_book, segment_settings, token_count

LAMP = Markup(4, 8, MarkupKind.RESPELL, "lantern")


@pytest.fixture
def sayer(settings):
    return Sayer(settings, token_count, 200, "en")


def say(sayer, text, *notes, old=(), voice=""):
    block = Block(BlockKind.PARAGRAPH, text, markup=old)
    (utterance,) = write_script(make_book([replace(block, markup=())]), sayer.settings, token_count, 200).utterances
    return sayer.say(block, replace(utterance, voice=voice), notes)


def test_only_what_is_asked_for_is_said_otherwise(sayer):
    book = make_book(["The lamp was lit by somebody else. And the lamp went out again."], ["The lamp was there again."])
    script = write_script(book, sayer.settings, token_count, 200)
    assert len(script.utterances) == 3
    changed = say_corrected(book, script, {(1, 0): (LAMP,), (0, 7): (LAMP,)}, sayer)
    assert changed.utterances[2].spoken == "The lantern was there again."
    assert changed == replace(
        script,
        utterances=(*script.utterances[:2], replace(script.utterances[2], spoken="The lantern was there again.")),
    )
    assert say_corrected(book, script, {}, sayer) is script


@pytest.mark.parametrize(
    ("old", "spoken"),
    [
        (Markup(4, 8, MarkupKind.RESPELL, "lump"), "The lantern was $5."),  # the note comes before what it touches
        (Markup(7, 12, MarkupKind.RESPELL, "lump"), "The lantern was $5."),
        (Markup(0, 3, MarkupKind.RESPELL, "thee"), "thee lantern was $5."),
        (Markup(9, 12, MarkupKind.RESPELL, "is"), "The lantern is $5."),
        (Markup(0, 4, MarkupKind.RESPELL, "thee"), "theelantern was $5."),  # its blank is its own
        (Markup(8, 12, MarkupKind.RESPELL, "is"), "The lanternis $5."),
        (Markup(4, 8, MarkupKind.VOICE, "joe"), "The lantern was $5."),
    ],
)
def test_a_note_comes_before_the_markup_that_it_touches_and_before_no_other(sayer, old, spoken):
    said = say(sayer, "The lamp was $5.", LAMP, old=(old,))
    assert said == spoken.replace("$5", "five dollars")


@pytest.mark.parametrize(
    ("setting", "language", "spoken"),
    [
        ("auto", "en-US", "one hundred five"),
        ("auto", "en-GB", "one hundred and five"),
        ("en-US", "en-GB", "one hundred five"),
        ("en-GB", "en-US", "one hundred and five"),
    ],
)
def test_it_is_said_as_the_book_is_unless_the_settings_say_how(settings, setting, language, spoken):
    sayer = Sayer(settings.model_copy(update={"locale": setting}), token_count, 200, language)
    assert say(sayer, "The lamp was 105.", LAMP) == f"The lantern was {spoken}."
    assert say(sayer, "The lamp.", Markup(4, 8, MarkupKind.RESPELL, "105 lamps")) == f"The {spoken} lamps."


def test_what_cannot_be_said_is_refused(sayer):
    with pytest.raises(BadInputError, match="'lamp' cannot be said as 'year'"):
        say(sayer, "The lamp was lit.", Markup(4, 8, MarkupKind.SAY_AS, "year"))


@pytest.mark.parametrize(
    ("limits", "narrator", "voice", "fits"),
    [
        ({"max_chars": 20}, "", "", True),
        ({"max_chars": 19}, "", "", False),
        ({"max_tokens": 10}, "", "", True),
        ({"max_tokens": 9}, "", "", False),
        ({"max_tokens": 10}, "joe [I am really sad,]", "", False),  # a direction is said as well
        ({"max_tokens": 10}, "joe [I am really sad,]", "slt", True),  # and the narrator's by the narrator alone
        ({"max_tokens": 10}, "", "slt [I am really sad,]", False),
    ],
)
def test_a_text_that_is_too_long_for_an_utterance_is_refused(limits, narrator, voice, fits):
    settings = segment_settings(max_chars=limits.get("max_chars", 180))
    sayer = Sayer(settings, token_count, limits.get("max_tokens", 200), "en", narrator)
    assert len("The lantern was lit.") == 20
    if fits:
        assert say(sayer, "The lamp was lit.", LAMP, voice=voice) == "The lantern was lit."
    else:
        with pytest.raises(BadInputError, match=r"it would have 20 characters.*say it in fewer words"):
            say(sayer, "The lamp was lit.", LAMP, voice=voice)


def test_of_a_long_sentence_that_cannot_be_said_so_the_beginning_is_told(settings):
    text = f"The lamp {'x' * 100}."
    sayer = Sayer(settings.model_copy(update={"max_chars": 110}), token_count, 200, "en")
    with pytest.raises(BadInputError, match=r"^'The lamp x{51}' cannot be said so: it would have 113 characters"):
        say(sayer, text, LAMP)
