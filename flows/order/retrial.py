"""Which utterances of an order are spoken once more: by place, by what the checks doubt, or all that they doubt.

Knows nothing of how they are spoken.
"""

from __future__ import annotations

from flows.order.order import Order
from flows.order.request import Retrial
from storage.records import KeyedUtterance, Utterance
from tasks.errors import BadInputError
from tasks.review.doubts import doubt_of, require_doubt

REJECTED = "rejected"  # the reason that is no check's, but people's
Place = tuple[int, int]  # chapter and utterance, from 0


def chosen_again(order: Order) -> tuple[KeyedUtterance, ...]:
    """The utterances that a retrial asks for, in reading order, the first of each text.

    Raises `BadInputError` for a place that the order's chapters do not have, or an unknown reason.
    """
    request = order.request
    only = request.places if isinstance(request, Retrial) else ()
    reason = request.reason if isinstance(request, Retrial) else ""
    wanted = set(_places(order, only)) if only else _flagged(order, reason)
    again: dict[str, KeyedUtterance] = {}
    for item in order.keyed:
        if _place(item.utterance) in wanted:
            again.setdefault(item.key, item)
    return tuple(again.values())


def _places(order: Order, only: tuple[Place, ...]) -> tuple[Place, ...]:
    known = {_place(item.utterance) for item in order.keyed}
    for chapter, index in only:
        if (chapter, index) not in known:
            raise BadInputError(
                f"--only {chapter + 1}:{index + 1}: the last run had no such utterance; "
                "`talepress report` shows the places of those that are doubtful"
            )
    return only


def _flagged(order: Order, reason: str) -> set[Place]:
    if reason == REJECTED:
        return set()  # they have no take that may be used, so they are spoken anyhow
    flagged = order.services.database.read(lambda uow: uow.takes.flagged(order.source, order.chapters))
    if not reason:
        return {_place(item.utterance) for item in flagged}
    doubt = require_doubt(reason)
    return {_place(item.utterance) for item in flagged if doubt in map(doubt_of, item.take.reasons)}


def _place(utterance: Utterance) -> Place:
    return utterance.chapter_index, utterance.index
