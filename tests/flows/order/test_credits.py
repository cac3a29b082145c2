"""What credits say: the words of the settings, and always that the voice is synthetic."""

from dataclasses import replace

import pytest

from flows.order import credits
from flows.order.credits import CLOSING, OPENING, credit_titles, credit_utterances
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import Services, open_services, read_settings
from storage.records import Coverage, Script
from tasks.package.content import disclosure_of
from tasks.synthesize.keys import utterance_key

DISCLOSURE = "Narrated by a synthetic voice (Talepress, tone)."


@pytest.fixture
def said(voiced_home, book, tmp_path):
    """What is said as credits with some settings of `[package]`, by title."""

    def say(authors=None, **package):
        with open_services(read_settings(package=package)) as services:
            order = prepare(services, Request(book=str(book), out=str(tmp_path)))
            if authors is not None:
                order = replace(order, book=replace(order.book, authors=authors))
            return {
                title: " ".join(item.utterance.text for item in credit_utterances(order, title))
                for title in (OPENING, CLOSING)
            }

    return say


def test_they_name_title_and_author_and_say_what_the_voice_is(said):
    found = said(opening="{title}. Written by {author}. Read by {voice}.", closing=" ")
    assert found[OPENING].endswith(f"Read by tone. {DISCLOSURE}") and ". Written by " in found[OPENING]
    assert found[CLOSING] == DISCLOSURE  # which no wording takes away


def test_a_book_without_author_is_by_an_unknown_one(said):
    assert said(authors=(), opening="{title}, by {author}.")[OPENING].count(", by an unknown author.") == 1


def test_they_are_made_where_a_profile_wants_them(home):
    package = read_settings().package
    assert credit_titles(package) == ()
    for kind, wanted in {"acx": True, "inaudio": True, "google": False, "podcast": False}.items():
        asked = package.model_copy(update={"outputs": (kind, "manifest")})
        assert bool(credit_titles(asked)) is wanted, kind


@pytest.mark.parametrize(
    ("outputs", "profiles", "wanted"),
    [
        (("google", "acx"), {}, True),  # one that wants them is enough, wherever it stands
        (("acx", "m4b", "google"), {}, True),
        (("google",), {"google": {"credits": True}}, True),
        (("acx",), {"acx": {"credits": False}}, False),
        ((), {}, False),
    ],
)
def test_they_are_made_where_any_profile_wants_them_as_the_settings_have_it(home, outputs, profiles, wanted):
    package = read_settings().package.model_copy(update={"outputs": (*outputs, "manifest"), "profiles": profiles})
    assert credit_titles(package) == ((OPENING, CLOSING) if wanted else ())


def test_they_are_keyed_as_the_narrators_words_are_in_any_chapter(voiced_home, book, tmp_path, monkeypatch):
    monkeypatch.setattr(Services, "precision", "bfloat16")
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path)))
        order = replace(order, book=replace(order.book, authors=("Ann", "Bob")))
        said = credit_utterances(order, OPENING)
        assert "Ann and Bob" in " ".join(item.utterance.text for item in said)
        for item in said:
            model = services.front_end.digest
            spoken = item.utterance.spoken
            assert item.key == utterance_key(spoken, order.voice.digest, model, order.sampling, "bfloat16")


def test_they_are_said_in_the_books_language_as_its_own_words_are_by_who_reads_and_not_in_what_mood(
    voiced_home, book, tmp_path, monkeypatch
):
    written = []
    monkeypatch.setattr(credits, "write_script", lambda *given: written.append(given) or Script((), (), NOTHING))
    with open_services(read_settings(package={"closing": "Read by {voice}."})) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path), voice="tone [I am sad,]"))
        order = replace(order, book=replace(order.book, language="en-GB"))
        assert order.voice.name == "tone [I am sad,]"
        credits.credit_utterances(order, CLOSING)
        model = services.front_end
        ((said, *given),) = written
        assert given == [services.settings.segment, model.most_tokens, model.max_text_tokens, order.voice.name]
        assert (said.language, [chapter.title for chapter in said.chapters]) == ("en-GB", [CLOSING])
        first, second = said.chapters[0].blocks
        assert (first.text, second.text) == ("Read by tone.", disclosure_of(services.settings.package, order.voice))


NOTHING = Coverage(0, 0, 0, 0)
