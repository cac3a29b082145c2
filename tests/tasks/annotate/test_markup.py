"""Bracket markup: what becomes of text, notes and skips, and what a mistake is told as."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.records import Block, BlockKind, LedgerState, Markup, MarkupKind
from tasks.annotate.edits import Edit, apply_edits
from tasks.annotate.markup import apply_markup, check_text
from tasks.errors import BadInputError
from tasks.segment import ledger
from tasks.segment.script import write_script
from tests.tasks.books import make_book, segment_settings, token_count


def marked(*blocks):
    return apply_markup(make_book(list(blocks)))


def said(settings, *blocks):
    book = marked(*blocks)
    script = write_script(book, settings, token_count, 200)
    return [(u.spoken, u.voice, u.pause_s) for u in script.utterances]


def test_text_without_markup_is_left_alone():
    book = make_book(["An array [[1]] and [[Illustration]] and [[ x ]] and [[nothing known]] stay."])
    assert apply_markup(book) == book


def test_markers_leave_the_text_and_are_accounted_for():
    book = marked("He stopped. [[pause 1.5]] Then [[say tuh-MAH-toh]]tomato[[/say]] came.")
    (block,) = book.chapters[0].blocks
    assert block.text == "He stopped. Then tomato came."
    assert block.markup == (
        Markup(12, 12, MarkupKind.PAUSE, "1.5"),
        Markup(17, 23, MarkupKind.RESPELL, "tuh-MAH-toh"),
    )
    assert [(skip.text, skip.rule) for skip in book.skipped] == [
        ("[[pause 1.5]]", "markup"),
        ("[[say tuh-MAH-toh]]", "markup"),
        ("[[/say]]", "markup"),
    ]


def test_pauses_replace_what_would_follow(settings):
    assert said(settings, "He stopped there. [[pause 1.5]] Then he went on.", "[[pause 3]]", "And on.") == [
        ("He stopped there.", "", 1.5),
        ("Then he went on.", "", 3.0),
        ("And on.", "", None),
    ]
    book = marked("He stopped there. [[pause scene]] Then he went on.")
    assert write_script(book, settings, token_count, 200).utterances[0].pause == "scene"


def test_a_pause_inside_a_sentence_cuts_it(settings):
    assert said(settings, "And the winner [[pause 2]] is Tom.") == [("And the winner", "", 2.0), ("is Tom.", "", None)]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("[[say tuh-MAH-toh]]Tomato[[/say]]'s end.", "tuh-mah-toh's end."),
        ("[[spell]]FBI[[/spell]] men.", "F B I men."),
        ("[[say-as characters]]a-1[[/say-as]] here.", "{EY1|A} dash one here."),
        ("[[say-as digits]]1984[[/say-as]] it is.", "one nine eight four it is."),
        ("[[say-as cardinal]]1984[[/say-as]] it is.", "one thousand nine hundred eighty-four it is."),
        ("[[say-as year]]1984[[/say-as]] it is.", "nineteen eighty-four it is."),
        ("[[say-as ordinal]]4th[[/say-as]] and [[say-as ordinal]]4[[/say-as]].", "fourth and fourth."),
        ("[[say-as telephone]]555 12[[/say-as]] rang.", "five five five, one two rang."),
        ("[[ipa lɛd]]lead[[/ipa]] pipe.", "{L EH1 D} pipe."),
        ("[[arpabet L EH1 D]]LEAD[[/arpabet]] PIPE.", "{L EH1 D} PIPE."),
        ("[[say Sinjin]]St. John[[/say]] paid $5.", "Sinjin paid five dollars."),
    ],
)
def test_what_is_said(settings, text, spoken):
    assert said(settings, text) == [(spoken, "", None)]


def test_voices_cut_sentences_and_cross_paragraphs(settings):
    blocks = ("[[voice rms]]“Stop!”[[/voice]] said Tom.", "[[voice awb]]One.", "Two.[[/voice]] Three.")
    assert said(settings, *blocks) == [
        ('"Stop!"', "rms", None),
        ("said Tom.", "", None),
        ("One.", "awb", None),
        ("Two.", "awb", None),
        ("Three.", "", None),
    ]


def test_skips_cross_paragraphs(settings):
    book = marked("Read this. [[skip]]Not this.", "Nor this.", "Nor[[/skip]] But this.")
    assert [block.text for block in book.chapters[0].blocks] == ["Read this.", "But this."]
    assert [skip.text for skip in book.skipped if skip.rule == "markup-skip"] == ["Not this.", "Nor this.", "Nor"]
    ledger.check(book, write_script(book, settings, token_count, 200))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("One.\n\n[[puase 2]]", "line 3: there is no marker [[puase]]: did you mean pause?"),
        ("[[pause long]]", "line 1: [[pause long]]: a pause is a number of seconds or one of clause, sentence"),
        ("[[pause 99]]", "a pause lasts 0 to 60 seconds"),
        ("[[pause nan]]", "a pause lasts 0 to 60 seconds"),
        ("[[pause 2", "line 1: a marker must end with ]]"),
        ("[[voice]]Hello[[/voice]]", "a value is missing"),
        ("[[skip all]]Hello[[/skip]]", "takes no value"),
        ("[[skip]]Hello", "[[skip]] is never closed: write [[/skip]]"),
        ("Hello[[/skip]]", "[[/skip]] closes nothing and nothing is open"),
        ("[[skip]][[voice Tom]]Hello[[/skip]]", "close [[voice Tom]] first"),
        ("[[say x]]Hello\n\nthere[[/say]]", "[[say x]] is not closed in its paragraph"),
    ],
)
def test_mistakes_name_their_line(text, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        check_text(text, "book.txt")
    blocks = [Block(BlockKind.PARAGRAPH, part.replace("\n", " "), "ch1.xhtml") for part in text.split("\n\n")]
    with pytest.raises(BadInputError, match=re.escape(re.sub(r"^line \d+: ", "", message))):
        marked(*blocks)


@pytest.mark.parametrize("text", ["[[say-as louder]]x[[/say-as]]", "[[say-as year]]x[[/say-as]]", "[[ipa ǃ]]x[[/ipa]]"])
def test_values_that_cannot_be_said_are_refused(text):
    with pytest.raises(BadInputError, match="near"):
        marked(text)


def test_a_replacement_longer_than_an_utterance_is_refused(settings):
    with pytest.raises(BadInputError, match="longer than an utterance"):
        said(settings, f"[[say {'word ' * 60}]]x[[/say]]")


def test_edits_keep_markup_in_step():
    block = Block(BlockKind.PARAGRAPH, "one two three", markup=(Markup(4, 7, MarkupKind.VOICE, "v"),))
    assert apply_edits(block, [Edit(0, 4, "1 ")]).markup[0].start == 2
    assert apply_edits(block, [Edit(4, 7)]) == Block(BlockKind.PARAGRAPH, "one three")
    assert apply_edits(Block(BlockKind.VERSE, "a [x]\n[y] b"), [Edit(2, 5), Edit(6, 9)]).text == "a\nb"


_PIECES = st.lists(
    st.sampled_from(
        [
            "word ",
            "He said. ",
            "12 ",
            "“Hi!” ",
            "[[pause 1]]",
            "[[skip]]",
            "[[/skip]]",
            "[[voice rms]]",
            "[[/voice]]",
            "[[say other]]",
            "[[/say]]",
            "[[spell]]",
            "[[/spell]]",
            "[[1]] ",
            "[[ipa lɛd]]",
            "[[/ipa]]",
            "♥",
            "\n",
        ]
    ),
    max_size=12,
)


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([BlockKind.PARAGRAPH, BlockKind.VERSE]), _PIECES), min_size=1, max_size=4))
def test_every_character_is_accounted_for_or_the_mistake_is_told(blocks):
    source = make_book([Block(kind, "".join(pieces).strip()) for kind, pieces in blocks])
    try:
        book = apply_markup(source)
    except BadInputError:
        return
    script = write_script(book, segment_settings(), token_count, 200)
    ledger.check(book, script)
    expected = sum(len("".join(block.text.split())) for block in source.chapters[0].blocks)
    assert script.coverage.source_chars == expected
    spoken = sum(e.chars for e in script.ledger if e.state == LedgerState.SPOKEN)
    assert spoken + script.coverage.skipped_chars == expected


@pytest.mark.parametrize(
    ("marker", "kind", "value"),
    [
        ("voice Tom  S.", MarkupKind.VOICE, "Tom S."),
        ("direct Hush,", MarkupKind.DIRECTION, "Hush,"),
        ("lang fr", MarkupKind.LANGUAGE, "fr"),
        ("say lump", MarkupKind.RESPELL, "lump"),
        ("say-as characters", MarkupKind.SAY_AS, "characters"),
        ("spell", MarkupKind.SAY_AS, "characters"),
        ("ipa lɛd", MarkupKind.PHONEMES, "ipa:lɛd"),
        ("x-sampa lEd", MarkupKind.PHONEMES, "x-sampa:lEd"),
        ("arpabet L EH1 D", MarkupKind.PHONEMES, "arpabet:L EH1 D"),
    ],
)
def test_every_marker_marks_what_stands_between_it_and_its_end(marker, kind, value):
    name = marker.split()[0]
    (block,) = marked(f"The [[{marker}]] lamp [[/{name}]] fell.").chapters[0].blocks
    assert block.text == "The lamp fell."
    assert block.markup == (Markup(4, 8, kind, value),)
    assert marked(f"The [[{marker}]] [[/{name}]]lamp.").chapters[0].blocks[0].markup == ()
    across = [f"The [[{marker}]]lamp", f"fell[[/{name}]] down."]
    if name in ("voice", "direct", "lang"):
        assert [block.markup[0].kind for block in marked(*across).chapters[0].blocks] == [kind, kind]
        check_text("\n\n".join(across), "a.txt")
    else:
        with pytest.raises(BadInputError, match="is not closed in its paragraph"):
            marked(*across)
        with pytest.raises(BadInputError, match="is not closed in its paragraph"):
            check_text("\n\n".join(across), "a.txt")


@pytest.mark.parametrize(
    "name", ["pause", "skip", "voice", "direct", "say", "say-as", "spell", "ipa", "x-sampa", "arpabet", "lang"]
)
def test_what_begins_like_a_marker_and_does_not_end_is_a_mistake(name):
    for text in (f"A [[{name} x", f"A [[/{name} [x]]", f"A [[{name}]"):
        with pytest.raises(BadInputError, match="must end with"):
            check_text(text, "a.txt")


@pytest.mark.parametrize("text", ["[[Pause 1]]", "[[1]]", "[[ pause 1]]", "[[pausing]]", "[[x y]]", "[[]]"])
def test_what_only_looks_like_a_marker_is_text(text):
    check_text(text, "a.txt")
    assert marked(text).chapters[0].blocks[0].text == text


def test_a_closing_marker_that_nobody_knows_is_a_mistake_and_an_opening_one_is_text():
    check_text("[[unheard x]]", "a.txt")
    with pytest.raises(BadInputError, match=re.escape("there is no marker [[unheard]]: known are pause, skip, voice")):
        check_text("[[/unheard]]", "a.txt")


def test_pauses_alone_go_to_the_text_before_them_else_to_that_behind_them():
    book = marked("[[pause 1]]", "[[pause 2]]", "One.", "[[pause 3]]", "Two.")
    assert [[(note.start, note.value) for note in block.markup] for block in book.chapters[0].blocks] == [
        [(0, "1"), (0, "2"), (4, "3")],
        [],
    ]


def test_what_is_open_ends_with_its_chapter():
    with pytest.raises(
        BadInputError, match=re.escape("chapter 1 (Chapter 1): [[voice a]] is never closed: write [[/voice]]")
    ):
        apply_markup(make_book(["[[voice a]]One."], ["Two.[[/voice]]"]))


def test_a_title_has_no_markers_of_ours():
    book = make_book(["[[spell]]A[[/spell]]"])
    titled = replace(book, chapters=(replace(book.chapters[0], title="[[spell]]A[[/spell]] [[x]] b  c"),))
    assert apply_markup(titled).chapters[0].title == "A [[x]] b c"
