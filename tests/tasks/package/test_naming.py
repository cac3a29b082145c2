"""File names that keep to their folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.package.naming import MAX_NAME_BYTES, safe_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Wonderful Wizard of Oz", "The Wonderful Wizard of Oz"),
        ("../../etc/passwd", "etc passwd"),
        ("What?: A/B\\C\n*", "What A B C"),
        ("  ...hidden. ", "hidden"),
        ("Ça alors « Élan »", "Ça alors « Élan »"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("-rf", "rf"),
        ("", "book"),
        ("///", "book"),
    ],
)
def test_names(title, name):
    assert safe_name(title) == name


@given(st.text(max_size=400))
def test_any_title_makes_a_name_that_stays_in_its_folder(title):
    name = safe_name(title)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0\n\r')
    assert name[0] not in ".-"
    assert len(name.encode()) <= MAX_NAME_BYTES + 1
    assert safe_name(name) == name
