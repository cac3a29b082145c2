"""Pronunciation lexicons of other programs become ours, and nothing that they point to is followed."""

from __future__ import annotations

import tomllib

import pytest

from tasks.annotate.pls import pls_to_toml, toml_string
from tasks.errors import BadInputError

NAMESPACE = 'xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'


def converted(lexemes, alphabet='alphabet="ipa"'):
    text, count = pls_to_toml(f"<lexicon {NAMESPACE} {alphabet}>{lexemes}</lexicon>".encode(), "names.pls")
    entries = tomllib.loads(text).get("entry", [])
    assert len(entries) == count
    return entries


def lexeme(*children):
    return f"<lexeme>{''.join(children)}</lexeme>"


@pytest.mark.parametrize(
    ("children", "wanted"),
    [
        (["<grapheme>A</grapheme>", "<phoneme>b</phoneme>"], [{"word": "A", "ipa": "b"}]),
        (["<grapheme>A</grapheme>", "<alias>bee</alias>"], [{"word": "A", "say": "bee"}]),
        (["<grapheme>A</grapheme>", "<phoneme>b</phoneme>", "<phoneme>c</phoneme>"], [{"word": "A", "ipa": "b"}]),
        (["<grapheme>A</grapheme>", "<phoneme> </phoneme>", "<phoneme>c</phoneme>"], [{"word": "A", "ipa": "c"}]),
        (
            ["<grapheme>A</grapheme>", "<phoneme>b</phoneme>", '<alias prefer="true">c</alias>'],
            [{"word": "A", "say": "c"}],
        ),
        (
            ["<grapheme>A</grapheme>", '<phoneme prefer="false">b</phoneme>', '<phoneme prefer="true">c</phoneme>'],
            [{"word": "A", "ipa": "c"}],
        ),
        (
            [
                "<grapheme>A</grapheme>",
                "<grapheme> </grapheme>",
                "<grapheme>E\n <i>x</i></grapheme>",
                "<alias>b</alias>",
            ],
            [{"word": "A", "say": "b"}, {"word": "E x", "say": "b"}],
        ),
        (["<grapheme>A</grapheme>"], []),
        (["<phoneme>b</phoneme>"], []),
    ],
)
def test_one_entry_for_each_spelling_with_the_preferred_pronunciation(children, wanted):
    assert converted(lexeme(*children)) == wanted


def test_a_word_without_a_pronunciation_hides_none_that_follows():
    assert converted(lexeme("<grapheme>A</grapheme>") + lexeme("<grapheme>B</grapheme>", "<alias>c</alias>")) == [
        {"word": "B", "say": "c"}
    ]


@pytest.mark.parametrize(
    ("of_all", "own", "name"),
    [
        ("", "", "ipa"),
        ('alphabet="x-sampa"', "", "x-sampa"),
        ('alphabet="x-sampa"', 'alphabet="ipa"', "ipa"),
        ('alphabet=" XSAMPA "', "", "x-sampa"),
        ('alphabet="x-amazon-x-sampa"', "", "x-sampa"),
        ('alphabet="x-arpabet"', "", "arpabet"),
        ('alphabet="arpabet"', "", "arpabet"),
    ],
)
def test_the_alphabet_is_the_words_own_or_that_of_the_file(of_all, own, name):
    (entry,) = converted(lexeme("<grapheme>A</grapheme>", f"<phoneme {own}>b</phoneme>"), of_all)
    assert entry == {"word": "A", name: "b"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (f"<lexicon {NAMESPACE}><lexeme>", "^names.pls is not well-formed XML: "),
        ("<html/>", "^names.pls is no pronunciation lexicon: its root element is 'html'$"),
        (
            f"<lexicon {NAMESPACE}>\n<lexeme><grapheme>A</grapheme>"
            '<phoneme alphabet="klingon">b</phoneme></lexeme></lexicon>',
            "^names.pls, line 2: alphabet 'klingon' is unknown: use one of .*ipa",
        ),
        (
            f"<lexicon {NAMESPACE}>{'<a>' * 300}{'</a>' * 300}</lexicon>",
            "^names.pls is not well-formed XML: .*[Dd]epth",
        ),
    ],
)
def test_what_is_no_lexicon_is_named_with_its_line(data, message):
    with pytest.raises(BadInputError, match=message):
        pls_to_toml(data.encode(), "names.pls")


def test_no_entity_is_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    head = f'<!DOCTYPE lexicon [<!ENTITY a SYSTEM "{(tmp_path / "secret").as_uri()}"><!ENTITY b "secret">]>'
    entry = lexeme("<grapheme>A&a;&b;</grapheme>", "<alias>B&a;&b;</alias>")
    text, _ = pls_to_toml(f"{head}<lexicon {NAMESPACE}>{entry}</lexicon>".encode(), "names.pls")
    assert "secret" not in text


def test_the_files_name_cannot_end_its_comment():
    text, _ = pls_to_toml(f"<lexicon {NAMESPACE}/>".encode(), "a\n[[entry]]\nword.pls")
    assert text == "# imported from a [[entry]] word.pls\n"


@pytest.mark.parametrize("text", ['"', "\\", "\x7f", "\x00\x1f", "é\u2028", "a\nb", "'''"])
def test_any_text_can_be_written_and_read_again(text):
    assert tomllib.loads(f"a = {toml_string(text)}") == {"a": text}
    assert "é" not in text or "é" in toml_string(text)
