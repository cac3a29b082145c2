"""Pronunciation hints of the book: ssml:ph, PLS lexicons, languages, and that offsets meet the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.ingest.book import read_book
from tasks.ingest.html.inline import InlineText
from tasks.ingest.html.pronunciation import Pronunciations
from tests.tasks.ingest.builders import page, write_epub
from tests.tasks.ingest.html.test_walker import events

SSML = "xmlns:ssml='http://www.w3.org/2001/10/synthesis'"


def marked(body: str, **options) -> list[tuple[str, str, str]]:
    found = [event for event in events(body, **options) if isinstance(event, Block)]
    return [(b.text[m.start : m.end], m.kind.value, m.value) for b in found for m in b.markup]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<p>a  <b {SSML} ssml:ph='tə'> to </b> b</p>", [("to", "phonemes", "ipa:tə")]),
        (f"<p {SSML} ssml:alphabet='x-sampa'><b ssml:ph='t@'>to</b></p>", [("to", "phonemes", "x-sampa:t@")]),
        (f"<p>x<b {SSML} ssml:ph='tə'></b></p>", []),
        (f"<div {SSML} ssml:ph='tə'><p>one</p><p>two</p></div>", []),  # said of no single word
        ("<p>He said <i xml:lang='fr'>bon  jour</i>.</p>", [("bon jour", "language", "fr")]),
        ("<p>He said <i lang='en-GB'>hello</i>.</p>", []),
        (
            "<div lang='fr'><p>un</p><p>deux <i lang='en'>x</i></p></div>",
            [("un", "language", "fr"), ("deux x", "language", "fr"), ("x", "language", "en")],
        ),
        ("<p lang='und'>x</p>", []),
    ],
)
def test_markup_of_elements(body, expected):
    assert marked(body) == expected


def lexicon(*lexemes: str, alphabet: str = "ipa", language: str = "en") -> bytes:
    body = "".join(f"<lexeme>{lexeme}</lexeme>" for lexeme in lexemes)
    return (
        f"<lexicon version='1.0' xmlns='http://www.w3.org/2005/01/pronunciation-lexicon' alphabet='{alphabet}' "
        f"xml:lang='{language}'>{body}</lexicon>"
    ).encode()


def annotated(text: str, data: bytes) -> list[tuple[str, str]]:
    words = Pronunciations()
    assert words.add_lexicon(data, "en-GB") == ""
    return [(text[m.start : m.end], m.value) for m in words.annotate(Block(BlockKind.PARAGRAPH, text))]


def test_lexicons_find_words_and_phrases_whole_and_longest_first():
    data = lexicon(
        "<grapheme>Notre Dame</grapheme><phoneme>noʊtə</phoneme>",
        "<grapheme>Notre</grapheme><phoneme>no</phoneme>",
        "<grapheme>bass</grapheme><phoneme>a</phoneme><phoneme prefer='true' alphabet='x-sampa'>beIs</phoneme>",
        "<grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias>",
    )
    assert annotated("Bass at Notre\nDame, the W3C; basso, BASS, Notre", data) == [
        ("Bass", "x-sampa:beIs"),
        ("Notre\nDame", "ipa:noʊtə"),
        ("W3C", "World Wide Web Consortium"),
        ("Notre", "ipa:no"),
    ]


def test_a_lexicon_of_another_language_is_not_used_and_a_broken_one_is_told():
    assert annotated("bass", lexicon("<grapheme>bass</grapheme><phoneme>a</phoneme>", language="fr")) == []
    words = Pronunciations()
    assert "repaired" in words.add_lexicon(lexicon("<grapheme>a</grapheme><phoneme>b</phoneme>")[:-5], "en")
    assert Pronunciations().add_lexicon(b"<html/>", "en") == "no pronunciation lexicon"


def test_a_lexicon_linked_from_a_chapter_serves_that_chapter_and_gives_way_to_the_text(tmp_path, settings):
    link = "<link rel='pronunciation' type='application/pls+xml' href='l.pls'/><title>"
    pages = {
        "a.xhtml": page(f"<p>a bass, <b {SSML} ssml:ph='bæs'>bass</b></p>").replace("<title>", link),
        "b.xhtml": page("<p>bass</p>"),
    }
    data = lexicon("<grapheme>bass</grapheme><phoneme>beɪs</phoneme>")
    book = read_book(write_epub(tmp_path / "b.epub", pages, members={"OEBPS/l.pls": data}), settings)
    first, second = book.chapters[0].blocks
    assert [(m.start, m.end, m.value) for m in first.markup] == [(2, 6, "ipa:beɪs"), (8, 12, "ipa:bæs")]
    assert second.markup == ()


_PIECES = st.lists(st.tuples(st.text("ab \n\té\u0301ﬁ", max_size=6), st.booleans()), max_size=12)


@given(_PIECES)
def test_markup_covers_exactly_the_words_added_while_it_was_open(pieces):
    line = InlineText()
    expected = []
    for text, is_marked in pieces:
        line.add(" ")
        if is_marked:
            span = line.open(MarkupKind.PHONEMES, "x")
            line.add("<" + text + ">")
            line.close(span)
            expected.append("<" + text + ">")
        else:
            line.add(text)
    text, markup, _ = line.take()
    plain = InlineText()
    found = [text[note.start : note.end] for note in markup]
    for words, want in zip(found, expected, strict=True):
        plain.add(want)
        assert words == plain.take()[0]
    assert text == " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "book_language", "is_used"),
    [("en-US", "en-GB", True), ("fr", "en", False), ("fr", "", True), ("", "en", True), ("EN", "en", True)],
)
def test_a_lexicon_serves_books_of_its_language(language, book_language, is_used):
    words = Pronunciations()
    assert (
        words.add_lexicon(lexicon("<grapheme>bass</grapheme><alias>b</alias>", language=language), book_language) == ""
    )
    assert bool(words) is is_used


@pytest.mark.parametrize(
    ("lexemes", "text", "found"),
    [
        (
            ["<grapheme>a b</grapheme><alias>x</alias>", "<grapheme>a b</grapheme><alias>y</alias>"],
            "a b",
            [("a b", "x")],
        ),
        (
            ["<grapheme>bass</grapheme><grapheme>bas</grapheme><alias>x</alias>"],
            "bas bass",
            [("bas", "x"), ("bass", "x")],
        ),
        (["<grapheme>bass</grapheme><phoneme> </phoneme>"], "bass", []),
        (["<grapheme>bass</grapheme>", "<grapheme>cod</grapheme><alias>x</alias>"], "bass cod", [("cod", "x")]),
        (["<grapheme>...</grapheme><alias>x</alias>"], "...", []),
        (["<grapheme>don’t</grapheme><alias>x</alias>"], "Don’t", [("Don’t", "x")]),
        (["<grapheme>A</grapheme><alias>x</alias>"], "a A", [("A", "x")]),
        (
            ["<grapheme>a b</grapheme><alias>x</alias>", "<grapheme>b</grapheme><alias>y</alias>"],
            "a b b",
            [("a b", "x"), ("b", "y")],
        ),
    ],
)
def test_which_words_an_entry_is_for(lexemes, text, found):
    assert annotated(text, lexicon(*lexemes)) == found


def test_what_the_text_says_itself_comes_first_and_a_voice_says_nothing_of_words():
    words = Pronunciations()
    words.add_lexicon(lexicon("<grapheme>bass</grapheme><alias>b</alias>"), "en")
    for kind, count in (
        (MarkupKind.RESPELL, 1),
        (MarkupKind.PHONEMES, 1),
        (MarkupKind.SAY_AS, 1),
        (MarkupKind.VOICE, 2),
    ):
        note = Markup(0, 4, kind, "x")
        assert len(words.annotate(Block(BlockKind.PARAGRAPH, "bass", markup=(note,)))) == count
    beside = Markup(5, 8, MarkupKind.RESPELL, "x")
    assert len(words.annotate(Block(BlockKind.PARAGRAPH, "bass one", markup=(beside,)))) == 2
