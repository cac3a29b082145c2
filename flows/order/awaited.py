"""What a person must hear before an order is published. Knows nothing of how anybody hears it, nor of the page."""

from __future__ import annotations

from flows.order.order import Order
from flows.order.request import Retrial
from tasks.review.approval import approved_chapters


def awaited(order: Order) -> str:
    """Says in words what waits for a person; "" where the order may be published."""
    request = order.request
    if isinstance(request, Retrial) and request.hold:
        return "the new takes are to be heard"
    if request.review in ("", "none"):
        return ""
    database = order.services.database
    approved = database.read(lambda uow: approved_chapters(uow, order.source))
    flagged = database.read(lambda uow: uow.takes.flagged(order.source, order.chapters))
    if request.review == "all":
        unheard = [chapter for chapter in order.chapters if chapter not in approved]
        return f"{len(unheard)} of {len(order.chapters)} chapters are to be approved" if unheard else ""
    doubtful = sum(item.utterance.chapter_index not in approved for item in flagged)
    if not doubtful:
        return ""
    return "1 doubtful take is to be heard" if doubtful == 1 else f"{doubtful} doubtful takes are to be heard"
