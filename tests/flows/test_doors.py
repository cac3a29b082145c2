"""What all doors have in common: runs that people find by name, and no results that Prefect would keep."""

import pytest

from flows import book_to_audio, maintain, make_folder, publish, retry_failed, retry_flagged, sweep, watch_inbox
from flows.order.batch import FlaggedRequest, FolderRequest
from flows.order.request import Publication, Request, Retrial

ASKED = {"book": "/books/Oz.epub", "out": "/out"}
DOORS = [
    (book_to_audio.book_to_audio, Request(**ASKED, voice="joe"), "Oz · joe"),
    (retry_failed.retry_failed, Retrial(**ASKED), "Oz"),
    (publish.publish, Publication(**ASKED), "Oz"),
    (make_folder.make_folder, FolderRequest(book="/books", out="/out"), "books"),
    (retry_flagged.retry_flagged, FlaggedRequest(), "retry-flagged"),
    (watch_inbox.watch_inbox, None, "inbox"),
    (sweep.sweep, None, "sweep"),
    (maintain.maintain, None, "maintain"),
]


@pytest.mark.parametrize(("door", "request_", "name"), DOORS, ids=lambda value: getattr(value, "name", ""))
def test_a_doors_runs_have_names_for_people_and_leave_nothing_with_prefect(door, request_, name):
    assert door.persist_result is False
    assert door.flow_run_name.format(request=request_) == name
