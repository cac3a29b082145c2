"""Derives from a request's seed one seed for each of its random choices. Knows no network."""

from __future__ import annotations

import hashlib


def derived_seed(seed: int, purpose: str, index: int) -> int:
    """A 63-bit seed for one random choice of a request: the `index`-th for that purpose."""
    digest = hashlib.sha256(f"{seed} {purpose} {index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
