"""The reasons of the checks in words for listeners, and by name. Must not know how a check measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.errors import BadInputError


@dataclass(frozen=True)
class Doubt:
    """A kind of reason. `sign` is what stands in every reason of this kind and in no other.

    `words` is empty where the reason itself is in plain words.
    """

    name: str
    sign: str
    words: str


DOUBTS = (
    Doubt("silence", "silence: ", "nothing is heard"),
    Doubt("clipping", "clipping: ", "is distorted"),
    Doubt("offset", "constant offset", "may click at its edges"),
    Doubt("long", "too long: ", "is too long: may have added or repeated words"),
    Doubt("short", "too short: ", "is too short: may have dropped words"),
    Doubt("gap", "silence of ", "has a gap inside"),
    Doubt("cut-off", "cut off: ", "may be cut off at its end"),
    Doubt("misspelled", "misspelled: ", "may have dropped or mispronounced a word"),
    Doubt("endless", "length cap: ", "did not come to an end by itself: may go on with sounds that are no words"),
    Doubt("direction", "its direction may still be heard", "may begin with the direction of its voice"),
    Doubt("misheard", "may have ", ""),
    Doubt("damaged", "are no numbers", "is damaged"),
)


def doubt_of(reason: str) -> Doubt:
    """Finds the kind of a check's reason. One of another version is a kind of its own, in its own words."""
    return next((doubt for doubt in DOUBTS if doubt.sign in reason), Doubt(reason, reason, reason))


def require_doubt(name: str) -> Doubt:
    """Looks up a kind by its name. Raises `BadInputError` that lists them."""
    for doubt in DOUBTS:
        if doubt.name == name:
            return doubt
    raise BadInputError(f"--reason {name!r} is none: use one of {', '.join(doubt.name for doubt in DOUBTS)}")


def in_words(reasons: Iterable[str]) -> tuple[str, ...]:
    """Says the reasons of a take in words for listeners, each once."""
    return tuple(dict.fromkeys(doubt_of(reason).words or reason for reason in reasons))
