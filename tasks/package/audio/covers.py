"""Knows pictures of covers by their bytes: kind and size. Must not know tags or files."""

from __future__ import annotations

JPEG = "image/jpeg"
PNG = "image/png"
SHOP_POINTS = 2400  # of either side, that ACX and Apple Books ask for
_FIRST_BYTES = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {
    0xC4,
    0xC8,
    0xCC,
}  # that start a JPEG frame (ITU-T T.81, table B.1)


def image_type(image: bytes) -> str:
    """Tells the media type of a JPEG or PNG image by its first bytes, as declared types are often wrong. "": others."""
    return next((media_type for first, media_type in _FIRST_BYTES.items() if image.startswith(first)), "")


def image_size(image: bytes) -> tuple[int, int] | None:
    """Reads width and height, in points, of a JPEG or PNG image. None for others, and for a damaged one."""
    kind = image_type(image)
    if kind == PNG and len(image) >= 24:
        return int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    return _jpeg_size(image) if kind == JPEG else None


def describe_cover(cover: bytes | None) -> str:
    """Says in words for people whether an audiobook gets a cover, and whether it suits players and shops."""
    if cover is None:
        return "none"
    if not image_type(cover):
        return "left out: it is neither JPEG nor PNG"
    size = image_size(cover)
    if size is None:
        return "its size cannot be read; players may not show it"
    width, height = size
    notes = [
        f"{width} x {height}",
        *(["not square: players crop it or show bars beside it"] if width != height else []),
        *([f"shops want at least {SHOP_POINTS:,} x {SHOP_POINTS:,}"] if min(size) < SHOP_POINTS else []),
    ]
    return ", ".join(notes)


def _jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Walks over a JPEG image's segments to the head of its frame (ITU-T T.81, B.2.2)."""
    position = 2
    while position + 9 <= len(image) and image[position] == 0xFF:
        marker = image[position + 1]
        if marker in _FRAMES:
            height = int.from_bytes(image[position + 5 : position + 7], "big")
            return int.from_bytes(image[position + 7 : position + 9], "big"), height
        fill = marker == 0xFF  # any number of these may stand before a marker
        position += 1 if fill else 2 + int.from_bytes(image[position + 2 : position + 4], "big")
    return None
