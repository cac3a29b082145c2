"""Writes WebVTT: sentences, words (a time before each, which browsers colour), and chapters. Must not know books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tasks.package.captions.cues import Cue, SpokenToken


def vtt(cues: Sequence[Cue], *, words: bool = False) -> str:
    """Writes cues as WebVTT. With `words` every word but a cue's first has a time of its own before it.

    A cue of a speaker is in a voice span, `<v Name>`.
    """
    return "".join(["WEBVTT\n", *(_block(number, cue, words) for number, cue in enumerate(cues, start=1))])


def vtt_chapters(chapters: Iterable[tuple[str, int, int]]) -> str:
    """Writes chapters (title, start and end in ms) as a WebVTT file of kind "chapters"."""
    blocks = [
        f"\n{number}\n{_clock(start)} --> {_clock(end)}\n{_escaped(title)}\n"
        for number, (title, start, end) in enumerate(chapters, start=1)
    ]
    return "".join(["WEBVTT\n", *blocks])


def _block(number: int, cue: Cue, words: bool) -> str:
    body = _timed(cue) if words else _escaped(cue.text)
    voice = f"<v {_escaped(' '.join(cue.speaker.split()))}>" if cue.speaker else ""
    return f"\n{number}\n{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{voice}{body}\n"


def _timed(cue: Cue) -> str:
    """Writes the words of a cue with their times, which must increase and lie inside the cue."""
    last = cue.start_ms

    def timed(token: SpokenToken) -> str:
        nonlocal last
        if not last < token.start_ms < cue.end_ms:
            return _escaped(token.text)
        last = token.start_ms
        return f"<{_clock(token.start_ms)}>{_escaped(token.text)}"

    return "\n".join(" ".join(timed(token) for token in line) for line in cue.lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
