"""A book that is spoken, for tests of what follows: every utterance has a take in use, some of them doubtful."""

from __future__ import annotations

from collections.abc import Mapping

from flows.order.order import Order
from storage.records import Take, Verdict
from tasks.synthesize.keys import take_key


def speak(order: Order, doubts: Mapping[tuple[int, int], str] | None = None) -> None:
    """Saves book, script and takes. `doubts` are reasons by chapter and utterance, from 0."""
    reasons = {
        item.key: doubts[item.utterance.chapter_index, item.utterance.index]
        for item in order.keyed
        if doubts and (item.utterance.chapter_index, item.utterance.index) in doubts
    }
    takes = {
        item.key: Take(
            take_key(item.key, 0),
            item.key,
            0,
            1,
            order.services.store.put_bytes(b"a take"),
            24_000,
            1000,
            Verdict.DOUBTFUL if item.key in reasons else Verdict.OK,
            (reasons[item.key],) if item.key in reasons else (),
        )
        for item in order.keyed
    }
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add(takes.values())
        uow.takes.choose(order.source, {key: take.key for key, take in takes.items()})
        uow.commit()
