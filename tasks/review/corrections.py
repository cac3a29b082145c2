"""What decisions say about how texts are spoken: a lexicon for those of a whole book, markup for those of one place.

Must not know where decisions are stored, nor how a script is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from storage.records import Decision, DecisionKind, Markup, MarkupKind, Reach, Script, Utterance
from tasks.annotate.lexicon import Lexicon, Scope, respelling
from tasks.review.changes import changes_of

LEXICON = "decisions"  # the name of the lexicon, in messages


@dataclass(frozen=True)
class Corrections:
    """The corrections that hold for one book, in the order in which they were made."""

    decisions: tuple[Decision, ...] = ()

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> Corrections:
        """Takes the corrections out of decisions that hold."""
        return cls(tuple(decision for decision in decisions if decision.kind is DecisionKind.CORRECT))

    @property
    def lexicons(self) -> tuple[Lexicon, ...]:
        """Those that reach beyond their place; those of the book come last, so that they win."""
        scopes = {Reach.ALWAYS: Scope.GLOBAL, Reach.BOOK: Scope.BOOK}
        entries = tuple(
            respelling(decision.written, decision.value, scope, LEXICON)
            for reach, scope in scopes.items()
            for decision in self.decisions
            if decision.reach is reach
        )
        return (Lexicon(entries, source=LEXICON),) if entries else ()

    def notes(self, script: Script) -> dict[tuple[int, int], tuple[Markup, ...]]:
        """Makes markup of those of one place, by chapter and utterance. One whose sentence is gone makes none."""
        wanted = {(d.text, d.occurrence): d.value for d in self.decisions if d.reach is Reach.PLACE}
        texts = {text for text, _ in wanted}
        seen: defaultdict[str, int] = defaultdict(int)
        found = {}
        for utterance in script.utterances if wanted else ():
            if utterance.text in texts:
                value = wanted.get((utterance.text, seen[utterance.text]))
                seen[utterance.text] += 1
                if value is not None:
                    found[utterance.chapter_index, utterance.index] = notes_of(utterance, value)
        return found


def notes_of(utterance: Utterance, wanted: str) -> tuple[Markup, ...]:
    """Makes markup that has an utterance said as a person wrote it. Raises as `changes_of`."""
    return tuple(
        Markup(utterance.start + change.start, utterance.start + change.end, MarkupKind.RESPELL, change.said)
        for change in changes_of(utterance.text, wanted)
    )
