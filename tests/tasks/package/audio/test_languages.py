"""Languages as MP4 files name them."""

import pytest

from tasks.package.audio.languages import three_letters


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("en-GB", "eng"), ("EN_us", "eng"), ("de", "deu"), ("eng", "eng"), ("xx", ""), ("", "")],
)
def test_a_language_tag_becomes_its_three_letter_code(tag, code):
    assert three_letters(tag) == code
