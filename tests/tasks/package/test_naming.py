import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.package.naming import MAX_NAME_BYTES, edition_stem, manifest_path, safe_name


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
def test_any_title_makes_a_name_that_stays_in_its_folder(tmp_path_factory, title):
    name = safe_name(title)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0\n\r')
    assert name[0] not in ".-"
    assert len(name.encode()) <= MAX_NAME_BYTES + 1
    assert safe_name(name) == name


def test_own_editions_are_replaced_and_strangers_are_not(tmp_path):
    assert edition_stem(tmp_path, "Oz", "ab" * 32) == "Oz"
    manifest_path(tmp_path, "Oz").write_text(json.dumps({"book": {"source_sha256": "ab" * 32}}))
    assert edition_stem(tmp_path, "Oz", "ab" * 32) == "Oz"
    assert edition_stem(tmp_path, "Oz", "cd" * 32) == "Oz [cdcdcdcd]"


@pytest.mark.parametrize("manifest", [None, "no json", "[]", '{"book": 1}'])
def test_files_of_unknown_origin_are_not_replaced(tmp_path, manifest):
    (tmp_path / "Oz.m4b").write_bytes(b"mine")
    if manifest is not None:
        manifest_path(tmp_path, "Oz").write_text(manifest)
    assert edition_stem(tmp_path, "Oz", "ab" * 32) == "Oz [abababab]"
