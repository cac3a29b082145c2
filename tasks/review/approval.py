"""Which chapters people have approved as they sound now. An approval ends by itself when a text or a take changes.

Must not know what an approval is good for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from storage.records import Decision, DecisionKind
from storage.repository import UnitOfWork

TakesInUse = Sequence[tuple[int, str, str]]  # chapter, text and take of every utterance, see `Reviews.takes_in_use`


def approved_chapters(uow: UnitOfWork, source_sha256: str) -> frozenset[int]:
    """Lists the chapters (from 0) that people have approved, alone or with the whole book. Raises `NotFoundError`."""
    kinds = (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)
    return approved_of(uow.reviews.takes_in_use(source_sha256), uow.decisions.holding(source_sha256, kinds))


def approved_of(in_use: TakesInUse, decisions: Iterable[Decision]) -> frozenset[int]:
    """As `approved_chapters`, of rows that are read already."""
    kinds = (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)
    approved = {(word.kind, word.text, word.take_key) for word in decisions if word.kind in kinds}
    if not approved:
        return frozenset()
    chapters = {chapter for chapter, _, _ in in_use}
    if (DecisionKind.APPROVE_BOOK, *digests(in_use)) in approved:
        return frozenset(chapters)
    return frozenset(
        chapter
        for chapter in chapters
        if (DecisionKind.APPROVE_CHAPTER, *digests([row for row in in_use if row[0] == chapter])) in approved
    )


def digests(in_use: TakesInUse) -> tuple[str, str]:
    """Makes the two sha256 by which a chapter or a book is approved: of its texts, and of its takes."""
    texts = hashlib.sha256("\0".join(text for _, text, _ in in_use).encode("utf-8", "surrogatepass"))
    takes = hashlib.sha256("\0".join(take for _, _, take in in_use).encode())
    return texts.hexdigest(), takes.hexdigest()
