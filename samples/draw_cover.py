"""Draws the sample book's cover: a clock face for a moon above a lamp-lit street. Needs nothing but Python.

Run `python samples/draw_cover.py` after a change; the picture is committed, so that building the book does not depend
on the compressor of the machine. Must not know the book.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

SIDE = 800  # an audiobook's cover is square
SCALE = 3  # points of the picture for one of ours, each way: shops ask for 2,400
COVER = Path(__file__).parent / "lamplighter" / "cover.png"

_SKY = [(14 + i, 18 + i, 44 + 2 * i) for i in range(24)]  # darkest at the top
_PALETTE = [*_SKY, (250, 240, 200), (40, 34, 30), (24, 22, 30), (255, 196, 84), (120, 84, 40)]
_FACE, _HAND, _HOUSE, _FLAME, _GLOW = range(len(_SKY), len(_PALETTE))

_CENTRE = (400, 280)
_RADIUS = 170
_LAMPS = (150, 400, 650)


def _distance_to_line(x: float, y: float, end: tuple[float, float]) -> float:
    """Distance of a point to the segment from the clock's centre to `end`, in pixels."""
    dx = end[0] - _CENTRE[0]
    dy = end[1] - _CENTRE[1]
    along = ((x - _CENTRE[0]) * dx + (y - _CENTRE[1]) * dy) / (dx * dx + dy * dy)
    along = min(1.0, max(0.0, along))
    return math.hypot(x - _CENTRE[0] - along * dx, y - _CENTRE[1] - along * dy)


def _hand(turns: float, length: float) -> tuple[float, float]:
    angle = 2 * math.pi * turns
    return _CENTRE[0] + length * math.sin(angle), _CENTRE[1] - length * math.cos(angle)


_HANDS = (_hand(6.75 / 12, 90), _hand(45 / 60, 140))  # a quarter to seven
_HOURS = [_hand(hour / 12, 150) for hour in range(12)]


def _colour(x: int, y: int) -> int:
    """The palette index of a pixel."""
    radius = math.hypot(x - _CENTRE[0], y - _CENTRE[1])
    if radius <= _RADIUS:
        on_mark = any(math.hypot(x - hx, y - hy) < 7 for hx, hy in _HOURS)
        on_hand = any(_distance_to_line(x, y, end) < 5 for end in _HANDS)
        return _HAND if on_mark or on_hand or radius > _RADIUS - 5 else _FACE
    for lamp in _LAMPS:
        if math.hypot(x - lamp, y - 610) < 13:
            return _FLAME
        if (abs(x - lamp) < 4 and y > 610) or (math.hypot(x - lamp, y - 610) < 34 and (x + y) % 3 == 0):
            return _GLOW
    roof = 640 + 30 * ((x // 100) % 3) + abs((x % 100) - 50) // 2
    return _HOUSE if y > roof else min(len(_SKY) - 1, y * len(_SKY) // 640)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def draw() -> bytes:
    """The cover as a PNG file of palette colours (PNG specification, sections 11.2 and 12)."""
    rows = (bytes(_colour(x // SCALE, y) for x in range(SIDE * SCALE)) for y in range(SIDE))
    picture = b"".join((b"\0" + row) * SCALE for row in rows)
    header = struct.pack(">IIBBBBB", SIDE * SCALE, SIDE * SCALE, 8, 3, 0, 0, 0)
    palette = bytes(value for colour in _PALETTE for value in colour)
    body = _chunk(b"IHDR", header) + _chunk(b"PLTE", palette) + _chunk(b"IDAT", zlib.compress(picture, 9))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


if __name__ == "__main__":
    COVER.write_bytes(draw())
    print(f"{COVER} drawn")
