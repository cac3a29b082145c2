"""Languages as MP4 files name them."""

import pytest
from nltk.langnames import iso639short

from tasks.package.audio.languages import three_letters


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("en-GB", "eng"), ("EN_us", "eng"), ("de", "deu"), ("eng", "eng"), ("xx", ""), ("", "")],
)
def test_a_language_tag_becomes_its_three_letter_code(tag, code):
    assert three_letters(tag) == code


def test_all_languages_of_two_letters_have_the_code_that_others_have_for_them():
    assert len(iso639short) == 184
    assert {two: three_letters(two) for two in iso639short.values()} == {two: code for code, two in iso639short.items()}
    assert [code for code in iso639short if three_letters(code) != code] == []
