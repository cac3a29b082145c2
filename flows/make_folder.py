"""The flow that starts a run for every book of a folder. Must not know how a book is made."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.order.batch import FolderRequest, unmade_books
from flows.run.fan_out import start_each
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings


@flow(name="make-folder", flow_run_name="{request.label}", persist_result=False)
def make_folder(request: FolderRequest) -> State[None]:
    """Starts a run of `book-to-audio` for every book in a folder that has not been made yet, and says how many.

    Args:
        request: which folder, and how its books are read.
    """
    send_logs()
    introduce_process()
    with open_services(read_settings()) as services:
        count = start_each("book-to-audio", unmade_books(services, request))
    return Completed(message=f"books that were started: {count}" if count else "nothing to make")
