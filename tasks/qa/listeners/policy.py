"""How evidence becomes doubt, and from which doubt on a word counts as misheard: numbers learned from planted faults.

`policy.json` holds them; `make quality PARTS=ears` writes it. Must not know where evidence comes from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.errors import BadInputError

POLICY = Path(__file__).with_name("policy.json")


@dataclass(frozen=True)
class Weighing:
    """A logistic regression: features by name to the probability of a fault."""

    bias: float
    weights: Mapping[str, float]

    def doubt(self, features: Mapping[str, float]) -> float:
        """Computes the probability of a fault, in [0, 1]. Raises `KeyError` for a feature that was not learned."""
        total = self.bias + sum(self.weights[name] * value for name, value in features.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


@dataclass(frozen=True)
class Policy:
    """Of one listener. `weighings` is empty where the listener's doubts are its own."""

    threshold: float
    weighings: Mapping[str, Weighing]


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(POLICY.read_text("utf-8"))
    return content


def policy_of(listener: str) -> Policy:
    """Reads what was learned for a kind of listener. Raises `BadInputError` where nothing was."""
    if listener not in _all():
        raise BadInputError(
            f"nothing has been learned yet of how far {listener!r} is to be believed, so it cannot judge takes: use "
            '"built-in", or run `make quality PARTS=ears`'
        )
    own = _all()[listener]
    weighings = {name: Weighing(w["bias"], w["weights"]) for name, w in own.get("weighings", {}).items()}
    return Policy(own["threshold"], weighings)
