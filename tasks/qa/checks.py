"""The checks of a take: pure functions of the audio and its text, each with a name, a score and a reason to doubt.

They recognise no words: a take that passes is plausible narration, not proven to say its text. Where the engine says
how well its speech spells the text, `spelling` goes by that. This module must not know where takes are stored, how
they are made, or what happens to doubtful ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from configs.settings import QaSettings

SILENT_DBFS = -144.0  # level given to digital silence: the floor of 24-bit audio
WINDOW_SECONDS = 0.02
TAIL_SECONDS = 0.03
FULL_SCALE = 0.999
SPELLED_SLACK_NATS = 2.0  # two or three phones vary much
CLIPPED_RUN = 3  # consecutive samples at full scale are a flat top, fewer may be an honest peak


@dataclass(frozen=True, eq=False)
class Rendering:
    """One spoken text, as the checks see it.

    Shape: `raw` (samples,) as the engine gave it; `speech` (kept,) with its edges trimmed. Both float32 in [-1, 1].
    """

    raw: np.ndarray
    speech: np.ndarray
    sample_rate: int
    spoken: str
    text: str = ""  # as the engine got it, phonemes inside; where a listener's words lie
    hit_length_cap: bool = False
    bad_samples: int = 0  # samples that were no numbers, replaced by silence in `raw`
    spelled: float | None = None  # log-likelihood, in nats, that the speech spells the text; None: not measured
    may_hold_direction: bool = False  # what was said before the text, for its mood, was not cut out for certain

    @property
    def seconds(self) -> float:
        """Length of the speech in seconds."""
        return len(self.speech) / self.sample_rate


@dataclass(frozen=True)
class Finding:
    """What one check found. `reason` is empty when there is nothing to doubt; `severity` orders reasons, 2 is worst."""

    score: float
    reason: str = ""
    severity: int = 0


Check = Callable[[Rendering, QaSettings], Finding]


def speech_level(rendering: Rendering, settings: QaSettings) -> Finding:
    """Measures the root mean square level in dBFS: a take far below speech level says nothing."""
    level = rms_dbfs(rendering.speech)
    if level < settings.min_rms_dbfs:
        return Finding(level, f"silence: {level:.0f} dBFS", severity=2)
    return Finding(level)


def clipping(rendering: Rendering, settings: QaSettings) -> Finding:
    """Measures the share of samples in flat tops at full scale."""
    at_limit = np.abs(rendering.raw) >= FULL_SCALE
    flat = sum(end - start for start, end in runs(at_limit) if end - start >= CLIPPED_RUN)
    share = flat / max(1, len(rendering.raw))
    if share > settings.max_clipped_share:
        return Finding(share, f"clipping: {flat} samples at full scale", severity=1)
    return Finding(share)


def dc_offset(rendering: Rendering, settings: QaSettings) -> Finding:
    """Measures the mean of the samples: a constant offset clicks at every edge."""
    mean = float(np.mean(rendering.raw)) if len(rendering.raw) else 0.0
    if abs(mean) > settings.max_dc_offset:
        return Finding(mean, f"constant offset of {mean:+.3f}", severity=1)
    return Finding(mean)


def duration(rendering: Rendering, settings: QaSettings) -> Finding:
    """Holds the seconds per character against what narration takes; very short texts get `duration_slack_s` more."""
    chars = max(1, len(rendering.spoken))
    pace = rendering.seconds / chars
    measured = f"{rendering.seconds:.1f} s for {chars} characters"
    if rendering.seconds > chars * settings.max_seconds_per_char + settings.duration_slack_s:
        return Finding(pace, f"too long: {measured}", severity=2)
    if rendering.seconds < chars * settings.min_seconds_per_char:
        return Finding(pace, f"too short: {measured}", severity=2)
    return Finding(pace)


def inner_silence(rendering: Rendering, settings: QaSettings) -> Finding:
    """Measures the longest stretch inside the speech that is quieter than speech, in seconds."""
    quiet = window_levels_dbfs(rendering.speech, rendering.sample_rate) < settings.min_rms_dbfs
    longest = max((end - start for start, end in runs(quiet)), default=0) * WINDOW_SECONDS
    if longest > settings.max_inner_silence_s:
        return Finding(longest, f"silence of {longest:.1f} s inside", severity=1)
    return Finding(longest)


def tail(rendering: Rendering, settings: QaSettings) -> Finding:
    """Compares the last 30 ms before trimming with the whole, in dB: an end that is loud was cut off."""
    last = rendering.raw[-max(1, round(TAIL_SECONDS * rendering.sample_rate)) :]
    relative = rms_dbfs(last) - rms_dbfs(rendering.speech)
    if relative > settings.max_tail_db and rms_dbfs(last) > settings.min_rms_dbfs:
        return Finding(relative, f"cut off: the end is still loud ({relative:+.0f} dB)", severity=1)
    return Finding(relative)


def length_cap(rendering: Rendering, settings: QaSettings) -> Finding:
    """Scores 1 where the model ran into its length limit before it ended by itself, else 0."""
    return Finding(1.0, "length cap: no stop code", severity=2) if rendering.hit_length_cap else Finding(0.0)


def spelling(rendering: Rendering, settings: QaSettings) -> Finding:
    """Scores how well the speech spells the text: log-likelihood in nats a character.

    Short texts may miss by `SPELLED_SLACK_NATS` more. The score is 0 where the engine does not measure it.
    """
    if rendering.spelled is None:
        return Finding(0.0)
    chars = max(1, len(rendering.spoken))
    per_char = rendering.spelled / chars
    if rendering.spelled < chars * settings.min_spelled_per_char - SPELLED_SLACK_NATS:
        return Finding(per_char, f"misspelled: {per_char:.2f} nats a character", severity=1)
    return Finding(per_char)


def bad_samples(rendering: Rendering, settings: QaSettings) -> Finding:
    """Counts the samples that are NaN or infinite: the networks overflowed."""
    count = rendering.bad_samples
    return Finding(count, f"{count} samples are no numbers", severity=2) if count else Finding(0.0)


def direction(rendering: Rendering, settings: QaSettings) -> Finding:
    """Scores 1 where nobody heard a pause between the direction of the voice and the text, else 0."""
    if rendering.may_hold_direction:
        return Finding(1.0, "its direction may still be heard: no pause parts it from the text", severity=2)
    return Finding(0.0)


CHECKS: dict[str, Check] = {
    "rms_dbfs": speech_level,
    "clipped_share": clipping,
    "dc_offset": dc_offset,
    "seconds_per_char": duration,
    "inner_silence_s": inner_silence,
    "tail_db": tail,
    "spelled_per_char": spelling,
    "hit_length_cap": length_cap,
    "bad_samples": bad_samples,
    "holds_direction": direction,
}


def rms_dbfs(audio: np.ndarray) -> float:
    """Computes the root mean square level relative to full scale, in dB; -144 for nothing or digital silence."""
    power = float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0
    return max(SILENT_DBFS, 10 * float(np.log10(power))) if power > 0 else SILENT_DBFS


def window_levels_dbfs(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Computes the levels of 20 ms windows. Shape: (samples,) to (windows,), `samples // (0.02 * sample_rate)`."""
    size = round(WINDOW_SECONDS * sample_rate)
    windows = audio[: len(audio) - len(audio) % size].reshape(-1, size)
    power = np.mean(np.square(windows, dtype=np.float64), axis=1)
    return np.maximum(SILENT_DBFS, 10 * np.log10(np.maximum(power, 1e-30)))


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Finds start and end (exclusive) of every stretch of true values. Shape: (n,) bool."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
