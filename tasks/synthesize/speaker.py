"""Lends an engine to one thread at a time, halves batches that do not fit into memory, measures the engine's time.

While one batch is in the engine, others are checked, stored and prepared by threads of their own. It must not know what
is spoken or what becomes of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tasks import stopping
from tasks.errors import EngineMemoryError, TalepressError, TransientError
from tortoise_core.errors import OutOfMemoryError, TextError
from tortoise_core.inference.interface import Engine, SpeechRequest, SpeechResult


class Speaker:
    """Lends an engine to one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._most_requests: int | None = None  # that fit into memory, once we know that more do not
        self._lock = threading.Lock()

    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """Returns the results of `speak_timed` alone. Raises as it does."""
        return self.speak_timed(requests)[0]

    def speak_timed(self, requests: Sequence[SpeechRequest]) -> tuple[list[SpeechResult], float]:
        """Speaks in parts that fit into memory; seeds make the parts equal to the whole.

        When memory runs out, the part is halved, and no larger one is tried again by this process.

        Returns:
            A result for each request, and the wall seconds that the engine worked: waiting for other callers is not in
            them.

        Raises:
            EngineMemoryError: not even one utterance fits.
            TransientError: worth another try.
            TalepressError: the engine cannot speak a text.
            Stopped: the user has asked for the end before the engine was free.
        """
        results: list[SpeechResult] = []
        with self._lock:
            began = time.perf_counter()
            while len(results) < len(requests):
                stopping.check()
                part = requests[len(results) :][: self._most_requests]
                spoken = self._try(part)
                if spoken is None:  # here and not in a handler, so that the failed call's tensors are freed by now
                    self._most_requests = (len(part) + 1) // 2
                else:
                    results += spoken
            return results, time.perf_counter() - began

    def _try(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult] | None:
        """Calls the engine once. Returns None when memory ran out and fewer requests may fit."""
        try:
            return self.engine.speak(requests)
        except OutOfMemoryError as error:
            if len(requests) > 1:
                return None
            raise EngineMemoryError(
                f"out of memory with a single utterance of {len(requests[0].text)} characters: "
                "close other programs, or choose a faster preset"
            ) from error
        except TextError as error:
            raise TalepressError(f"the model cannot speak a text: {error}") from error
        except OSError as error:
            raise TransientError(f"speaking failed: {error}") from error
