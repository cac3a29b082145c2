"""Times words by pocketsphinx: the second way, for who wants no model of ours for it, and the check of the first.

It has an acoustic model of its own (US English); the pronunciations are ours. Must not know books or tables.
"""

from __future__ import annotations

import re
from importlib.metadata import version

import numpy as np

from storage.records import WordTime
from tasks.align.words import WORDS_VERSION, estimated
from tasks.errors import BadInputError
from tortoise_core.text.phonemes import PhonemeTokenizer, SpokenItem

_RATE_HZ = 16_000
_FRAME_S = 0.01
_NAME = re.compile(r"word(\d+)")  # what our words are called in its dictionary; others are pauses


class PocketsphinxTimer:
    """Implements `tasks.align.words.WordTimer`. Raises `BadInputError` where pocketsphinx is not installed."""

    def __init__(self) -> None:
        try:
            import pocketsphinx
        except ImportError as error:
            raise BadInputError(
                "word times by pocketsphinx need the package: install it with `pip install talepress[align]`, or set "
                'align.method = "speller"'
            ) from error
        self._make = lambda: pocketsphinx.Decoder(lm=None, loglevel="FATAL")
        self._tokenizer = PhonemeTokenizer()

    @property
    def digest(self) -> str:
        """See `WordTimer`."""
        return f"pocketsphinx {WORDS_VERSION} {version('pocketsphinx')}"

    def times(self, audio: np.ndarray, sample_rate: int, spoken: str) -> tuple[WordTime, ...]:
        """Times the words of a spoken text; see `SpellerTimer.times`."""
        from scipy.signal import resample_poly

        items = [item for item in self._tokenizer.items(spoken) if item.is_word]
        if not items:
            return ()
        sound = np.clip(resample_poly(audio, _RATE_HZ, sample_rate), -1, 1)
        frames = self._align((sound * 32767).astype(np.int16).tobytes(), items)
        if len(frames) != len(items):
            return estimated(spoken, len(audio))
        times: list[WordTime] = []
        for item, (first, last) in zip(items, frames, strict=True):
            start = min(round(first * _FRAME_S * sample_rate), len(audio) - 1)
            end = min(round((last + 1) * _FRAME_S * sample_rate), len(audio))
            if times and (times[-1].start, times[-1].end) == (item.start, item.end):  # the words of a number
                start = times.pop().start_sample
            times.append(WordTime(item.start, item.end, start, max(end, start + 1)))
        return tuple(times)

    def _align(self, sound: bytes, items: list[SpokenItem]) -> list[tuple[int, int]]:
        """Finds the first and last frame of each word; fewer than the words where they cannot be heard."""
        decoder = self._make()
        for number, item in enumerate(items):
            phones = " ".join(symbol.rstrip("012") for symbol in item.symbols)
            decoder.add_word(f"word{number}", phones, number == len(items) - 1)
        decoder.set_align_text(" ".join(f"word{number}" for number in range(len(items))))
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        segments = decoder.seg() or ()
        return [(segment.start_frame, segment.end_frame) for segment in segments if _NAME.match(segment.word)]
