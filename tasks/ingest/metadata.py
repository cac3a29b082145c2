"""`Metadata`: what a file of any format declares of its book. Must not know how a format declares it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metadata:
    """What a file declares of its book. Texts have their whitespace collapsed; "" is unknown."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    identifier: str = ""
    identifiers: tuple[str, ...] = ()
    publisher: str = ""
    date: str = ""
    description: str = ""
    series: str = ""
    series_position: str = ""
