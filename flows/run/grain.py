"""How much work goes into one task run, so that Prefect's server keeps up and its page can be read.

The server records some ten task runs a second, and a page with more than a thousand is a smear. So a task run holds
more and more pieces of work the more there have been, and the faster they end. Knows nothing of the pieces; results do
not depend on how they are put together.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_SECONDS = 0.25  # from the end of a task run to that of the next, on average
PLENTY_SECONDS = 1.0
FIRST_SECONDS = 10.0  # is assumed: a short burst is nothing
WEIGHT = 0.3  # of the newest interval in the average
MOST_PIECES = 64


class Grain:
    """Counts the task runs of one kind in a flow run. Used by one thread.

    The first `step` of them hold one piece each, the next `step` two, then four, and so on: `n * step` task runs are
    enough for `(2 ** n - 1) * step` pieces.
    """

    def __init__(self, step: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = step
        self._clock = clock
        self._begun = 0
        self._average_s = FIRST_SECONDS
        self._last = clock()
        self._for_speed = 1

    @property
    def pieces(self) -> int:
        """How many pieces the next task run should hold."""
        return min(MOST_PIECES, max(1 << (self._begun // self._step), self._for_speed))

    def begin(self) -> None:
        """Counts a task run."""
        self._begun += 1

    def end(self) -> None:
        """Notes that a task run has ended."""
        now = self._clock()
        self._average_s += WEIGHT * (now - self._last - self._average_s)
        self._last = now
        if self._average_s < LEAST_SECONDS:
            self._for_speed = min(2 * self.pieces, MOST_PIECES)
            self._average_s = LEAST_SECONDS  # until it is seen what that has done
        elif self._average_s > PLENTY_SECONDS:
            self._for_speed = max(1, self._for_speed // 2)
