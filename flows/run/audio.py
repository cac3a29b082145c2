"""Looks at the audio that a run is going to use, before it speaks: what is gone or damaged is made again by the run.

Every take must have its file; those that are to be stitched, and the masters, are read and checked byte by byte.
Nothing is deleted but rows of masters, which come from takes. Knows nothing of how audio is made.
"""

from __future__ import annotations

import logging

from flows.order.existing import chosen_takes, recorded_master
from flows.order.order import Order
from storage.errors import IncompleteError
from storage.repository import UnitOfWork

logger = logging.getLogger(__name__)


def check_audio(order: Order) -> None:
    """Notes which takes are lost, so that they are spoken again, which are found again, and which masters are no good.

    Raises `StoreUnavailableError`, before anything is changed, when the store cannot say.
    """
    store = order.services.store
    masters, whole = _look_at_masters(order)
    stitched = {item.key for item in order.keyed if item.utterance.chapter_index not in whole}
    keys = {item.key for item in order.keyed}
    usable = order.services.database.read(lambda uow: uow.takes.of(keys))
    lost = order.services.database.read(lambda uow: uow.takes.lost(keys))
    gone = [
        take.key
        for key, takes in usable.items()
        for take in takes
        if not (store.is_whole if key in stitched else store.exists)(take.audio_sha256)
    ]
    found = [take.key for take in lost if store.is_whole(take.audio_sha256)]
    if not (gone or found or masters):
        return
    logger.warning(
        "%s: %d takes and %d chapters have lost their audio, or it is damaged: they are made again; %d takes are back",
        order.request.label,
        len(gone),
        len(masters),
        len(found),
    )

    def note(uow: UnitOfWork) -> None:
        uow.takes.mark_lost(gone)
        uow.takes.mark_found(found)
        uow.masters.forget(masters)
        uow.takes.choose_acceptable(order.source, order.chapters)

    order.services.database.transact(note)


def _look_at_masters(order: Order) -> tuple[list[str], set[int]]:
    """Returns the keys of masters whose audio is gone or damaged, and the chapters whose master is whole."""
    bad = []
    whole = set()
    for chapter in order.chapters:
        try:
            key, master = recorded_master(order, chapter, chosen_takes(order, chapter))
        except IncompleteError:
            continue
        if master is None:
            continue
        if order.services.store.is_whole(master.audio_sha256):
            whole.add(chapter)
        else:
            bad.append(key)
    return bad, whole
