"""How well the parts of a text fit a recording: any stretch of its phones against anything else in their place.

One pass forwards and one backwards over what a CTC network predicts (Graves et al. 2006, section 4.1) weigh every
stretch. Must not know words, audio or networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

IMPOSSIBLE = -1e9  # nats; stands for minus infinity, of what cannot have been said


class Replaced(NamedTuple):
    """A stretch of the text of which nothing is known but when it begins and ends: in steps `[first, last)`."""

    nats: float  # how much likelier the recording is than with the text
    first: int
    last: int


class Lattice:
    """Weighs a text, and the same with stretches of it replaced by anything.

    Args:
        predicted: log-probabilities of phones, (steps, ids).
        ids: the phones of the text.
        blank: the id of "no new phone".
    """

    def __init__(self, predicted: np.ndarray, ids: Sequence[int], blank: int) -> None:
        steps = len(predicted)
        labels = np.full(2 * len(ids) + 1, blank)
        labels[1::2] = ids
        emitted = predicted[:, labels].astype(np.float64)
        forwards = _summed(emitted, labels)
        backwards = _summed(emitted[::-1, ::-1], labels[::-1])[::-1, ::-1]
        self.whole = float(np.logaddexp.reduce(forwards[-1, -2:]))  # log-likelihood of the recording with the text
        # [t, k]: of the steps before t, in which phones before k are said and the last of them ends.
        self._before = np.full((steps + 1, len(ids) + 1), IMPOSSIBLE)
        self._before[0, 0] = 0.0
        self._before[1:, 1:] = forwards[:, 1::2]
        # [t, k]: of the steps from t on, in which phones from k on are said and the first of them begins.
        self._after = np.full((steps + 1, len(ids) + 1), IMPOSSIBLE)
        self._after[steps, -1] = 0.0
        self._after[:steps, :-1] = backwards[:, 1::2]

    def replaced(self, first: int, last: int) -> Replaced:
        """Weighs the text with anything, or nothing, in place of its phones `[first, last)`.

        Anything is as likely as all that can be said taken together, which is certain: no network has to know it. It is
        weighed where it fits best, the text by all ways to time it, so where the text is said it may be a little less
        likely. With `first` equal to `last` anything stands between two phones.
        """
        best = np.maximum.accumulate(self._before[:, first]) + self._after[:, last]
        end = int(best.argmax())
        begin = int(self._before[: end + 1, first].argmax())
        return Replaced(float(best[end]) - self.whole, begin, end)


def _summed(emitted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the log-likelihoods of all ways to each state in each step. Shape: (steps, states), (states,)."""
    # From one phone to the next without "no new phone" between, unless they are the same.
    skips = (np.arange(2, len(labels)) % 2 == 1) & (labels[2:] != labels[:-2])
    found = np.empty_like(emitted)
    here = np.full(len(labels), IMPOSSIBLE)
    here[:2] = 0.0
    for step, emission in enumerate(emitted):
        if step:
            ways = here.copy()
            ways[1:] = np.logaddexp(ways[1:], here[:-1])
            ways[2:] = np.where(skips, np.logaddexp(ways[2:], here[:-2]), ways[2:])
            here = ways
        here = here + emission
        found[step] = here
    return found
