"""Covers: their kind and size by their bytes, and what is said of them."""

import pytest

from tasks.package.audio.covers import describe_cover, image_size, image_type
from tests.tasks.package.conftest import PNG

# An application segment, a fill byte, a Huffman table (C4, no frame) and the head of a progressive frame, 300 high.
JPEG = bytes.fromhex("ffd8 ffe0 0004 0000 ff ffc4 0003 00 ffc2 000b 08 012c 00c8 01 01 11 00")


@pytest.mark.parametrize(
    ("image", "kind", "size"),
    [
        (PNG, "image/png", (1, 1)),
        (JPEG, "image/jpeg", (200, 300)),
        (JPEG[:20], "image/jpeg", None),
        (PNG[:20], "image/png", None),
        (b"\xff\xd8\xff" + bytes(40), "image/jpeg", None),
        (b"GIF89a" + bytes(40), "", None),
        (b"", "", None),
    ],
)
def test_kind_and_size_are_told_by_the_bytes(image, kind, size):
    assert (image_type(image), image_size(image)) == (kind, size)


def test_what_is_said_of_a_cover():
    assert describe_cover(None) == "none"
    assert describe_cover(PNG) == "1 x 1, shops want at least 2,400 x 2,400"
    assert describe_cover(JPEG) == (
        "200 x 300, not square: players crop it or show bars beside it, shops want at least 2,400 x 2,400"
    )
    assert describe_cover(PNG[:16] + bytes.fromhex("0000096000000960")) == "2400 x 2400"
    assert "neither JPEG nor PNG" in describe_cover(b"GIF89a")
    assert "cannot be read" in describe_cover(PNG[:20])


@pytest.mark.parametrize("marker", range(0xC0, 0xD0))
def test_the_head_of_every_kind_of_frame_tells_the_size_and_nothing_else_does(marker):
    """Tables (C4, CC) and what is kept for extensions (C8) lie between them."""
    image = bytes([0xFF, 0xD8, 0xFF, marker, 0, 11, 8, 1, 44, 0, 200, 1, 1, 17, 0])
    assert image_size(image) == (None if marker in (0xC4, 0xC8, 0xCC) else (200, 300))


CROPPED = "not square: players crop it or show bars beside it"


def png(width, height):
    return PNG[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (2400, 2400, "2400 x 2400"),
        (2399, 2399, "2399 x 2399, shops want at least 2,400 x 2,400"),
        (
            3000,
            2000,
            "3000 x 2000, not square: players crop it or show bars beside it, shops want at least 2,400 x 2,400",
        ),
        (2400, 2401, "2400 x 2401, not square: players crop it or show bars beside it"),
    ],
)
def test_shops_want_covers_that_are_square_and_large(width, height, said):
    assert describe_cover(png(width, height)) == said
