"""References to voices are read and written as people write them, and a bad direction is told in words."""

import pytest

from tasks.errors import BadInputError
from tasks.voices.references import VoiceReference, directed_text, direction_problem, parse_reference


@pytest.mark.parametrize(
    ("text", "name", "direction"),
    [
        ("joe", "joe", ""),
        ("joe [I am really sad,]", "joe", "I am really sad,"),
        (" joe [Well then,] ", "joe", "Well then,"),
        ("joe[I am\n really sad ]", "joe", "I am really sad,"),  # a mark makes the pause
        ("joe [It’s over.]", "joe", "It's over."),
        ("joe [I wonder...]", "joe", "I wonder."),  # three dots make none
        ("joe [Well-off - ]", "joe", "Well-off,"),
        ("[Hush!]", "", "Hush!"),
        ("joe & co", "joe & co", ""),  # no such voice, which others say
    ],
)
def test_a_reference_is_read(text, name, direction):
    reference = parse_reference(text)
    assert reference == VoiceReference(name, direction)
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("direction", "problem"),
    [
        ("I am 30,", "no digits"),
        ("{S AE1 D}", "no other signs"),
        ("...", "words"),
        ("  ", "words"),
        ("so " * 21, "at most 60 characters"),
        ("s" * 61, "at most 60 characters"),
        ("joe_ sad", "no other signs"),
    ],
)
def test_what_is_no_direction_is_refused(direction, problem):
    assert problem in direction_problem(direction)
    with pytest.raises(BadInputError, match=problem):
        parse_reference(f"joe [{direction}]")


def test_a_direction_may_have_sixty_characters():
    assert direction_problem("s" * 60) == ""
    assert parse_reference(f"joe [{'s' * 60}]").direction == "s" * 60 + ","


def test_another_direction_replaces_the_first():
    assert str(parse_reference("joe [I am sad,]").directed("I am glad")) == "joe [I am glad,]"


def test_a_voice_without_direction_says_the_text_alone():
    assert (directed_text("", "Go."), directed_text("I am sad,", "Go.")) == ("Go.", "I am sad, Go.")
