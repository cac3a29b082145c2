"""Finds the words of a sentence that a person has changed. Must not know where sentences lie, nor how they sound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from tasks.errors import BadInputError

# A word with all signs around it; signs that stand alone belong to the word before them, at the start to the first.
_WORD = re.compile(r"(?:\A\s*(?:[^\w\s]+\s+)+)?\S*[^\W_]\S*(?:\s+(?:[^\w\s]|_)+(?!\S))*")


@dataclass(frozen=True)
class Change:
    """The words `[start, end)` of a sentence, and what is said instead."""

    start: int
    end: int
    written: str
    said: str


@dataclass
class _Run:
    """Words `[start, end)` of the sentence that differ from words `[said_start, said_end)` of the wanted one."""

    start: int
    end: int
    said_start: int
    said_end: int

    def is_whole(self) -> bool:
        return self.start < self.end and self.said_start < self.said_end


def changes_of(sentence: str, wanted: str) -> tuple[Change, ...]:
    """Finds the words that differ, in order, as few as can be; none where the texts are alike but for blanks.

    Raises `BadInputError` where no word is left.
    """
    written = list(_WORD.finditer(sentence))
    words = [" ".join(match[0].split()) for match in written]
    said = [" ".join(word.split()) for word in _WORD.findall(wanted)]
    if not said:
        raise BadInputError("nothing would be said there: write at least one word")
    if not words:  # a sign that has a name, such as "&"
        return (Change(0, len(sentence), sentence, " ".join(said)),)
    changes = []
    for run in _runs(words, said):
        start = written[run.start].start()
        end = written[run.end - 1].end()
        changes.append(_trimmed(sentence, start, end, " ".join(said[run.said_start : run.said_end])))
    return tuple(changes)


def _runs(words: list[str], said: list[str]) -> list[_Run]:
    """Finds the runs that differ. Where words were only added or only left out, a run has their neighbour as well."""
    opcodes = SequenceMatcher(None, words, said, autojunk=False).get_opcodes()
    differing = [_Run(*places) for kind, *places in opcodes if kind != "equal"]
    runs: list[_Run] = []
    for number, run in enumerate(differing):
        floor = runs[-1].end if runs else 0
        ceiling = differing[number + 1].start if number + 1 < len(differing) else len(words)
        if not run.is_whole() and run.start > floor:
            run.start -= 1
            run.said_start -= 1
        elif not run.is_whole() and run.end < ceiling:
            run.end += 1
            run.said_end += 1
        if run.is_whole():
            runs.append(run)
        else:  # the neighbour is in the run before, whose end it touches
            runs[-1].end = run.end
            runs[-1].said_end = run.said_end
    return runs


def _trimmed(sentence: str, start: int, end: int, said: str) -> Change:
    """Leaves signs that stay as they are out of a change: of "Ozma," and "OZ-mah," the comma."""
    while sentence[start] == said[0] and not said[0].isalnum():
        start += 1
        said = said[1:]
    while sentence[end - 1] == said[-1] and not said[-1].isalnum():
        end -= 1
        said = said[:-1]
    return Change(start, end, sentence[start:end], said)
