"""Tags of a book: covers, ISBN."""

from dataclasses import replace

import pytest

from tasks.package.audio.tags import image_type, tags_of
from tests.tasks.package.conftest import BOOK, PNG


def test_covers_that_players_cannot_show_are_left_out_and_said(caplog):
    assert tags_of(replace(BOOK, cover=b"GIF89a"), "x").cover is None
    assert "neither JPEG nor PNG" in caplog.text
    assert tags_of(BOOK, "x").cover == PNG


@pytest.mark.parametrize(("image", "found"), [(PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "")])
def test_image_types_are_told_by_the_first_bytes(image, found):
    assert image_type(image) == found


def test_only_what_says_that_it_is_an_isbn_is_one():
    assert tags_of(BOOK, "x").isbn == "9780306406157"
    assert tags_of(replace(BOOK, identifiers=()), "x").isbn == ""
