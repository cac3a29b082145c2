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
