"""Writes SubRip (SRT): plain text, the speaker's name where it changes. Must not know books."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.package.captions.cues import Cue


def srt(cues: Sequence[Cue]) -> str:
    """Writes cues as SRT. The first cue after a change of speaker begins with the name, "Tom: "."""
    blocks: list[str] = []
    before = ""
    for number, cue in enumerate(cues, start=1):
        name = f"{cue.speaker}: " if cue.speaker and cue.speaker != before else ""
        before = cue.speaker
        blocks.append(f"{number}\n{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{name}{cue.text}\n")
    return "\n".join(blocks)


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
