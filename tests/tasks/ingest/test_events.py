"""Ornaments between scenes, and characters that nobody sees."""

from __future__ import annotations

import pytest

from tasks.ingest.events import INVISIBLE, is_scene_break


@pytest.mark.parametrize("sign", "*#~•·⁂※❦☙❧✻✽✦✶✴✱❖♦◆◇◊■□▪●○★☆_=")
def test_every_ornament_alone_or_in_a_row_is_a_break(sign):
    for text in (sign, f" {sign} {sign}\t{sign} ", sign * 40):
        assert is_scene_break(text), text
    assert not is_scene_break(sign * 41) and not is_scene_break(f"{sign} a")


@pytest.mark.parametrize("sign", "-–—")
def test_a_rule_has_three_dashes_or_two_apart(sign):
    assert [is_scene_break(text) for text in (sign, sign * 2, sign * 3, f"{sign} {sign}", f"{sign} {sign} {sign}")] == [
        False, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "...", "1", "***a"])
def test_other_signs_are_no_break(text):
    assert not is_scene_break(text)


RANGES = [
    (0, 8), (0xE, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180E, 0x180E),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
    (0xE0000, 0xE01EF),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last"), RANGES)
def test_characters_without_a_shape_or_a_sound_are_invisible_and_their_neighbours_are_not(first, last):
    assert INVISIBLE.fullmatch(chr(first)) and INVISIBLE.fullmatch(chr(last) * 3)
    seen = {code for one in RANGES for code in range(one[0], one[1] + 1)}
    assert not any(INVISIBLE.fullmatch(chr(code)) for code in (first - 1, last + 1) if code >= 0 and code not in seen)
