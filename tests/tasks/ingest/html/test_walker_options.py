"""What settings make of a walk over a document, and small signs at its edges."""

from __future__ import annotations

import pytest

from storage.records import MarkupKind
from tasks.errors import CoverageError
from tasks.ingest.events import GuessedSkip
from tasks.ingest.html import walker
from tests.tasks.ingest.html.test_walker import blocks, events, skips


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h2>9<span>Night</span></h2>", [("heading", "9 Night")]),
        ("<h2>9<span>th</span></h2>", [("heading", "9th")]),
        ("<p>9<span>Night</span></p>", [("paragraph", "9Night")]),
        ("<h2>* * *</h2>", [("heading", "* * *")]),
        ("<h2>A<br/>B</h2>", [("heading", "A\nB")]),
        ("<h2><p>One</p><p>Two</p></h2>", [("heading", "One\nTwo")]),
        ("<div class='poem'><pre>a\n b</pre></div>", [("verse", "a\nb")]),
        ("<pre><p>a\nb</p></pre>", [("paragraph", "a\nb")]),
        ("<p>[Pg 12]</p>", []),
        ("<p><image alt='O'/>nce</p>", [("paragraph", "Once")]),
        ("<p><img alt='Ab'/>nce</p>", [("paragraph", "nce")]),
        ("<p><img alt='O'/> nce</p>", [("paragraph", "nce")]),
        ("<p><img alt='1'/>nce</p>", [("paragraph", "nce")]),
        ("<dl><dt>a<p>b</p></dt></dl>", [("list_item", "a"), ("list_item", "b")]),
        ("<blockquote>a<ul><li>b</li></ul></blockquote>", [("quote", "a"), ("list_item", "b")]),
    ],
)
def test_kinds_and_signs(body, expected):
    assert blocks(body) == expected


def test_the_reading_of_a_ruby_is_spoken_by_the_settings_and_its_base_is_told():
    ruby = "<p>x<ruby>a<rb>b</rb><rp>(</rp><rt>c</rt><rp>)</rp><rtc>d</rtc>e</ruby>f</p>"
    assert blocks(ruby, ruby="reading") == [("paragraph", "xcf")]
    assert skips(ruby, ruby="reading") == [
        ("ruby-base", "a"), ("ruby-base", "b"), ("ruby-annotation", "("), ("ruby-annotation", ")"),
        ("ruby-annotation", "d"), ("ruby-base", "e"),
    ]  # fmt: skip
    assert blocks(ruby) == [("paragraph", "xabef")]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "He left. 2 by"),
        ({"also_read": ("note-reference",)}, "He left.¹ 2 by"),
        ({"also_read": ("page-break",)}, "He left. 2 [Pg 3]by"),
    ],
)
def test_marks_in_running_text_by_the_settings(options, text):
    assert blocks("<p>He left.¹ 2 [Pg 3]by</p>", **options) == [("paragraph", text)]
    assert blocks("<pre>He left.¹ [Pg 3]</pre>") == [("paragraph", "He left.¹ [Pg 3]")]


def test_a_formula_without_words_is_a_guess_and_one_with_an_alternative_text_is_not():
    (guess,) = [event for event in events("<p>So <math><mo>∫</mo></math> it.</p>") if isinstance(event, GuessedSkip)]
    assert (guess.text, guess.rule) == ("∫", "mathml")
    found = events("<p>So <math alttext='a'><mo>∫</mo></math> it.</p>")
    assert not [event for event in found if isinstance(event, GuessedSkip)]
    assert blocks("<p>So<math><mi>x</mi></math>it.</p>") == [("paragraph", "So x it.")]
    assert blocks("<p>(<math><mi>x</mi></math>)</p>") == [("paragraph", "(x)")]
    assert blocks("<p>So <math></math>it.</p>") == [("paragraph", "So it.")]


def test_formulas_in_dollars_have_their_words_as_markup_and_none_in_a_listing():
    (block,) = [event for event in events("<p>So $a = b$ it.</p>") if not isinstance(event, GuessedSkip)]
    assert [(note.kind, note.value) for note in block.markup] == [(MarkupKind.RESPELL, "a equals b")]
    (listing,) = events("<pre>So $a = b$</pre>", code="read")
    assert listing.markup == ()


def test_inline_code_of_one_piece_is_respelled():
    (block,) = events("<p><code>a_b</code> <code>c<i>_d</i></code></p>")
    assert [(note.start, note.value) for note in block.markup] == [(0, "a b")]


def test_a_document_in_another_language_than_the_books_is_marked_as_a_whole():
    (block,) = events("<div lang='fr'><p>un</p></div>")
    assert [(note.kind, note.value) for note in block.markup] == [(MarkupKind.LANGUAGE, "fr")]
    assert events("<div lang='en-US'><p>one</p></div>")[0].markup == ()


def test_a_character_that_gets_lost_stops_the_book(monkeypatch):
    add = walker._Walker._add
    monkeypatch.setattr(
        walker._Walker, "_add", lambda self, text, *a, **k: add(self, (text or "").replace("x", ""), *a, **k)
    )
    with pytest.raises(CoverageError, match=r"^x\.xhtml: 1 characters lost and 0 doubled"):
        events("<p>One x two.</p>")
