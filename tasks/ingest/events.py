"""The events that readers of any format make of a book's text, in reading order. Must not know formats or chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.records import Block, Skip

# Soft hyphens, zero-width characters, direction marks, byte-order marks, variation selectors: they shape lines and
# letters, not speech. Control characters have no meaning at all.
INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]+"
)
_RULES = "*#~•·⁂※❦☙❧✻✽✦✶✴✱❖♦◆◇◊■□▪●○★☆_="
_SCENE_BREAK = re.compile(rf"(?=.{{1,40}}$)[{re.escape(_RULES)}\s]+|[-–—]{{3,}}|(?:[-–—]\s+){{2,}}[-–—]")


@dataclass(frozen=True)
class TracedBlock(Block):
    """A block that says where each of its characters stands in the document that it came from (`html.places`)."""

    origins: Sequence[int] = field(default=(), compare=False)  # an `array`: a long book has a million characters


@dataclass(frozen=True)
class GuessedSkip(Skip):
    """A skip of a whole paragraph or page that nothing in the file declares: its wording, place or shape suggest it."""


@dataclass(frozen=True)
class Anchor:
    """The place of an element whose id a table of contents may point to."""

    id: str


Event = Block | Skip | Anchor


def is_scene_break(text: str) -> bool:
    """Tells whether a whole block is an ornament between scenes: "* * *", "⁂", "———"."""
    return _SCENE_BREAK.fullmatch(text.strip()) is not None
