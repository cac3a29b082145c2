"""`diff_plans`: what an edit of a book changes, from two plans. Must not know files or what is rendered already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

Utterances = Sequence[Mapping[str, Any]]
_Said = tuple[str, str]  # the voice and what it says

_RENAMED = 0.5  # share of equal utterances from which a chapter of another title is the same chapter
_EXAMPLES = 20


def diff_plans(old: Mapping[str, Any], new: Mapping[str, Any], seconds_per_char: float) -> dict[str, Any]:
    """The difference of two plans as JSON-ready data.

    Keys: `chapters` {`added`, `removed`: titles; `renamed` [`title`, `from`]; `changed` [`title`, `added`, `removed`,
    `changed`, `seconds`]; `reordered`}, `utterances` {`added`, `removed`, `changed`, `unchanged`}, `seconds_before`,
    `seconds_after`, `new_seconds`: speech of utterances that are added or changed, and `examples` [`before`, `after`].

    Args:
        old: a plan, as `tasks.plan.plan.plan` makes it.
        new: another.
        seconds_per_char: speech rate, for the utterances that are new.
    """
    before, after = list(old["chapters"]), list(new["chapters"])
    pairs = _pairs(before, after)
    totals: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    renamed, changed = [], []
    new_chars = 0
    for one, other in pairs:
        counts, chars = _compare(before[one]["utterances"], after[other]["utterances"], examples)
        totals += counts
        new_chars += chars
        titles = before[one]["title"], after[other]["title"]
        if titles[0] != titles[1]:
            renamed.append({"title": titles[1], "from": titles[0]})
        if counts["added"] or counts["removed"] or counts["changed"]:
            told = {key: counts[key] for key in ("added", "removed", "changed")}
            changed.append({"title": titles[1], **told, "seconds": round(chars * seconds_per_char, 1)})
    gone, come = _rest(before, [one for one, _ in pairs]), _rest(after, [other for _, other in pairs])
    totals["removed"] += sum(len(chapter["utterances"]) for chapter in gone)
    totals["added"] += sum(len(chapter["utterances"]) for chapter in come)
    new_chars += sum(len(utterance["spoken"]) for chapter in come for utterance in chapter["utterances"])
    return {
        "chapters": {
            "added": [chapter["title"] for chapter in come],
            "removed": [chapter["title"] for chapter in gone],
            "renamed": renamed,
            "changed": changed,
            "reordered": [other for _, other in pairs] != sorted(other for _, other in pairs),
        },
        "utterances": {key: totals[key] for key in ("added", "removed", "changed", "unchanged")},
        "seconds_before": old["forecast_seconds"],
        "seconds_after": new["forecast_seconds"],
        "new_seconds": round(new_chars * seconds_per_char, 1),
        "examples": examples,
    }


def _pairs(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Chapters that are the same one: by title, the first with the first; then by what they say."""
    waiting: dict[str, list[int]] = {}
    for index, chapter in enumerate(after):
        waiting.setdefault(chapter["title"], []).append(index)
    pairs, unmatched = [], []
    for index, chapter in enumerate(before):
        if same := waiting.get(chapter["title"]):
            pairs.append((index, same.pop(0)))
        else:
            unmatched.append(index)
    left = [index for indices in waiting.values() for index in indices]
    for index in unmatched:
        shares = [(_share(before[index]["utterances"], after[other]["utterances"]), -other) for other in left]
        share, other = max(shares, default=(0.0, 0))
        if share >= _RENAMED:
            pairs.append((index, -other))
            left.remove(-other)
    return sorted(pairs)


def _share(one: Utterances, other: Utterances) -> float:
    """Share of equal utterances in the shorter chapter."""
    common = Counter(map(_said, one)) & Counter(map(_said, other))
    return common.total() / max(1, min(len(one), len(other)))


def _compare(old: Utterances, new: Utterances, examples: list[dict[str, str]]) -> tuple[Counter[str], int]:
    """Counts of a chapter's utterances, and the characters of those that are not in the old one."""
    counts: Counter[str] = Counter()
    chars = 0
    for tag, (start, end), (new_start, new_end) in _opcodes(list(map(_said, old)), list(map(_said, new))):
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


def _opcodes(old: Sequence[_Said], new: Sequence[_Said]) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """What difflib says, after the equal beginning and end, so that one edit in a long chapter costs little."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    yield "equal", (0, head), (0, head)
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    for tag, start, end, new_start, new_end in middle.get_opcodes():
        yield tag, (head + start, head + end), (head + new_start, head + new_end)
    yield "equal", (len(old) - tail, len(old)), (len(new) - tail, len(new))


def _said(utterance: Mapping[str, Any]) -> _Said:
    return str(utterance.get("voice", "")), str(utterance["spoken"])


def _rest(chapters: Sequence[Mapping[str, Any]], used: Iterable[int]) -> list[Mapping[str, Any]]:
    taken = set(used)
    return [chapter for index, chapter in enumerate(chapters) if index not in taken]
