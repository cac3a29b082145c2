"""Cuts the retail sample out of a book: from the first words after a heading to the end of a sentence.

Must not know how it is encoded.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.publish_profiles import AS_MASTERED, PublishProfile
from storage.records import Master
from tasks.package.audio.encode import Stretch

SAMPLE = "Retail sample"
ENOUGH_S = 60.0  # a sample that is shorter goes on with the next chapter


def retail_sample(masters: Sequence[Master], profile: PublishProfile) -> tuple[Stretch, ...]:
    """Returns the stretches of a sample that is at most `profile.sample_s` long; none where the profile wants none.

    The silence at both ends of a chapter's stretch is what the profile says, or less where somebody speaks in it.
    """
    found: list[Stretch] = []
    seconds = 0.0
    for master in masters:
        stretch = _longest(master, profile, profile.sample_s - seconds, after_heading=not found)
        if stretch is None:
            break
        found.append(stretch)
        seconds += stretch.samples / master.sample_rate
        if seconds >= ENOUGH_S:
            break
    return tuple(found)


def _longest(master: Master, profile: PublishProfile, seconds: float, *, after_heading: bool) -> Stretch | None:
    """Returns the longest stretch from the chapter's beginning that fits; None where not even one sentence does."""
    placed = list(master.placed)
    spoken = [one for one in placed if not (after_heading and one.utterance.is_heading)]
    if not spoken:
        return None
    rate = master.sample_rate
    before = placed[: placed.index(spoken[0])]
    head = 0.5 if profile.head_s == AS_MASTERED else float(profile.head_s)
    tail = 1.0 if profile.tail_s == AS_MASTERED else float(profile.tail_s)
    start = spoken[0].start_sample - round(head * rate)
    if before:
        start = max(start, before[-1].end_sample)
    best = None
    for position, one in enumerate(spoken):
        latest = spoken[position + 1].start_sample if position + 1 < len(spoken) else master.samples
        stop = min(one.end_sample + round(tail * rate), latest)
        if stop - start <= seconds * rate:
            best = Stretch(master, start, stop)
    return best
