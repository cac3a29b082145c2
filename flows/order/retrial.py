"""Which utterances of an order are spoken once more: by place, by what the checks doubt, or all that they doubt.

Knows nothing of how they are spoken.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    reasons = reasons_of(request.reason) if isinstance(request, Retrial) else frozenset()
    wanted = set(_places(order, only)) if only else _flagged(order, reasons)
    again: dict[str, KeyedUtterance] = {}
    for item in order.keyed:
        if _place(item.utterance) in wanted:
            again.setdefault(item.key, item)
    return tuple(again.values())


def reasons_of(text: str) -> frozenset[str]:
    """Reads the names in a text such as "short,misspelled". Raises `BadInputError` for what names no reason."""
    names = frozenset(name.strip() for name in text.split(",")) if text else frozenset()
    for name in sorted(names - {REJECTED}):
        require_doubt(name)
    return names


def _places(order: Order, only: tuple[Place, ...]) -> tuple[Place, ...]:
    known = {_place(item.utterance) for item in order.keyed}
    for chapter, index in only:
        if (chapter, index) not in known:
            raise BadInputError(
                f"--only {chapter + 1}:{index + 1}: the last run had no such utterance; "
                "`talepress report` shows the places of those that are doubtful"
            )
    return only


def _flagged(order: Order, reasons: Iterable[str]) -> set[Place]:
    """Finds what is doubted for one of the reasons; whatever it is doubted for where there is none.

    What people rejected has no take that may be used, so it is spoken anyhow.
    """
    flagged = order.services.database.read(lambda uow: uow.takes.flagged(order.source, order.chapters))
    if not reasons:
        return {_place(item.utterance) for item in flagged}
    doubts = {require_doubt(name) for name in reasons if name != REJECTED}
    return {_place(item.utterance) for item in flagged if doubts.intersection(map(doubt_of, item.take.reasons))}


def _place(utterance: Utterance) -> Place:
    return utterance.chapter_index, utterance.index
