"""The page is whole in itself, and hostile text stays text."""

from dataclasses import replace

import lxml.html
import pytest

from tasks.review.page import ChapterShown, Passage, Review, TakeShown, places, render_page
from tasks.voices.catalogue import VoiceCredit

TAKE = TakeShown(
    0, True, 3.25, ("may have dropped a word",), ("misspelled: -2 nats",), b"OggS", ((-0.5, 0.5), (0.0, 1.0))
)
PASSAGE = Passage("20:18", "The Storm", "0:31:07", "Before.", "The text.", "After.", (TAKE,))
REVIEW = Review(
    title="A Book",
    authors="Ann",
    narrator="joe",
    length="1:02:03",
    losses=("guesses leave out 5.1% of the book's words; look at what is skipped",),
    files=("/out/A Book.m4b",),
    chapters=(ChapterShown(20, "The Storm", "0:30:00", "0:10:00", "-19.1 LUFS", "-3.6 dBTP", 40, 1),),
    passages=(PASSAGE,),
    command="talepress retry book.epub --only 20:18",
    voices=(VoiceCredit("joe", "an American man", "speech of Joe", "CC0"),),
)
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onmouseover='x {{ 7*7 }} {% for %} &amp; ]]> \x00\u202e"
)


def parsed(review):
    return lxml.html.document_fromstring(render_page(review))


def test_what_is_to_be_judged_is_on_the_page():
    page = parsed(REVIEW)
    text = " ".join(page.text_content().split())
    for shown in ("The Storm", "-19.1 LUFS", "-3.6 dBTP", "20:18", "at 0:31:07", "Before. The text. After.", "3.2 s"):
        assert shown in text
    assert "Warning: guesses leave out 5.1% of the book's words; look at what is skipped." in text
    assert "may have dropped a word (misspelled: -2 nats)" in text
    assert "talepress retry book.epub --only 20:18" in text
    (voices,) = page.find_class("voices")
    assert [cell.text_content() for cell in voices[-1]] == ["joe", "an American man", "speech of Joe", "CC0"]
    (player,) = page.iter("audio")
    assert player.get("src") == "data:audio/ogg;base64,T2dnUw=="
    (path,) = page.iter("path")
    assert path.get("d") == "M0.5 12.0V36.5 M1.5 0.0V24.5"


def test_nothing_is_fetched_and_nothing_runs():
    page = parsed(REVIEW)
    assert not list(page.iter("script", "iframe", "link", "object", "embed", "form"))
    addresses = [value for element in page.iter() for name, value in element.items() if name in ("src", "href")]
    assert all(address.startswith("data:audio/ogg;base64,") for address in addresses)
    (policy,) = [meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none';") and "script" not in policy


@pytest.mark.parametrize(
    "place", ["title", "authors", "narrator", "losses", "files", "command", "chapter", "passage", "reasons", "voices"]
)
def test_hostile_text_stays_text(place):
    changed = {
        "losses": {"losses": (HOSTILE,)},
        "files": {"files": (HOSTILE,)},
        "voices": {"voices": (VoiceCredit(HOSTILE, HOSTILE, HOSTILE, HOSTILE),)},
        "chapter": {"chapters": (replace(REVIEW.chapters[0], title=HOSTILE),)},
        "passage": {"passages": (replace(PASSAGE, chapter=HOSTILE, before=HOSTILE, text=HOSTILE, after=HOSTILE),)},
        "reasons": {"passages": (replace(PASSAGE, takes=(replace(TAKE, doubts=(HOSTILE,), reasons=(HOSTILE,)),)),)},
    }.get(place, {place: HOSTILE})
    html = render_page(replace(REVIEW, **changed))
    assert "<script" not in html and "<img" not in html
    page = lxml.html.document_fromstring(html.replace("\x00", ""))
    assert not [name for element in page.iter() for name in element.attrib if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text_content()
    assert "{{ 7*7 }}" in page.text_content()


def test_a_book_without_doubts_says_so():
    text = parsed(replace(REVIEW, passages=(), command="")).text_content()
    assert "The checks doubt nothing." in text and "talepress retry" not in text


def test_a_take_without_sound_says_why():
    silent = replace(TAKE, opus=None, outline=())
    page = parsed(replace(REVIEW, passages=(replace(PASSAGE, takes=(silent,)),)))
    assert not list(page.iter("audio")) and "too large" in page.text_content()


def test_places_are_those_of_retry():
    assert places((PASSAGE, replace(PASSAGE, place="20:22"))) == "20:18,20:22"
