"""Books and settings that tests of text share."""

from __future__ import annotations

from configs.settings import SegmentSettings, load_settings
from storage.records import Block, BlockKind, Book, Chapter


def segment_settings(**changes) -> SegmentSettings:
    return load_settings().segment.model_copy(update={"max_chars": 180, "min_chars": 25, **changes})


def token_count(text: str) -> int:
    return len(text) // 2


def make_book(*chapters: list[str | Block], language: str = "en-US") -> Book:
    """A book whose blocks are paragraphs, or headings where the text begins with "# "."""
    return Book(
        title="A Test",
        authors=("Ann Author",),
        language=language,
        source_sha256="0" * 64,
        chapters=tuple(
            Chapter(index, f"Chapter {index + 1}", tuple(_block(block) for block in blocks))
            for index, blocks in enumerate(chapters)
        ),
    )


def _block(block: str | Block) -> Block:
    if isinstance(block, Block):
        return block
    heading = block.startswith("# ")
    return Block(BlockKind.HEADING if heading else BlockKind.PARAGRAPH, block.removeprefix("# "))
