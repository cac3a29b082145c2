"""What lies in a folder already: whose names are taken, what is outdated, what strangers' manifests can do."""

import json

import pytest

from tasks.package.existing import edition_stem, outdated_files
from tasks.package.outputs import OUTPUTS

OWN = "ab" * 32


def write_manifest(folder, *files, book=OWN):
    rows = [{"kind": "flac", "file": name} for name in files]
    (folder / "Oz.manifest.json").write_text(json.dumps({"book": {"source_sha256": book}, "files": rows}))


def stem(folder, source=OWN):
    return edition_stem(folder, "Oz", source, OUTPUTS)


def test_own_editions_are_replaced_and_strangers_are_not(tmp_path):
    assert stem(tmp_path) == "Oz"
    write_manifest(tmp_path)
    assert stem(tmp_path) == "Oz"
    assert stem(tmp_path, "cd" * 32) == "Oz [cdcdcdcd]"


@pytest.mark.parametrize("manifest", [None, "no json", "[]", '{"book": 1}', '{"book": {"source_sha256": [1]}}'])
@pytest.mark.parametrize("name", ["Oz.m4b", "Oz (FLAC)", "Oz.manifest.json"])
def test_files_of_unknown_origin_are_not_replaced(tmp_path, name, manifest):
    (tmp_path / name).write_bytes(b"mine")
    if manifest is not None:
        (tmp_path / "Oz.manifest.json").write_text(manifest)
    assert stem(tmp_path) == "Oz [abababab]"


def test_other_files_with_the_books_title_are_nobodys_concern(tmp_path):
    (tmp_path / "Oz.epub").touch()
    assert stem(tmp_path) == "Oz"


def test_files_of_an_older_edition_that_the_new_one_does_not_have(tmp_path):
    folder = tmp_path / "Oz (FLAC)"
    folder.mkdir()
    for name in ("01 One.flac", "02 Two.flac", "03 Three.flac", "notes.txt"):
        (folder / name).touch()
    listed = [f"Oz (FLAC)/0{number} {title}.flac" for number, title in ((1, "One"), (2, "Two"), (4, "Gone"))]
    write_manifest(tmp_path, *listed)
    assert outdated_files(tmp_path, "Oz", OUTPUTS, {"Oz (FLAC)/01 One.flac"}) == [folder / "02 Two.flac"]
    without_flac = [output for output in OUTPUTS if output.kind != "flac"]
    assert outdated_files(tmp_path, "Oz", without_flac, set()) == []


def test_a_strangers_manifest_leads_to_no_files_outside_the_edition(tmp_path):
    folder = tmp_path / "out"
    (folder / "Oz (FLAC)").mkdir(parents=True)
    (folder / "Oz (FLAC) more").mkdir()
    victims = [tmp_path / "secret.flac", folder / "Other.flac", folder / "Oz (FLAC) more" / "x.flac"]
    for victim in victims:
        victim.touch()
    (folder / "Oz (FLAC)" / "link.flac").symlink_to(victims[0])
    write_manifest(
        folder,
        str(victims[0]),
        "../secret.flac",
        "Oz (FLAC)/../../secret.flac",
        "Oz (FLAC)/link.flac",
        "Other.flac",
        "Oz (FLAC) more/x.flac",
        "Oz (FLAC)/\0.flac",
    )
    assert outdated_files(folder, "Oz", OUTPUTS, set()) == []
    for odd in ({"files": 1}, {"files": [1]}, {"files": [{"kind": [], "file": "x"}]}, [], 7):
        (folder / "Oz.manifest.json").write_text(json.dumps(odd))
        assert outdated_files(folder, "Oz", OUTPUTS, set()) == []
