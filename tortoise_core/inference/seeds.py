"""Seeds of their own for each random choice of a request. Knows no network."""

from __future__ import annotations

import hashlib


def derived_seed(seed: int, purpose: str, index: int) -> int:
    """A 63-bit seed of its own for each random choice of a request."""
    digest = hashlib.sha256(f"{seed} {purpose} {index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
