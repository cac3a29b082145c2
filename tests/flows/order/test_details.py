"""The book's file is kept for outputs that are made of it later, and found again where it says the same."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order import details
from flows.order.details import keep_book_file, traced_book, with_details
from flows.order.existing import chosen_takes, edition_content
from flows.order.order import prepare
from flows.order.request import Request
from flows.progress import Progress, listening
from flows.services import open_services, read_settings
from storage.records import Master, PlacedUtterance, WordTime
from tasks import stopping
from tasks.align.sources import source_words
from tasks.errors import BadInputError
from tasks.ingest.events import TracedBlock
from tasks.package.timeline import TimedWord
from tasks.synthesize.keys import take_key
from tests.flows.cli.test_plan import ordered
from tests.flows.order.spoken import speak
from tests.tasks.ingest.conftest import SAMPLE


@pytest.fixture
def epub(voiced_home, tmp_path):
    path = tmp_path / "book.epub"
    shutil.copyfile(SAMPLE, path)
    return path


def kept(order):
    return order.services.store.exists(order.source)


def test_an_epub_is_kept_under_its_own_digest(epub, tmp_path):
    order = ordered(epub, tmp_path / "out")
    keep_book_file(order)
    assert kept(order)
    assert order.services.store.read(order.source) == epub.read_bytes()


@pytest.mark.parametrize("change", ["changed", "gone", "no EPUB"])
def test_what_is_not_the_orders_epub_is_not_kept(epub, book, tmp_path, change):
    order = ordered(book if change == "no EPUB" else epub, tmp_path / "out")
    if change == "changed":
        epub.write_bytes(epub.read_bytes() + b"\n")
    elif change == "gone":
        epub.unlink()
    keep_book_file(order)
    assert not kept(order)


def test_a_book_is_traced_where_its_file_says_the_same(epub, tmp_path):
    order = ordered(epub, tmp_path / "out")
    traced = traced_book(order)
    assert [chapter.title for chapter in traced.chapters] == [chapter.title for chapter in order.book.chapters]
    assert all(isinstance(block, TracedBlock) for chapter in traced.chapters for block in chapter.blocks)
    first, *others = order.book.chapters
    changed = replace(first, blocks=(replace(first.blocks[0], text="Otherwise."), *first.blocks[1:]))
    other = replace(order, book=replace(order.book, chapters=(changed, *others)))
    with pytest.raises(BadInputError, match="reads otherwise than a moment ago"):
        traced_book(other)


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_book_whose_file_is_another_now_is_refused(epub, tmp_path, change):
    order = ordered(epub, tmp_path / "out")
    if change == "gone":
        epub.unlink()
    else:
        epub.write_bytes(epub.read_bytes() + b"\n")
    with pytest.raises(BadInputError, match="has changed since it was read"):
        traced_book(order)


@pytest.mark.usefixtures("voiced_home")
def test_nothing_is_looked_for_that_no_output_wants(book, tmp_path):
    order = ordered(book, tmp_path / "out")
    with open_services(read_settings(package={"outputs": ["m4b", "manifest"]})) as services:
        plain = replace(order, services=services)
        book.unlink()
        content = edition_content(plain, ())
        assert with_details(plain, content) is content


class Timer:
    """Listens to takes in pretence; hears each word as four samples a character."""

    def __init__(self, digest="d" * 64):
        self.digest = digest
        self.asked = []

    def time_takes(self, store, timer, takes):
        assert timer is self
        for key, (take, spoken) in takes.items():
            assert take.key == key
            self.asked.append(key)
            words = source_words(spoken)
            yield key, tuple(WordTime(start, end, 4 * start, 4 * end, is_estimated=True) for start, end in words)


@pytest.fixture
def timed(voiced_home, book, tmp_path, monkeypatch):
    """An order of ten takes, the content of its edition, and who listens."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order)
        timer = Timer()
        monkeypatch.setattr(details, "timer_of", lambda settings: timer if settings is services.settings else None)
        monkeypatch.setattr(details, "time_takes", timer.time_takes)
        monkeypatch.setattr(details, "SAVED_AT_ONCE", 4)
        masters = tuple(
            Master(
                chapter,
                "",
                "a" * 64,
                24_000,
                9000,
                -19.0,
                -3.5,
                tuple(PlacedUtterance(cue.utterance, cue.take.key, 0, 1000) for cue in chosen_takes(order, chapter)),
            )
            for chapter in order.chapters
        )
        yield order, edition_content(replace(order, services=services), masters), timer


def known(order, digest):
    with order.services.database.snapshot() as uow:
        return uow.word_times.of([take_key(item.key, 0) for item in order.keyed], digest)


def test_words_are_timed_once_and_known_by_the_place_of_their_utterance(timed):
    order, content, timer = timed
    told = []
    with listening(told.append):
        words = with_details(order, content).words
    assert told == [Progress("align", done, 10) for done in (0, 4, 8, 10)]
    assert list(words) == [(item.utterance.chapter_index, item.utterance.index) for item in order.keyed]
    item = next(item for item in order.keyed if "dragon" in item.utterance.text)
    place = item.utterance.text.index("dragon")
    heard = {word.start: word for word in words[item.utterance.chapter_index, item.utterance.index]}
    assert heard[place] == TimedWord(place, place + 6, 4 * place, 4 * (place + 6), estimated=True)
    assert sorted(timer.asked) == sorted(take_key(item.key, 0) for item in order.keyed)
    with listening(told.append):
        assert with_details(order, content).words == words
    assert (len(timer.asked), len(told)) == (10, 4)
    timer.digest = "e" * 64
    with_details(order, content)
    assert len(timer.asked) == 20, "another listener hears otherwise"


def test_a_user_who_asks_for_the_end_loses_no_words_that_were_timed(timed, monkeypatch):
    order, content, timer = timed
    checks = iter([None, stopping.Stopped()])

    def check():
        if error := next(checks):
            raise error

    monkeypatch.setattr(details.stopping, "check", check)
    with pytest.raises(stopping.Stopped):
        with_details(order, content)
    assert sorted(known(order, timer.digest)) == sorted(timer.asked)
    assert len(timer.asked) == 4


def test_a_book_is_traced_for_an_output_that_wants_to_know_where_its_texts_stand(timed, monkeypatch):
    order, content, _ = timed
    asked = []
    outputs = (SimpleNamespace(needs_origins=False), SimpleNamespace(needs_origins=True))
    monkeypatch.setattr(details, "find_outputs", lambda kinds: asked.append(kinds) or outputs)
    monkeypatch.setattr(details, "traced_book", lambda asked: ("traced", asked))
    assert with_details(order, content).traced == ("traced", order)
    assert asked == [content.settings.outputs]
