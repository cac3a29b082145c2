"""What runs are called on Prefect's page: flow runs after book and voice, task runs after chapter and utterances.

Numbers are counted from 1, as people count. All signs are ASCII: the timeline of the older page leaves out others, and
"ch 1–4" reads "ch 14" there. Knows nothing of what a run does.
"""

from __future__ import annotations

from collections.abc import Sequence


def speaking_name(places: Sequence[tuple[int, int]]) -> str:
    """Names a task run that speaks the utterances at these places: chapter and utterance, from 0.

    "speak ch 3: 41-72"; where others lie between them, "speak ch 3: 16 of 41-72"; "speak ch 3-4: 32 utterances".
    """
    chapters = chapters_name([chapter for chapter, _ in places])
    if len({chapter for chapter, _ in places}) > 1:
        return f"speak {chapters}: {len(places)} utterances"
    indices = sorted(index for _, index in places)
    first = indices[0]
    last = indices[-1]
    count = "" if last - first + 1 == len(indices) else f"{len(indices)} of "
    return f"speak {chapters}: {count}{_span(first, last)}"


def mastering_name(chapters: Sequence[int]) -> str:
    """Names a task run that masters chapters, counted from 0: "master ch 3"."""
    return f"master {chapters_name(chapters)}"


def chapters_name(chapters: Sequence[int]) -> str:
    """Names chapters by the first and the last of them: "ch 3", "ch 3-6"."""
    return f"ch {_span(min(chapters), max(chapters))}"


def _span(first: int, last: int) -> str:
    return str(first + 1) if first == last else f"{first + 1}-{last + 1}"
