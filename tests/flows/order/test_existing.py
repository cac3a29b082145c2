"""What is finished already: a run is spared where all of it lies there, and where anything at all differs it is not."""

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.order import existing
from flows.order.alone import alone
from flows.order.credits import CLOSING, OPENING, credit_utterances
from flows.order.existing import (
    chosen_takes,
    edition_content,
    find_finished,
    find_master,
    last_request,
    recorded_edition,
    require_idle,
)
from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.services import open_services, read_settings
from storage.errors import BookBusyError
from storage.records import (
    Decision,
    DecisionKind,
    Edition,
    EditionFile,
    Master,
    PlacedUtterance,
    RunState,
    Take,
    Verdict,
)
from tasks.errors import BadInputError
from tasks.package.existing import file_sha256
from tasks.synthesize.keys import take_key
from tests.storage.repository.test_decisions import NOW


@pytest.fixture
def services(voiced_home):
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def order(services, book, tmp_path):
    return prepare(services, Request(book=str(book), out=str(tmp_path / "out")))


def master_of(order, chapter, cues):
    """A master of these takes, its audio in the store."""
    address = order.services.store.put_bytes(f"chapter {chapter}".encode())
    placed = tuple(PlacedUtterance(cue.utterance, cue.take.key, 0, 1000) for cue in cues)
    return Master(chapter, order.book.chapters[chapter].title, address, 24_000, 1000, -19.0, -3.5, placed)


@pytest.fixture
def finished(order):
    return finish(order)


def finish(order):
    """Has everything of an order be there: rows, audio, and one published file."""
    database = order.services.database
    with database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.books.assign_keys(order.source, order.keyed)
        audio = order.services.store.put_bytes(b"a take")
        keys = [item.key for item in order.keyed]
        uow.takes.add([Take(take_key(key, 0), key, 0, 1, audio, 24_000, 1000, Verdict.OK) for key in keys])
        uow.takes.choose_acceptable(order.source)
        uow.commit()
    masters = []
    for chapter in order.chapters:
        cues = chosen_takes(order, chapter)
        key, _ = find_master(order, chapter, cues)
        masters.append(master_of(order, chapter, cues))
        with database.unit_of_work() as uow:
            uow.masters.save(key, masters[-1])
            uow.commit()
    order.out.mkdir()
    file = order.out / "The Small Book.m4b"
    file.write_bytes(b"audio")
    key, _ = recorded_edition(order, edition_content(order, tuple(masters)))
    edition = Edition((EditionFile("m4b", str(file), file_sha256(file), 5),), 1.0, ())
    with database.unit_of_work() as uow:
        run = uow.runs.start(order.source, "book_to_audio", order.record)
        uow.editions.save(run, edition, key)
        uow.runs.finish(run, RunState.DONE)
        uow.commit()
    return order


def with_spoken(order, spoken):
    """The same order where the first sentence is said otherwise: by a lexicon, a correction, another version."""
    first, *others = order.script.utterances
    return replace(order, script=replace(order.script, utterances=(replace(first, spoken=spoken), *others)))


def with_settings(order, section, **values):
    settings = order.services.settings
    changed = settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})
    services = type(order.services)(changed)
    services.__dict__["database"] = order.services.database
    return replace(order, services=services)


def test_what_is_all_there_is_found(finished):
    found = find_finished(finished)
    assert [master.chapter_index for master in found.masters] == list(finished.chapters)
    assert [Path(file.path).name for file in found.edition.files] == ["The Small Book.m4b"]


@pytest.mark.parametrize(
    "other",
    [
        lambda order: with_spoken(order, "Otherwise."),
        lambda order: replace(order, request=order.request.model_copy(update={"out": f"{order.request.out}-2"})),
        lambda order: with_settings(order, "package", name="{author} - {title}"),
        lambda order: with_settings(order, "package", part_hours=1.0),
        lambda order: with_settings(order, "master", target_lufs=-23.0),
        lambda order: with_settings(order, "stitch", head_s=3.0),
    ],
    ids=["words", "folder", "name", "length of parts", "loudness", "silence"],
)
def test_another_order_is_not_finished(finished, other):
    assert find_finished(other(finished)) is None
    assert find_finished(finished) is not None


@pytest.mark.parametrize("chapters", ["1", "2", "1,3"])
def test_some_chapters_of_a_book_are_found_and_are_not_the_whole_of_it(order, chapters):
    some = finish(prepare(order.services, order.request.model_copy(update={"chapters": chapters})))
    assert [master.chapter_index for master in find_finished(some).masters] == list(some.chapters)
    with order.services.database.unit_of_work() as uow:  # as after a run of all, of which nothing else is left
        uow.books.assign_keys(order.source, order.keyed)
        uow.commit()
    assert find_finished(some) is not None
    assert find_finished(order) is None


def lose_a_file(order):
    next(order.out.iterdir()).unlink()


def change_a_file(order):
    next(order.out.iterdir()).write_bytes(b"other")


def lose_a_master(order):
    _, master = find_master(order, 0, chosen_takes(order, 0))
    order.services.store.path(master.audio_sha256).unlink()


def reject_a_take(order):
    with order.services.database.unit_of_work() as uow:
        take = take_key(order.keyed[0].key, 0)
        uow.decisions.add(order.source, Decision(DecisionKind.REJECT, "Ann", NOW, take_key=take))
        uow.takes.choose_decided(order.source)
        uow.commit()


@pytest.mark.parametrize("damage", [lose_a_file, change_a_file, lose_a_master, reject_a_take])
def test_where_anything_is_left_to_do_nothing_is_found(finished, damage):
    damage(finished)
    assert find_finished(finished) is None


def test_the_latest_run_says_whether_a_book_is_busy(finished):
    require_idle(finished)
    with finished.services.database.unit_of_work() as uow:
        run = uow.runs.start(finished.source, "book_to_audio", finished.record)
        uow.commit()
    with pytest.raises(BookBusyError, match="'The Small Book' since"):
        require_idle(finished)
    with finished.services.database.unit_of_work() as uow:
        uow.runs.finish(run, RunState.STOPPED)
        uow.commit()
    require_idle(finished)


def test_what_was_asked_for_last_is_asked_for_again_but_for_what_is_said_now(finished, book):
    asked = {"book": str(book)}
    for flow, values in (("book_to_audio", {"chapters": "1-2"}), ("publish", {"out": "/elsewhere", "kinds": "mp3"})):
        with finished.services.database.unit_of_work() as uow:
            run = uow.runs.start(finished.source, flow, {**finished.record, **values})
            uow.runs.finish(run, RunState.DONE)
            uow.commit()
    again = last_request(finished.services, {**asked, "only": "1:1"}, Retrial)
    assert (again.chapters, again.out, again.only) == ("1-2", str(finished.out), "1:1")
    assert last_request(finished.services, {**asked, "chapters": "3"}, Request).chapters == "3"
    other = book.with_name("other.md")
    other.write_text("# Other\n\nIt was late.\n", "utf-8")
    with pytest.raises(BadInputError, match=r"other\.md was never made"):
        last_request(finished.services, {"book": str(other)}, Request)


def test_a_book_of_which_files_were_published_only_has_no_last_run(order):
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.runs.finish(uow.runs.start(order.source, "publish", order.record), RunState.DONE)
        uow.commit()
    with pytest.raises(BadInputError, match=r"book\.md was never made: make it first, with `talepress make`"):
        last_request(order.services, {"book": order.request.book}, Request)


def test_a_book_that_another_process_holds_is_not_idle(finished):
    with alone(finished), pytest.raises(BookBusyError, match="another process works on 'The Small Book'"):
        require_idle(finished)


@pytest.mark.parametrize(("name", "words"), [("{title} (chapters {chapters})", ""), ("{title}", " {title}")])
def test_the_row_of_an_edition_is_known_by_what_it_is_its_folder_and_its_name(order, monkeypatch, name, words):
    """The first name is not said, so that the rows of before there were others are found."""
    monkeypatch.setattr(existing, "edition_key", lambda content: f"key of {content.chapters}")
    named = with_settings(order, "package", name=name)
    content = replace(edition_content(named, ()), chapters="2")
    said = hashlib.sha256(f"key of 2 {order.out}{words}".encode()).hexdigest()
    assert recorded_edition(named, content) == (said, None)


def test_an_edition_is_made_of_all_that_names_and_shapes_it(finished, services):
    with services.database.unit_of_work() as uow:
        uow.decisions.add(finished.source, Decision(DecisionKind.NOTE, "Ann", NOW, value="fine"))
        uow.commit()
    request = finished.request.model_copy(update={"locale": "en-GB"})
    asked = with_settings(replace(finished, request=request, chapters=(0, 2)), "package", outputs=("acx", "manifest"))
    masters = tuple(find_master(asked, chapter, chosen_takes(asked, chapter))[1] for chapter in asked.chapters)
    content = edition_content(asked, masters)
    settings = asked.services.settings
    assert (content.book, content.masters, content.voice, content.sampling) == (
        asked.book,
        masters,
        asked.voice,
        asked.sampling,
    )
    assert sorted(content.takes) == sorted(take_key(item.key, 0) for item in asked.keyed)
    assert all(key == take.key for key, take in content.takes.items())
    assert (content.settings, content.preset, content.model) == (
        settings.package,
        settings.synthesize.preset,
        settings.synthesize.model,
    )
    assert (content.model_digest, content.timer) == (services.front_end.digest, "")
    assert (content.chapters, content.directions) == ("1,3", ("en-GB",))
    assert [decision.value for decision in content.decisions] == ["fine"]
    credits = [item.key for title in (OPENING, CLOSING) for item in credit_utterances(asked, title)]
    assert list(content.credit_keys) == credits
    assert edition_content(finished, ()).credit_keys == ()


def test_who_times_words_belongs_to_an_edition_whose_outputs_want_them(order, monkeypatch):
    monkeypatch.setattr(existing, "timer_of", lambda settings: SimpleNamespace(digest=f"{settings is not None}"))
    assert edition_content(order, ()).timer == "True"


def test_a_model_in_a_folder_is_known_by_its_name_wherever_the_folder_lies(order):
    for model in ("mine", "/models/mine", "here/mine"):
        named = with_settings(order, "synthesize", model=model)
        named.services.__dict__["front_end"] = order.services.front_end
        assert edition_content(named, ()).model == "mine"
