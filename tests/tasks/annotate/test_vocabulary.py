"""What the vocabulary of markup calls a mistake, and that it agrees with what is spoken in the end."""

from __future__ import annotations

import pytest

from storage.records import Markup, MarkupKind, PauseKind
from tasks.annotate.vocabulary import markup_problem, pause_problem
from tasks.segment.saying import problem_of


@pytest.mark.parametrize(
    ("text", "kind", "value", "problem"),
    [
        ("tomato", MarkupKind.RESPELL, "tuh-MAY-toh", ""),
        ("and", MarkupKind.RESPELL, "&", ""),
        ("price", MarkupKind.RESPELL, "€", ""),
        ("tomato", MarkupKind.RESPELL, "...", "'tomato' cannot be said as '...'"),
        ("tomato", MarkupKind.PHONEMES, "ipa:təˈmeɪtoʊ", ""),
        ("tomato", MarkupKind.PHONEMES, "{T AH0|tuh}", ""),
        ("tomato", MarkupKind.PHONEMES, "ipa:ǃ", "'ǃ' is no sound of English"),
        ("1984", MarkupKind.SAY_AS, "year", ""),
        ("then", MarkupKind.SAY_AS, "year", "'then' cannot be said as 'year'"),
        ("FBI", MarkupKind.SAY_AS, "characters", ""),
        ("—", MarkupKind.SAY_AS, "date", "'—' cannot be said as 'date'"),
        ("1984", MarkupKind.SAY_AS, "loud", "'loud' is no way to say something"),
        ("Tom", MarkupKind.VOICE, "...", ""),
        ("Feed me.", MarkupKind.DIRECTION, "I am really sad,", ""),
        ("Feed me.", MarkupKind.DIRECTION, "scene 2", "a direction is words and commas"),
    ],
)
def test_a_value_that_cannot_be_spoken_is_a_mistake_before_and_after_normalisation(text, kind, value, problem):
    note = Markup(0, len(text), kind, value)
    for found in (markup_problem(text, note), problem_of(text, note)):
        assert problem in found
        assert bool(found) == bool(problem), found


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("1.5", ""),
        ("60", ""),
        ("scene", ""),
        ("60.5", "a pause lasts 0 to 60 seconds"),
        ("-1", "a pause lasts 0 to 60 seconds"),
        ("nan", "a pause lasts 0 to 60 seconds"),
        ("long", "a pause is a number of seconds"),
    ],
)
def test_a_pause_is_seconds_or_the_name_of_a_kind(value, problem):
    found = pause_problem(value)
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize("sign", "#%&@§©°¶€$£+=±×<∞")
def test_signs_that_have_a_name_can_be_said(sign):
    assert markup_problem("x", Markup(0, 1, MarkupKind.RESPELL, sign)) == ""
    for way in ("characters", "date"):
        assert markup_problem(sign, Markup(0, 1, MarkupKind.SAY_AS, way)) == ""


@pytest.mark.parametrize("sign", [*"*!?.,—_", "..."])
def test_signs_that_have_none_cannot(sign):
    assert markup_problem("x", Markup(0, 1, MarkupKind.RESPELL, sign)) == f"'x' cannot be said as {sign!r}"


@pytest.mark.parametrize("way", ["digits", "cardinal", "ordinal", "year", "telephone"])
def test_ways_that_need_a_digit(way):
    assert markup_problem("x 1", Markup(0, 3, MarkupKind.SAY_AS, way)) == ""
    assert markup_problem("x", Markup(0, 1, MarkupKind.SAY_AS, way)) == f"'x' cannot be said as {way!r}"


@pytest.mark.parametrize("kind", PauseKind)
def test_every_kind_of_pause_has_its_name(kind):
    assert pause_problem(kind.value) == ""


@pytest.mark.parametrize(
    ("value", "is_one"), [("0", True), ("60.0", True), ("60.01", False), ("inf", False), ("", False)]
)
def test_a_pause_lasts_no_longer_than_a_minute(value, is_one):
    assert (pause_problem(value) == "") is is_one
