"""The attributes `data-talepress-*`: what becomes of them, and what a mistake is told as."""

from __future__ import annotations

import re

import pytest

from configs.settings import load_settings
from storage.records import Block, Markup, MarkupKind, Skip
from tasks.errors import BadInputError
from tasks.ingest.book import read_book


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
