"""Compares two plans: what an edit of a book changes. Must not know files or what is rendered already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

Utterances = Sequence[Mapping[str, Any]]
_Speech = tuple[str, str]  # the voice and its spoken text

_RENAMED = 0.5  # share of equal utterances from which a chapter of another title is the same chapter
_EXAMPLES = 20


def diff_plans(old: Mapping[str, Any], new: Mapping[str, Any], seconds_per_char: float) -> dict[str, Any]:
    """Compares two plans and returns their difference as JSON-ready data.

    Keys: `chapters` {`added`, `removed`: titles; `renamed` [`title`, `from`]; `changed` [`title`, `added`, `removed`,
    `changed`, `seconds`]; `reordered`}, `utterances` {`added`, `removed`, `changed`, `unchanged`}, `seconds_before`,
    `seconds_after`, `new_seconds`: speech of utterances that are added or changed, and `examples` [`before`, `after`].

    Args:
        old: a plan, as `tasks.plan.plan.plan` makes it.
        new: another.
        seconds_per_char: speech rate, for the utterances that are new.
    """
    before = list(old["chapters"])
    after = list(new["chapters"])
    # 1. Compare the chapters that both plans have.
    pairs = _pairs(before, after)
    comparison = _Comparison(seconds_per_char)
    for one, other in pairs:
        comparison.add(before[one], after[other])
    # 2. Count those that only one of them has.
    removed = _rest(before, [one for one, _ in pairs])
    added = _rest(after, [other for _, other in pairs])
    counts = comparison.counts
    counts["removed"] += sum(len(chapter["utterances"]) for chapter in removed)
    counts["added"] += sum(len(chapter["utterances"]) for chapter in added)
    new_chars = comparison.new_chars + sum(len(row["spoken"]) for chapter in added for row in chapter["utterances"])
    # 3. Describe the difference.
    order = [other for _, other in pairs]
    return {
        "chapters": {
            "added": [chapter["title"] for chapter in added],
            "removed": [chapter["title"] for chapter in removed],
            "renamed": comparison.renamed,
            "changed": comparison.changed,
            "reordered": order != sorted(order),
        },
        "utterances": {key: counts[key] for key in ("added", "removed", "changed", "unchanged")},
        "seconds_before": old["forecast_seconds"],
        "seconds_after": new["forecast_seconds"],
        "new_seconds": round(new_chars * seconds_per_char, 1),
        "examples": comparison.examples,
    }


class _Comparison:
    """What differs between chapters that both plans have, added up pair by pair."""

    def __init__(self, seconds_per_char: float) -> None:
        self._seconds_per_char = seconds_per_char
        self.counts: Counter[str] = Counter()
        self.new_chars = 0
        self.renamed: list[dict[str, str]] = []
        self.changed: list[dict[str, Any]] = []
        self.examples: list[dict[str, str]] = []

    def add(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compares one chapter of the old plan with the same one of the new."""
        counts, chars = _compare(old["utterances"], new["utterances"], self.examples)
        self.counts += counts
        self.new_chars += chars
        if old["title"] != new["title"]:
            self.renamed.append({"title": new["title"], "from": old["title"]})
        changes = {key: counts[key] for key in ("added", "removed", "changed")}
        if any(changes.values()):
            seconds = round(chars * self._seconds_per_char, 1)
            self.changed.append({"title": new["title"], **changes, "seconds": seconds})


def _pairs(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Matches chapters, by their places in both plans: by title, the first with the first; then by what they say."""
    waiting: dict[str, list[int]] = {}
    for index, chapter in enumerate(after):
        waiting.setdefault(chapter["title"], []).append(index)
    pairs = []
    unmatched = []
    for index, chapter in enumerate(before):
        if same := waiting.get(chapter["title"]):
            pairs.append((index, same.pop(0)))
        else:
            unmatched.append(index)
    unclaimed = [index for indices in waiting.values() for index in indices]
    for index in unmatched:
        shares = [(_share(before[index]["utterances"], after[other]["utterances"]), -other) for other in unclaimed]
        share, other = max(shares, default=(0.0, 0))
        if share >= _RENAMED:
            pairs.append((index, -other))
            unclaimed.remove(-other)
    return sorted(pairs)


def _share(one: Utterances, other: Utterances) -> float:
    """Returns the share of equal utterances in the shorter chapter."""
    common = Counter(map(_speech, one)) & Counter(map(_speech, other))
    return common.total() / max(1, min(len(one), len(other)))


def _compare(old: Utterances, new: Utterances, examples: list[dict[str, str]]) -> tuple[Counter[str], int]:
    """Counts a chapter's utterances by what became of them, and the spoken characters of those that are new."""
    counts: Counter[str] = Counter()
    chars = 0
    for tag, (start, end), (new_start, new_end) in _opcodes(list(map(_speech, old)), list(map(_speech, new))):
        if tag == "equal":
            counts["unchanged"] += end - start
            continue
        both = min(end - start, new_end - new_start)
        counts["changed"] += both
        counts["removed"] += end - start - both
        counts["added"] += new_end - new_start - both
        chars += sum(len(utterance["spoken"]) for utterance in new[new_start:new_end])
        for at in range(max(end - start, new_end - new_start)):
            if len(examples) < _EXAMPLES:
                was = old[start + at]["spoken"] if start + at < end else ""
                now = new[new_start + at]["spoken"] if new_start + at < new_end else ""
                examples.append({"before": was, "after": now})
    return counts, chars


def _opcodes(old: Sequence[_Speech], new: Sequence[_Speech]) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Runs difflib between the equal beginning and end alone, so that one edit in a long chapter costs little."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    yield "equal", (0, head), (0, head)
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    for tag, start, end, new_start, new_end in middle.get_opcodes():
        yield tag, (head + start, head + end), (head + new_start, head + new_end)
    yield "equal", (len(old) - tail, len(old)), (len(new) - tail, len(new))


def _speech(utterance: Mapping[str, Any]) -> _Speech:
    return str(utterance.get("voice", "")), str(utterance["spoken"])


def _rest(chapters: Sequence[Mapping[str, Any]], used: Iterable[int]) -> list[Mapping[str, Any]]:
    matched = set(used)
    return [chapter for index, chapter in enumerate(chapters) if index not in matched]
