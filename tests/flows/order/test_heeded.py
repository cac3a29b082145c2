"""Which decisions a script heeds: those of the book and those of all books, and none of others."""

from dataclasses import replace

import pytest

from flows.order import heeded as heeding
from flows.order.heeded import Heeded, read_heeded
from flows.services import open_services, read_settings
from storage.records import Decision, DecisionKind, Reach
from tasks.segment.corrected import Sayer
from tests.flows.cli.test_plan import ordered
from tests.storage.repository.test_decisions import NOW


@pytest.fixture
def services(voiced_home):
    with open_services(read_settings()) as services:
        yield services


def correct(services, source, reach, written):
    with services.database.unit_of_work() as uow:
        word = Decision(DecisionKind.CORRECT, "Ann", NOW, reach=reach, written=written, value="LIE-on")
        number = uow.decisions.add(source, word)
        uow.commit()
    return number


@pytest.fixture
def order(services, book, tmp_path):
    order = ordered(book, tmp_path / "out")
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    return order


def words(heeded):
    return sorted(entry.written for lexicon in heeded.corrections.lexicons for entry in lexicon.entries)


def test_without_a_library_nothing_is_heeded(home, book):
    with open_services(read_settings()) as services:
        heeded = read_heeded(services, book)
    assert (words(heeded), heeded.newest) == ([], 0)
    assert not home.exists()


def test_a_book_heeds_its_own_words_and_those_for_all_books(services, order, book, tmp_path):
    correct(services, order.source, Reach.BOOK, "dragon")
    newest = correct(services, order.source, Reach.ALWAYS, "mountain")
    heeded = read_heeded(services, book)
    assert (words(heeded), heeded.newest) == (["dragon", "mountain"], newest)
    other = tmp_path / "other.md"
    other.write_text("# Other\n\nThe dragon slept below the mountain.\n", "utf-8")
    heeded = read_heeded(services, other)  # that the library does not know yet
    assert (words(heeded), heeded.newest) == (["mountain"], newest)
    with services.database.unit_of_work() as uow:
        uow.decisions.withdraw(order.source, [newest], "Ann")
        uow.commit()
    for file in (book, other):
        heeded = read_heeded(services, file)
        assert "mountain" not in words(heeded) and heeded.newest == newest + 1  # that it was undone is heeded too


def test_the_newest_decision_counts_whatever_it_is_about(services, order, book):
    correct(services, order.source, Reach.BOOK, "dragon")
    with services.database.unit_of_work() as uow:
        newest = uow.decisions.add(order.source, Decision(DecisionKind.NOTE, "Ann", NOW, value="fine"))
        uow.commit()
    assert read_heeded(services, book).newest == newest


def test_what_is_heeded_is_said_and_changes_the_key(services, order, book, tmp_path):
    before = {item.utterance.text: item for item in order.keyed}
    correct(services, order.source, Reach.BOOK, "dragon")
    after = {item.utterance.text: item for item in ordered(book, tmp_path / "out").keyed}
    changed = {text for text in before if before[text].key != after[text].key}
    assert changed == {"The dragon slept below the mountain."}
    assert "lie-on" in after[changed.pop()].utterance.spoken


def test_a_script_is_written_and_corrected_within_the_limits_of_the_model(services, order, monkeypatch):
    monkeypatch.setattr(heeding, "say_corrected", lambda *given: given)
    asked = []

    def segment(*given):
        asked.append(given)
        return order.script

    book = replace(order.book, language="en-GB")
    told = Heeded().script(services, book, "low", segment)
    limits = (services.front_end.most_tokens, services.front_end.max_text_tokens)
    assert asked == [(book, services.settings.segment, *limits, "low")]
    assert told == (book, order.script, {}, Sayer(services.settings.segment, *limits, "en-GB", "low"))
