"""What was dropped into the inbox comes back as it was put, in the order that each question asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.dropped import InboxItem, InboxState

NOW = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)


def item(number, **fields):
    received = NOW + timedelta(minutes=int(number))
    return InboxItem(f"{number}" * 64, "b" * 64, f"{number}.epub", {"voice": "tone"}, received, **fields)


def test_an_item_comes_back_as_it_was_put_last(uow):
    assert uow.inbox.find("1" * 64) is None
    uow.inbox.put(item(1))
    assert uow.inbox.find("1" * 64) == item(1)
    later = replace(item(1), attempt=2, state=InboxState.FAILED, run="r", message="no text", place="/out")
    uow.inbox.put(later)
    assert uow.inbox.find("1" * 64) == later
    assert uow.inbox.list(10) == (later,)


@pytest.mark.parametrize("state", InboxState)
def test_what_is_delivered_or_failed_is_open_no_more(uow, state):
    uow.inbox.put(item(1, state=state))
    assert bool(uow.inbox.open()) is (state not in (InboxState.DELIVERED, InboxState.FAILED))


def test_open_items_are_in_the_order_in_which_they_came_and_lists_begin_with_the_latest(uow):
    for number in (2, 3, 1):
        uow.inbox.put(item(number))
    assert [one.name for one in uow.inbox.open()] == ["1.epub", "2.epub", "3.epub"]
    assert [one.name for one in uow.inbox.list(2)] == ["3.epub", "2.epub"]


def test_a_book_file_is_known_as_it_was_dropped_last(uow):
    assert uow.inbox.latest_of("b" * 64) is None
    for number in (2, 3, 1):
        uow.inbox.put(item(number))
    uow.inbox.put(replace(item(4), source_sha256="c" * 64))
    assert uow.inbox.latest_of("b" * 64).name == "3.epub"


def test_an_item_is_called_by_the_beginning_of_its_digest_and_nothing_stands_for_anything(uow):
    for number in (1, 2):
        uow.inbox.put(item(number))
    assert uow.inbox.called("2" * 16).name == "2.epub"
    assert uow.inbox.called("3" * 16) is None
    for sign in "%_":
        assert uow.inbox.called(sign * 16) is None


def test_what_waits_is_in_the_order_in_which_it_came_whatever_is_in_it(uow):
    for digest, minutes in (("3", 0), ("1", 1), ("4", 0), ("2", 1)):
        uow.inbox.put(replace(item(digest), digest=digest * 64, received_at=NOW + timedelta(minutes=minutes)))
    assert [one.digest[0] for one in uow.inbox.open()] == ["3", "4", "1", "2"]
