"""Before a run speaks: which takes are lost or back, and which masters are no good. Nothing else is touched."""

from dataclasses import replace

import pytest

from flows.order.existing import chosen_takes, find_master
from flows.order.order import prepare
from flows.order.request import Request
from flows.run.audio import check_audio
from flows.services import open_services, read_settings
from storage.errors import StoreUnavailableError
from storage.records import Master, PlacedUtterance, Take, Verdict
from tasks.synthesize.keys import take_key


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """A book that is spoken, each take with a file of its own; chapters 1 and 2 have masters."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        takes = [
            Take(take_key(i.key, 0), i.key, 0, 1, services.store.put_bytes(i.key.encode()), 24_000, 1000, Verdict.OK)
            for i in order.keyed
        ]
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.books.assign_keys(order.source, order.keyed)
            uow.takes.add(takes)
            uow.takes.choose_acceptable(order.source)
            uow.commit()
        for chapter in (0, 1):
            cues = chosen_takes(order, chapter)
            key, _ = find_master(order, chapter, cues)
            address = services.store.put_bytes(f"chapter {chapter}".encode())
            placed = tuple(PlacedUtterance(cue.utterance, cue.take.key, 0, 1000) for cue in cues)
            with services.database.unit_of_work() as uow:
                uow.masters.save(key, Master(chapter, "", address, 24_000, 1000, -19.0, -3.5, placed))
                uow.commit()
        yield order


def state(order):
    """Keys of lost takes, and of chapters with a master."""
    with order.services.database.snapshot() as uow:
        lost = set(uow.takes.audio(lost=True))
        masters = set(uow.masters.audio().values())
    known = {order.services.store.put_bytes(f"chapter {chapter}".encode()): chapter for chapter in (0, 1)}
    return lost, {known[address] for address in masters}


def file_of(order, chapter):
    item = next(item for item in order.keyed if item.utterance.chapter_index == chapter)
    return take_key(item.key, 0), order.services.store.path(order.services.store.put_bytes(item.key.encode()))


def spoil(path):
    path.chmod(0o644)
    path.write_bytes(b"X" * path.stat().st_size)


def remove(path):
    path.unlink()


def test_where_all_is_well_nothing_is_changed(order):
    check_audio(order)
    assert state(order) == (set(), {0, 1})


@pytest.mark.parametrize(
    ("chapter", "damage", "is_lost"),
    [(0, remove, True), (2, remove, True), (2, spoil, True), (0, spoil, False)],
    ids=["gone, of a chapter that is whole", "gone", "damaged", "damaged, and not to be stitched"],
)
def test_takes_are_lost_whose_file_is_gone_or_is_to_be_used_and_damaged(order, chapter, damage, is_lost):
    key, path = file_of(order, chapter)
    damage(path)
    check_audio(order)
    assert state(order) == ({key} if is_lost else set(), {0, 1})
    with order.services.database.snapshot() as uow:
        missing = {take_key(item.key, 0) for item in uow.takes.missing(order.source)}
    assert missing == ({key} if is_lost else set())


@pytest.mark.parametrize("damage", [remove, spoil])
def test_a_master_without_its_audio_is_forgotten_and_its_takes_are_read(order, damage):
    damage(order.services.store.path(order.services.store.put_bytes(b"chapter 1")))
    key, path = file_of(order, 1)
    spoil(path)
    check_audio(order)
    assert state(order) == ({key}, {0})


@pytest.mark.parametrize("damage", [remove, spoil])
@pytest.mark.parametrize("chapter", [0, 1])
def test_a_master_is_forgotten_though_all_of_its_takes_are_whole(order, damage, chapter):
    damage(order.services.store.path(order.services.store.put_bytes(f"chapter {chapter}".encode())))
    check_audio(order)
    assert state(order) == (set(), {0, 1} - {chapter})


def test_in_place_of_what_is_lost_others_are_used_in_the_orders_chapters_alone(order):
    spares = [
        Take(take_key(i.key, 1), i.key, 1, 2, order.services.store.put_bytes(b"spare"), 24_000, 1000, Verdict.OK)
        for i in order.keyed
    ]
    lost = [file_of(order, chapter) for chapter in (0, 2)]
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(spares)
        uow.takes.mark_lost([lost[0][0]])
        uow.commit()
    lost[0][1].unlink()
    lost[1][1].unlink()
    check_audio(replace(order, chapters=(1, 2)))
    with order.services.database.snapshot() as uow:
        used = uow.takes.choices(order.source)
    (first, last) = (next(i.key for i in order.keyed if i.utterance.chapter_index == chapter) for chapter in (0, 2))
    assert (used[first], used[last]) == (take_key(first, 0), take_key(last, 1))


@pytest.mark.parametrize("whole", [True, False])
def test_a_take_that_is_back_is_used_again_where_it_is_whole(order, whole):
    key, path = file_of(order, 2)
    with order.services.database.unit_of_work() as uow:
        uow.takes.mark_lost([key])
        uow.commit()
    if not whole:
        spoil(path)
    check_audio(order)
    assert state(order)[0] == (set() if whole else {key})
    with order.services.database.snapshot() as uow:
        assert not whole or key in uow.takes.choices(order.source).values()


def test_a_store_that_is_away_changes_nothing(order):
    folder = order.services.store.place
    (order.services.settings.storage.folder / "artifacts").rename(f"{folder}-away")
    with pytest.raises(StoreUnavailableError):
        check_audio(order)
    (order.services.settings.storage.folder / "artifacts-away").rename(folder)
    assert state(order) == (set(), {0, 1})
