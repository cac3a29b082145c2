"""The record of a book that was dropped into the inbox. Must not know where its files lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InboxState(StrEnum):
    """How far a file that was dropped into the inbox has come."""

    RECEIVED = "received"  # taken out of the inbox, and no run has begun
    RUNNING = "running"
    REVIEW = "review"  # made; published when people have heard it
    MADE = "made"  # published, and on its way to the outbox
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class InboxItem:
    """A book that was dropped into the inbox with its order. Known by content, whatever the file is called."""

    digest: str  # sha256 over the book file and what is ordered
    source_sha256: str  # of the book file
    name: str  # of the file as it was dropped, for people
    order: dict[str, object]  # values of a request, without book and output folder
    received_at: datetime  # UTC
    attempt: int = 1  # the same content dropped again after a failure is another attempt
    state: InboxState = InboxState.RECEIVED
    run: str = ""  # what the runner calls the run that makes it; "" before there is one
    message: str = ""  # why it failed
    place: str = ""  # the folder in the outbox, once it is known; the page to hear it on while it waits for people
