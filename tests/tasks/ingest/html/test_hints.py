"""The attributes `data-talepress-*`: what becomes of them, and what a mistake is told as."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from configs.settings import load_settings
from storage.records import Block, Markup, MarkupKind, Skip
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.ingest.html.hints import hints_of, primary


@pytest.fixture
def read(tmp_path):
    def blocks(body):
        path = tmp_path / "book.html"
        path.write_text(f"<html><body><h1>One</h1>\n{body}</body></html>", "utf-8")
        book = read_book(path, load_settings().ingest)
        return [block for chapter in book.chapters for block in chapter.blocks][1:], book.skipped

    return blocks


@pytest.mark.parametrize(
    ("attribute", "kind", "value"),
    [
        ("voice='Tom'", MarkupKind.VOICE, "Tom"),
        ("direct='I am sad,'", MarkupKind.DIRECTION, "I am sad,"),
        ("say='tuh-MAY-toh'", MarkupKind.RESPELL, "tuh-MAY-toh"),
        ("say-as='characters'", MarkupKind.SAY_AS, "characters"),
        ("ipa='təˈmeɪtoʊ'", MarkupKind.PHONEMES, "ipa:təˈmeɪtoʊ"),
        ("arpabet='T AH0'", MarkupKind.PHONEMES, "arpabet:T AH0"),
    ],
)
def test_attributes_mark_their_text(read, attribute, kind, value):
    (block,), _ = read(f"<p>A <span data-talepress-{attribute}>tomato</span> came.</p>")
    assert (block.text, block.markup) == ("A tomato came.", (Markup(2, 8, kind, value),))


def pauses(block: Block):
    return [(note.start, note.value) for note in block.markup if note.kind == MarkupKind.PAUSE]


def test_pauses_follow_their_element(read):
    (one, two), _ = read(
        "<p>He <b data-talepress-pause='2'>stopped.</b> Then.</p><p data-talepress-pause='scene'>End.</p>"
    )
    assert pauses(one) == [(11, "2")]
    assert pauses(two) == [(4, "scene")]


def test_skipped_text_is_accounted_for(read):
    (block,), skips = read(
        "<p>Read. <i data-talepress-skip=''>Not read.</i></p><div data-talepress-skip='yes'><p>Nor.</p></div>"
    )
    assert block.text == "Read."
    assert {(skip.text, skip.rule) for skip in skips if isinstance(skip, Skip)} >= {
        ("Not read.", "markup-skip"),
        ("Nor.", "markup-skip"),
    }


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("pause='long'", "line 2: data-talepress-pause='long': a pause is a number of seconds"),
        ("pause='-1'", "a pause lasts 0 to 60 seconds"),
        ("say-as='loud'", "'loud' is no way to say something"),
        ("ipa='ǃ'", "'ǃ' is no sound of English"),
        ("voice=''", "a value is missing"),
        ("shout='x'", "there is no such attribute"),
    ],
)
def test_mistakes_name_their_line(read, attribute, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        read(f"<p data-talepress-{attribute}>tomato</p>")


SSML = 'xmlns:ssml="http://www.w3.org/2001/10/synthesis"'


def hints(markup, language="en-GB"):
    return hints_of(etree.fromstring(markup), language)


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ('lang="fr"', "fr"),
        ('xml:lang="fr-CA"', "fr-CA"),
        ('lang=" de_AT "', "de-AT"),
        ('xml:lang="it" lang="fr"', "it"),
        ('lang="en-US"', None),
        ('lang="EN"', None),
        ("", None),
        *((f'lang="{code}"', None) for code in ("und", "MUL", "zxx", "mis")),
    ],
)
def test_a_change_of_language_is_a_hint(attributes, found):
    assert hints(f"<i {attributes}>x</i>") == ([(MarkupKind.LANGUAGE, found)] if found else [])


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        (f'<b {SSML} ssml:ph=" t  o "/>', "ipa:t o"),
        (f'<b {SSML} ssml:ph="t" ssml:alphabet=" X-SAMPA "/>', "x-sampa:t"),
        ('<b><i ssml:ph="t" ssml:alphabet="x" xmlns:ssml="urn:other"/></b>', None),
        (f'<b {SSML} ssml:ph=" "/>', None),
    ],
)
def test_phonemes_of_an_element(markup, value):
    assert hints(markup) == ([(MarkupKind.PHONEMES, value)] if value else [])


def test_what_was_read_as_html_has_phonemes_in_an_attribute_with_a_colon():
    element = etree.HTML('<div ssml:alphabet="x-sampa"><b ssml:ph="t@">x</b></div>').find(".//b")
    assert hints_of(element, "") == [(MarkupKind.PHONEMES, "x-sampa:t@")]


def test_several_hints_are_all_told_ours_first():
    markup = f'<b {SSML} ssml:ph="t" lang="fr" data-talepress-voice=" Tom  S. " data-talepress-skip="">x</b>'
    assert hints(markup) == [
        (MarkupKind.VOICE, "Tom S."), (MarkupKind.LANGUAGE, "fr"), (MarkupKind.PHONEMES, "ipa:t"),
    ]  # fmt: skip


def test_an_element_without_text_has_nothing_to_be_said_wrongly():
    assert hints('<b data-talepress-say-as="year"/>') == [(MarkupKind.SAY_AS, "year")]
    with pytest.raises(BadInputError, match="'x' cannot be said as 'year'"):
        hints('<b data-talepress-say-as="year"><i>x</i></b>')


@pytest.mark.parametrize(("tag", "code"), [("en-GB", "en"), ("DE", "de"), ("", ""), ("zh-Hant-TW", "zh")])
def test_a_language_without_its_region(tag, code):
    assert primary(tag) == code
