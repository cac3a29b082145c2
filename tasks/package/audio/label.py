"""What an audio file says of itself: the book's tags, its own title and number, its chapters.

Also the names under which these are found in containers whose tags have free names. It must not know any container.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.package.audio.marks import ChapterMark
from tasks.package.audio.tags import Tags


@dataclass(frozen=True)
class Label:
    """All that is written into one file besides its audio."""

    tags: Tags
    title: str  # of this file: the book's, or the chapter's
    number: int  # of this file among `count`, from 1
    count: int
    is_part: bool  # whether it holds many chapters: a part of the book, and not one chapter
    marks: tuple[ChapterMark, ...]
    sample_rate: int  # of the marks

    @property
    def named_texts(self) -> dict[str, str]:
        """What containers hold under free names (MP4 atoms, ID3 TXXX), as audiobook libraries look for it."""
        tags = self.tags
        texts = {
            "NARRATOR": tags.narrator,
            "NARRATION": tags.narration,
            "SUBTITLE": tags.subtitle,
            "PUBLISHER": tags.publisher,
            "LANGUAGE": tags.language,
            "ISBN": tags.isbn,
            "ASIN": tags.asin,
            "IDENTIFIERS": "; ".join(tags.identifiers),
            "SERIES": tags.series,
            "SERIES-PART": tags.series_part,
        }
        return {name: text for name, text in texts.items() if text}
