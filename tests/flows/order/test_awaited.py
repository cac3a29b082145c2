"""What keeps a book from being published: doubtful takes that nobody has heard, or chapters that nobody has."""

from dataclasses import replace

import pytest

from flows.order.awaited import awaited
from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.services import open_services, read_settings
from tasks.review.desk import Desk
from tests.flows.order.spoken import speak

SILENT = "silence: -80 dBFS"


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """Three chapters; two takes of the first and one of the second are doubtful."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order, {(0, 0): SILENT, (0, 1): SILENT, (1, 0): SILENT})
        yield order


def waits(order, review, **changes):
    return awaited(replace(order, request=order.request.model_copy(update={"review": review}), **changes))


def test_doubtful_takes_are_waited_for_until_they_or_their_chapter_are_approved(order):
    desk = Desk(order.services.database, order.source, "Ann", None)
    assert waits(order, "none") == ""
    assert waits(order, "flagged") == "3 doubtful takes are to be heard"
    desk.approve((0, 0))
    assert waits(order, "flagged") == "2 doubtful takes are to be heard"
    desk.approve_chapter(1)
    assert waits(order, "flagged") == "1 doubtful take is to be heard"
    assert waits(order, "flagged", chapters=(1, 2)) == ""
    desk.approve_chapter(0)
    assert waits(order, "flagged") == ""


def test_where_all_is_to_be_heard_every_chapter_is_to_be_approved(order):
    desk = Desk(order.services.database, order.source, "Ann", None)
    assert waits(order, "all") == "3 of 3 chapters are to be approved"
    desk.approve_chapter(2)
    assert waits(order, "all") == "2 of 3 chapters are to be approved"
    assert waits(order, "all", chapters=(2,)) == ""
    desk.approve_book()
    assert waits(order, "all") == ""


def test_new_takes_that_are_held_are_waited_for_whatever_else_is_said(order):
    held = Retrial(book=order.request.book, hold=True)
    assert awaited(replace(order, request=held)) == "the new takes are to be heard"
    assert awaited(replace(order, request=held.model_copy(update={"hold": False}))) == ""
