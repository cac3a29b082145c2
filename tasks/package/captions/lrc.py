"""Writes LRC, the text files of music players: a line with its time, enhanced also each word. Must not know books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.package.captions.cues import Cue


def lrc(cues: Sequence[Cue], about: Mapping[str, str], *, words: bool = False) -> str:
    """Writes cues as LRC, a line each. With `words` a time stands before every word (enhanced LRC).

    Args:
        cues: of one chapter; players count minutes with two digits.
        about: what heads the file, by LRC's names: "ti" title, "ar" author, "al" book.
        words: whether each word has its time.
    """
    heads = [f"[{name}:{' '.join(value.split())}]" for name, value in about.items() if value]
    return "\n".join([*heads, *(_line(cue, words) for cue in cues)]) + "\n"


def _line(cue: Cue, words: bool) -> str:
    tokens = [token for line in cue.lines for token in line]
    if words:
        text = " ".join(f"<{_clock(max(token.start_ms, cue.start_ms))}>{token.text}" for token in tokens)
    else:
        text = " ".join(token.text for token in tokens)
    return f"[{_clock(cue.start_ms)}]{text}"


def _clock(milliseconds: int) -> str:
    hundredths = milliseconds // 10
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
