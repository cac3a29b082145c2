"""Lexicons: what an entry matches, which of several holds, and that it touches nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate import lexicon as lexicons
from tasks.annotate.lexicon import Entry, Lexicon, Scope, apply_lexicons, read_lexicon
from tasks.annotate.pls import pls_to_toml
from tasks.errors import BadInputError
from tasks.segment.script import write_script
from tasks.synthesize.keys import utterance_key
from tests.tasks.books import make_book, token_count
from tortoise_core.inference.presets import SamplingSettings


@pytest.fixture
def lexicon(tmp_path):
    def write(text, name="test.toml") -> Lexicon:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return read_lexicon(path)

    return write


def entry(**values) -> str:
    return "[[entry]]\n" + "".join(f"{key} = '{value}'\n" for key, value in values.items())


def spoken(settings, text, *lexicons, narrator="slt"):
    book = apply_lexicons(make_book([text]), lexicons, narrator)
    return [u.spoken for u in write_script(book, settings, token_count, 200).utterances]


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        ({"word": "tomato", "say": "tuh-MAH-toh"}, "Tomato, TOMATO, tomatoes.", "tuh-mah-toh, tuh-mah-toh, tomatoes."),
        ({"word": "Hermione", "ipa": "hɚˈmaɪəni"}, "Hermione's cat.", "{HH ER0 M AY1 AH0 N IY0}'s cat."),
        ({"word": "Polish", "say": "Poalish"}, "To polish Polish.", "To polish Poalish."),
        ({"word": "us", "say": "uhs", "case": "exact"}, "US and us.", "U S and uhs."),
        ({"word": "Us", "say": "uhs", "case": "any"}, "US and us.", "uhs and uhs."),
        ({"phrase": "St. John", "say": "Sinjin"}, "Then St. John spoke first.", "Then Sinjin spoke first."),
        ({"regex": r"NX-(\d+)", "say": r"N X \1"}, "The NX-5 flew.", "The N X five flew."),
        ({"word": "cat", "say": "kat"}, "Cat-like concatenation.", "kat-like concatenation."),
        ({"word": "wind", "say": "winnd"}, "# CHAPTER I. MR. WIND, ESQUIRE", "CHAPTER One. MISTER winnd, ESQUIRE"),
        ({"word": "Ann", "say": "An"}, "ANN AND THE FBI IN MR. LOW'S CAR", "An AND THE F B I IN MISTER LOW'S CAR"),
    ],
)
def test_what_an_entry_matches(settings, lexicon, given, text, expected):
    assert " ".join(spoken(settings, text, lexicon(entry(**given)))) == expected


def test_the_longest_holds_then_the_narrowest_then_the_last(settings, lexicon):
    one = lexicon(entry(word="Ann", say="A") + entry(phrase="Ann Lee", say="B") + entry(word="Bea", say="old"))
    book = lexicon("scope = 'book'\n" + entry(word="Ann", say="C"))
    assert spoken(settings, "Ann Lee and Ann.", book, one) == ["B and C."]
    assert spoken(settings, "Bea.", one, lexicon(entry(word="Bea", say="new"))) == ["new."]


def test_scopes(settings, lexicon):
    voice = lexicon("scope = 'voice'\nfor = 'rms'\n" + entry(word="Ann", say="An"))
    marked = Block(BlockKind.PARAGRAPH, "Ann said Ann.", markup=(Markup(0, 3, MarkupKind.VOICE, "rms"),))
    assert spoken(settings, marked, voice) == ["An", "said Ann."]
    assert spoken(settings, "Ann.", voice, narrator="rms") == ["An."]
    book = replace(make_book(["x"]), identifier="urn:isbn:1")
    series = Lexicon((), Scope.SERIES, "The Lamps")
    assert series.is_for(book, "the  lamps") and not series.is_for(book, "") and not series.is_for(book, "Others")
    assert Lexicon((), Scope.BOOK, "a test").is_for(book, "") and Lexicon((), Scope.BOOK, "urn:isbn:1").is_for(book, "")
    assert not Lexicon((), Scope.BOOK, "Another").is_for(book, "") and Lexicon((), Scope.BOOK).is_for(book, "")


def test_what_the_text_says_itself_comes_first(settings, lexicon):
    block = Block(BlockKind.PARAGRAPH, "Ann came.", markup=(Markup(0, 3, MarkupKind.RESPELL, "Anna"),))
    assert spoken(settings, block, lexicon(entry(word="Ann", say="An"))) == ["Anna came."]


def test_changing_an_entry_changes_the_keys_of_the_utterances_that_it_touches_alone(settings, lexicon):
    paragraphs = [
        "Hermione came in that evening.",
        "Nobody else was there at all.",
        "They saw Hermione's old cat there.",
    ]

    def keys(say):
        book = apply_lexicons(make_book(paragraphs), [lexicon(entry(word="Hermione", say=say))], "slt")
        script = write_script(book, settings, token_count, 200)
        return [utterance_key(u.spoken, "voice", "model", SamplingSettings()) for u in script.utterances]

    before = keys("her-MY-oh-nee")
    after = keys("HER-mee-own")
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, False]


@pytest.mark.timeout(60, method="thread")  # nothing else ends one that is not limited
def test_a_pattern_that_never_ends_is_named_with_its_line(settings, lexicon):
    words = entry(word="Ann", say="An") + entry(regex="(?:a|aa)+$", say="b")
    with pytest.raises(BadInputError, match=r"line \d+: the regular expression '\(\?:a\|aa\)\+\$' takes more than 2"):
        spoken(settings, "He cried " + "a" * 60 + "!", lexicon(words))


def test_csv(settings, lexicon):
    table = lexicon('word,say,ipa,case\nAnn,An,,\n"Lee",,liː,exact\n', "test.csv")
    assert spoken(settings, "Ann Lee.", table) == ["An {L IY1}."]


def test_pls(settings, lexicon):
    data = """<?xml version="1.0"?><lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa">
      <lexeme><grapheme>lead "x"</grapheme><phoneme>liːd</phoneme><phoneme prefer="true">lɛd</phoneme></lexeme>
      <lexeme><grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias></lexeme>
      <lexeme><grapheme>nothing</grapheme></lexeme></lexicon>"""
    text, count = pls_to_toml(data.encode(), "some.pls")
    assert count == 2
    found = lexicon(text).entries
    assert [(e.written, e.kind, e.value) for e in found] == [
        ('lead "x"', MarkupKind.PHONEMES, "ipa:lɛd"),
        ("W3C", MarkupKind.RESPELL, "World Wide Web Consortium"),
    ]


def test_a_pls_reads_no_file_that_its_entities_point_to(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("of nobody's business")
    data = f"""<!DOCTYPE lexicon [<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY inside "expanded">]>
      <lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon">
      <lexeme><grapheme>Ann</grapheme><alias>plain &file;&inside;</alias></lexeme></lexicon>"""
    text, _ = pls_to_toml(data.encode(), "some.pls")
    assert "plain" in text
    assert "business" not in text and "expanded" not in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<lexicon", "not well-formed"),
        (b"<html/>", "its root element is 'html'"),
        (
            b"<lexicon alphabet='kirshenbaum'>\n<lexeme><grapheme>a</grapheme><phoneme>a</phoneme></lexeme></lexicon>",
            "line 2: alphabet 'kirshenbaum'",
        ),
    ],
)
def test_files_that_are_no_pls(data, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        pls_to_toml(data, "some.pls")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[entry]]\nword = 'a'\nsay = 'b'\n\n[[entry]]\nword = 'c'",
            "line 5: give one of word, phrase, regex and one",
        ),
        (entry(word="a", say="b", ipa="c"), "line 1: give one of"),
        (entry(word="a", sya="b"), "line 1: 'sya' is unknown"),
        (entry(word="a", say="b", case="both"), "case 'both' is unknown: write one of smart, exact, any"),
        (entry(word="a", ipa="ǃ"), "'ǃ' is no sound"),
        (entry(regex="(", say="b"), "no regular expression"),
        (entry(regex="a", say=r"\1"), "no regular expression"),
        (entry(word="!", say="b"), "write it as a regex"),
        ("scope = 'world'", "scope 'world': write one of global, series, book, voice"),
        ("scope = 'series'", "needs the name of the series"),
        ("word = 'x'", "'word' is unknown"),
        ("[[entry]", "lexicon test.toml: "),
    ],
)
def test_mistakes_name_their_line(lexicon, text, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        lexicon(text)


@pytest.mark.parametrize(
    ("case", "written", "allowed"),
    [
        ("smart", "ann", {"ann", "Ann", "ANN", "aNn"}),
        ("smart", "Ann", {"Ann", "ANN"}),
        ("exact", "Ann", {"Ann"}),
        ("exact", "ann", {"ann"}),
        ("any", "Ann", {"ann", "Ann", "ANN", "aNn"}),
    ],
)
def test_how_a_word_must_be_written(case, written, allowed):
    entry = Entry(written, MarkupKind.RESPELL, "x", case)
    assert {text for text in ("ann", "Ann", "ANN", "aNn") if entry.allows_case(text)} == allowed


def marked(text, *lexicons):
    (block,) = apply_lexicons(make_book([text]), lexicons, "slt").chapters[0].blocks
    return [(block.text[note.start : note.end], note.value) for note in block.markup]


@pytest.mark.parametrize(
    ("rows", "text", "found"),
    [
        ([{"word": "Ann", "say": "a"}], "Ann’s ANN'S Anna Ann_ Ann2 (Ann)", ["Ann", "ANN", "Ann", "Ann"]),
        (
            [{"phrase": "Mrs O’Neil", "say": "a"}],
            "Mrs O’Neil, Mrs\nO'Neil's, Mrs O'Neill",
            ["Mrs O’Neil", "Mrs\nO'Neil"],
        ),
        ([{"regex": "x*", "say": "a"}], "a xx b", ["xx"]),  # what finds nothing marks nothing
        ([{"regex": "ann", "say": "a", "case": "any"}], "Ann ann", ["Ann", "ann"]),
        ([{"regex": "ann", "say": "a"}], "Ann ann", ["ann"]),
        ([{"word": "Ann", "say": "a"}, {"regex": "Ann \\w+", "say": "b"}], "Ann Lee", ["Ann Lee"]),
        ([{"phrase": "Ann Lee", "say": "a"}, {"regex": "Lee.*", "say": "b"}], "Ann Lee is here", ["Lee is here"]),
        ([{"word": "Ann", "say": "a"}, {"word": "Annette", "say": "b"}], "Annette Ann", ["Annette", "Ann"]),
    ],
)
def test_what_is_marked(lexicon, rows, text, found):
    assert [written for written, _ in marked(text, lexicon("".join(entry(**row) for row in rows)))] == found


def test_a_pattern_of_phonemes_says_them_whatever_it_finds(lexicon):
    assert marked("Ann 5", lexicon(entry(regex=r"Ann (\d)", arpabet="AE1 N"))) == [("Ann 5", "arpabet:AE1 N")]


def test_a_lexicon_of_a_voice_speaks_for_it_alone(lexicon):
    rows = lexicon("scope = 'voice'\nfor = 'rms'\n" + entry(word="Ann", say="a") + entry(regex="Lee", say="b"))
    assert [one.voice for one in rows.entries] == ["rms", "rms"]
    assert marked("Ann Lee", rows) == []
    book = replace(make_book(["x"]), identifier="urn:1")
    assert Lexicon((), Scope.BOOK, book.source_sha256).is_for(book, "")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "word,say\nAnn,An\nLee\n", "lexicon a.csv, line 3: give one of"),
        ("a.csv", "word,say,note\nAnn,An,x\n", "line 2: 'note' is unknown"),
        ("a.txt", "", r"is no .toml or .csv file: rename it; for a .pls file"),
        ("a.toml", "entry = 3", "'entry' is unknown: write tables [[entry]]"),
        ("a.toml", "[[entry]]\nword = 3\nsay = 'x'", "every value of an entry is a text in quotation marks"),
        ("a.toml", "scope = 'voice'", "needs the name of the voice"),
        ("a.toml", "scope = 3", "scope 3: write one of"),
    ],
)
def test_more_mistakes_name_their_line(lexicon, name, text, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        lexicon(text, name)


def test_a_lexicon_of_a_voice_begins_and_ends_with_its_voice(lexicon):
    rows = lexicon("scope = 'voice'\nfor = 'rms'\n" + entry(word="Ann", say="a"))
    note = Markup(4, 7, MarkupKind.VOICE, "rms")
    book = apply_lexicons(make_book([Block(BlockKind.PARAGRAPH, "Ann Ann Ann", markup=(note,))]), [rows], "slt")
    assert [(m.start, m.end) for m in book.chapters[0].blocks[0].markup if m.kind == MarkupKind.RESPELL] == [(4, 7)]
    book = apply_lexicons(make_book([Block(BlockKind.PARAGRAPH, "Ann Ann Ann", markup=(note,))]), [rows], "rms")
    assert sum(m.kind == MarkupKind.RESPELL for m in book.chapters[0].blocks[0].markup) == 3


@pytest.mark.parametrize("form", ["word", "regex"])
@pytest.mark.parametrize("other", ["word", "regex"])
def test_of_words_and_patterns_of_one_length_the_narrower_holds_then_the_later(lexicon, form, other):
    book = lexicon("scope = 'book'\n" + entry(**{form: "Ann", "say": "of the book"}))
    plain = lexicon(entry(**{other: "Ann", "say": "of all"}))
    assert marked("Ann", book, plain) == marked("Ann", plain, book) == [("Ann", "of the book")]
    both = lexicon(entry(**{form: "Ann", "say": "earlier"}) + entry(**{other: "Ann", "say": "later"}))
    assert marked("Ann", both) == [("Ann", "later")]


@pytest.mark.parametrize("kind", MarkupKind)
def test_what_markup_pronounces_is_left_alone_and_what_it_says_otherwise_is_not(lexicon, kind):
    block = Block(BlockKind.PARAGRAPH, "Ann came.", markup=(Markup(0, 3, kind, "slt"),))
    found = apply_lexicons(make_book([block]), [lexicon(entry(word="Ann", say="An"))], "slt").chapters[0].blocks[0]
    pronounced = kind in (MarkupKind.PHONEMES, MarkupKind.RESPELL, MarkupKind.SAY_AS)
    assert len(found.markup) == (1 if pronounced else 2)


def test_a_table_that_a_spreadsheet_began_with_its_mark_is_read(lexicon):
    assert marked("Ann", lexicon("\ufeffword,say\nAnn,An\n", "A.CSV")) == [("Ann", "An")]


def test_of_a_long_paragraph_in_which_a_pattern_does_not_end_the_beginning_is_told():
    def finditer(text, timeout):
        raise TimeoutError

    entry = SimpleNamespace(pattern=SimpleNamespace(finditer=finditer), place="a.toml, line 3", written="(a+)+b")
    with pytest.raises(BadInputError, match=r"^a\.toml, line 3: .* one paragraph, 'x{40}': write it without"):
        lexicons._matches(entry, "x" * 5000)
