"""A second opinion by pocketsphinx (the extra `listen-light`): small, offline, with an acoustic model of its own.

It is given the text as a path along which words may be left out, repeated or replaced by any phones. Must not know how
doubts are weighed.
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.align.words import at_rate
from tasks.errors import BadInputError
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Opinion, Opinions
from tortoise_core.text.lexicon import PHONES as LEXICON_PHONES
from tortoise_core.text.notation import respell

if TYPE_CHECKING:
    from tortoise_core.inference.evidence import Evidence

NAME = "light"
RATE_HZ = 16_000
PHONES = tuple(sorted({phone.rstrip("012") for phone in LEXICON_PHONES}))

# Probabilities of the ways through the text, besides the word itself.
LEFT_OUT = 1e-5
REPEATED = 1e-5
OTHER_PHONE = 1e-3
LONG = 4  # phones: so many in a gap are an added word for certain


class LightOpinion:
    """Implements `SecondOpinion`. Raises `BadInputError` where pocketsphinx is not installed."""

    def __init__(self) -> None:
        try:
            import pocketsphinx  # noqa: F401
        except ImportError as error:
            raise BadInputError(
                'listening by "light" needs the package pocketsphinx: install it with '
                '`pip install talepress[listen-light]`, or set qa.listen = "built-in"'
            ) from error
        self.digest = f"{NAME} {version('pocketsphinx')}"

    @cached_property
    def _decoder(self) -> Any:
        import pocketsphinx

        decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", bestpath=False)  # else minutes for a long text
        for phone in PHONES:
            decoder.add_word(f"+{phone}", phone, phone == PHONES[-1])
        return decoder

    def hear(self, sound: Sound, evidence: Evidence) -> Opinions:
        """See `SecondOpinion`."""
        phones = [tuple(phone.rstrip("012") for phone in word.phones) for word in evidence.words]
        said: list[list[str]] = [[] for _ in phones]  # the words heard, by the number of the word
        gaps: list[list[str]] = [[] for _ in range(len(phones) + 1)]
        at = 0
        for word in self._decode(sound, phones):
            if word.startswith("+"):
                gaps[at].append(word[1:])
            else:
                at = int(word.partition("=")[0])
                said[at].append(word)
                at += 1
        words = [self._word(own, gaps[n], gaps[n + 1]) for n, own in enumerate(said)]
        return Opinions(tuple(words), tuple(Opinion(min(1.0, len(g) / LONG), respell(tuple(g))) for g in gaps))

    @staticmethod
    def _word(said: list[str], before: list[str], after: list[str]) -> Opinion:
        if not said:
            return Opinion(1.0, respell(tuple(before or after)))
        return Opinion(0.5 if len(said) > 1 else 0.0)

    def _decode(self, sound: Sound, phones: list[tuple[str, ...]]) -> list[str]:
        """Finds the likeliest way through the text; nothing where there is none. Words are "NUMBER=PHONES"."""
        decoder = self._decoder
        names = [f"{n}={'-'.join(own)}" for n, own in enumerate(phones)]
        for n, (name, own) in enumerate(zip(names, phones, strict=True)):
            if decoder.lookup_word(name) is None:
                decoder.add_word(name, " ".join(own), n == len(names) - 1)
        arcs: list[tuple[Any, ...]] = []
        for n, name in enumerate(names):
            arcs += [(n, n + 1, 1.0, name), (n, n + 1, LEFT_OUT), (n + 1, n + 1, REPEATED, name)]
        arcs += [(n, n, OTHER_PHONE, f"+{phone}") for n in range(len(names) + 1) for phone in PHONES]
        decoder.add_fsg("text", decoder.create_fsg("text", 0, len(names), arcs))
        decoder.activate_search("text")
        audio = np.clip(at_rate(sound.audio, sound.sample_rate, RATE_HZ), -1, 1)
        decoder.start_utt()
        decoder.process_raw((audio * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        return [segment.word for segment in decoder.seg() if segment.word.startswith("+") or "=" in segment.word]
