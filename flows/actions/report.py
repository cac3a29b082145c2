"""`talepress report`: writes the review page of what was made last of a book.

Knows nothing of what the page shows.
"""

from __future__ import annotations

from pathlib import Path

from flows.order.existing import find_finished
from flows.order.order import prepare
from flows.order.request import Request
from flows.order.review import page_path, write_page
from flows.services import Services


def report_book(services: Services, request: Request, out: Path | None) -> Path:
    """Writes the page and returns its path. Raises as `prepare` and `write_page`.

    Args:
        services: opened with settings that carry `request.overrides`.
        request: of the book's last run.
        out: the file to write; None: beside the edition.
    """
    order = prepare(services, request)
    done = find_finished(order)
    edition = done.edition if done else None
    path = out or page_path(order, edition)
    write_page(order, edition, path)
    return path
